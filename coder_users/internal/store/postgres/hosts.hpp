// Internal: may change at any time.
// The hosts of an address, in the order in which new connections try them.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/store/postgres/libpq.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// libpq tries hosts in their order, each until the connection ends: one that accepts connections
/// and says nothing would hide those after it. Any thread may call any function.
class Hosts {
 public:
    using Options = std::map<std::string, std::string>;

    /// What the options leave out is what libpq takes from the environment. Of lists that do not
    /// fit together the order stays, and libpq says what is wrong with them.
    explicit Hosts(Options options) {
        if (options.count("service") != 0) return;  // it may have lists that libpq does not show
        const ConnectionOptions defaults(PQconndefaults());
        for (const auto* each = defaults.get(); each && each->keyword; ++each)
            if (each->val && *each->val) options.emplace(each->keyword, each->val);
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto found = options.find(names[i]);
            if (found == options.end()) continue;
            for (const std::string_view each : split(found->second, ','))
                lists_[i].emplace_back(each);
        }
        count_ = lists_[lists_[addresses].empty() ? hosts : addresses].size();
        for (const auto& list : lists_)
            if (list.size() > 1 && list.size() != count_) count_ = 1;
    }

    /// With an order of its own from now on.
    Hosts(const Hosts& other)
        : lists_(other.lists_), count_(other.count_), first_(other.first_.load()) {}

    bool are_several() const { return count_ > 1; }

    /// Puts them into `options`, beginning with the one that comes first now.
    void put_into(Options& options) const {
        if (!are_several()) return;
        const auto first = static_cast<std::ptrdiff_t>(first_.load());
        for (std::size_t i = 0; i < names.size(); ++i) {
            std::vector<std::string> list = lists_[i];
            if (list.size() < 2) continue;  // one port for all
            std::rotate(list.begin(), list.begin() + first, list.end());
            options[names[i]] = join(list, ",");
        }
    }

    /// From now on those after this host come first. A host is named as libpq does: by its name, or
    /// by its address where it has none.
    void pass_over(std::string_view host, std::string_view port) const noexcept {
        int best = 0;
        std::size_t found = 0;
        for (std::size_t i = 0; i < count_; ++i) {
            const int own = likeness(i, host, port);
            if (own <= best) continue;
            best = own;
            found = i;
        }
        if (best > 0) first_ = (found + 1) % count_;
    }

 private:
    enum Which : std::size_t { hosts, addresses, ports };
    static constexpr std::array<const char*, 3> names{"host", "hostaddr", "port"};

    // 0: it is another one. What the lists leave out may be anything, so what they say counts more.
    int likeness(std::size_t i, std::string_view host, std::string_view port) const noexcept {
        const std::string& own_host = at(at(hosts, i).empty() ? addresses : hosts, i);
        const std::string& own_port = at(ports, i);
        const bool same_host = own_host == host, same_port = own_port == port;
        if ((!same_host && !own_host.empty()) || (!same_port && !own_port.empty())) return 0;
        return 1 + (same_host ? 1 : 0) + (same_port ? 1 : 0);
    }

    // "": the list does not say.
    const std::string& at(Which which, std::size_t host) const noexcept {
        static const std::string none;
        const auto& list = lists_[which];
        return list.empty() ? none : list.size() == 1 ? list.front() : list[host];
    }

    std::array<std::vector<std::string>, 3> lists_;
    std::size_t count_ = 0;
    // Not a part of the value: an address stays the same whichever host answers.
    mutable std::atomic<std::size_t> first_{0};
};

}}}}  // namespace coder_users::v0::store::postgres
