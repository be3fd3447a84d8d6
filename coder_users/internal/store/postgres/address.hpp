// Internal: may change at any time.
// The address of a database: read by libpq, shown without secrets.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "coder_users/internal/store/database_address.hpp"
#include "coder_users/internal/store/postgres/hosts.hpp"
#include "coder_users/internal/store/postgres/libpq.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// What an address says, and what libpq takes from the environment where it says nothing.
class Address {
 public:
    /// Throws std::runtime_error, whose text does not quote the address.
    explicit Address(const std::string& text) {
        char* message = nullptr;
        const bool clear = text.find('\0') == std::string::npos && is_clear_address(text);
        const ConnectionOptions parsed(clear ? PQconninfoParse(text.c_str(), &message) : nullptr);
        PQfreemem(message);  // it quotes the address, and with it the password
        if (!parsed)
            throw std::runtime_error(
                "the database is an address of PostgreSQL that cannot be read: it is written "
                "postgres://user:password@host:port/database?option=value, and what is special in "
                "a part is percent-encoded");
        for (const PQconninfoOption* each = parsed.get(); each->keyword; ++each)
            if (each->val && *each->val) options_[each->keyword] = each->val;
        const auto password = options_.find("password");
        if (password != options_.end()) secret_ = password->second;
        name_ = shown_database(text);
        refuse_standbys();
        hosts_.emplace(options_);
    }

    /// The address without password and without options that are secrets.
    const std::string& name() const { return name_; }

    /// The options to connect with now, by their names.
    std::map<std::string, std::string> options() const {
        std::map<std::string, std::string> options = options_;
        hosts_->put_into(options);
        return options;
    }

    /// Those of the options, in the order of new connections.
    const Hosts& hosts() const { return *hosts_; }

    /// A text of libpq with the password left out.
    std::string masked(std::string text) const {
        if (secret_.empty()) return text;
        for (std::size_t at = 0; (at = text.find(secret_, at)) != std::string::npos; at += 3)
            text.replace(at, secret_.size(), "***");
        return text;
    }

 private:
    // A standby answers with what was true a while ago: a key that was revoked would still count.
    void refuse_standbys() {
        std::string& wanted = options_["target_session_attrs"];
        if (wanted != "primary") wanted = "read-write";
    }

    std::map<std::string, std::string> options_;
    std::optional<Hosts> hosts_;  ///< those of the options
    std::string name_, secret_;
};

}}}}  // namespace coder_users::v0::store::postgres
