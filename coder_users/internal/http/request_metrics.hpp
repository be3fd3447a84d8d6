// Internal: may change at any time.
// Counts requests by method, path and status, and how long they took.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/metrics.hpp"
#include "coder_users/internal/http/route.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// The statuses that are counted one by one, the frequent ones first. All others count as the last.
inline constexpr std::array<int, 25> counted_statuses{200, 401, 201, 204, 404, 403, 304, 307, 400,
                                                      429, 503, 409, 202, 302, 303, 405, 408, 412,
                                                      413, 414, 415, 428, 431, 501, 500};

/// The requests with one method to one path.
struct RequestCounts {
    std::array<Counter, counted_statuses.size()> by_status;
    Latencies latencies;

    void add(int status, std::int64_t microseconds) noexcept {
        std::size_t at = 0;
        while (at + 1 < counted_statuses.size() && counted_statuses[at] != status) ++at;
        by_status[at].add();
        latencies.add(microseconds);
    }
};

/// The requests to one site. Any thread may call any function.
class RequestMetrics {
 public:
    /// Stands in the metrics for every path that is in no table.
    static constexpr const char* unknown_path = "UNKNOWN";

    /// A request that has begun and has no answer yet.
    struct End {
        void operator()(std::atomic<std::int64_t>* running) const noexcept {
            running->fetch_sub(1, std::memory_order_relaxed);
        }
    };
    using Running = std::unique_ptr<std::atomic<std::int64_t>, End>;

    /// The tables must outlive this object and stay as they are.
    RequestMetrics(const std::vector<Route>& routes, const std::vector<Route>& page_routes)
        : tables_{&routes, &page_routes},
          slots_((routes.size() + page_routes.size() + 1) * methods.size()) {}
    ~RequestMetrics() {
        for (auto& slot : slots_) delete slot.load();
    }
    RequestMetrics(const RequestMetrics&) = delete;
    RequestMetrics& operator=(const RequestMetrics&) = delete;

    Running begin() noexcept {
        running_.fetch_add(1, std::memory_order_relaxed);
        return Running(&running_);
    }
    std::int64_t running() const noexcept { return running_.load(std::memory_order_relaxed); }

    /// `first` is the first route of the path, nullptr when the path is unknown.
    void add(const Route* first, std::string_view method, int status,
             std::chrono::steady_clock::duration took) noexcept {
        RequestCounts* const counts =
            counts_of(slots_[row_of(first) * methods.size() + column_of(method)]);
        if (!counts) return;  // there is no memory for it
        counts->add(status, std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    }

    /// Calls `use(path, method, counts, first)` for everything that was counted; `first` as in
    /// add().
    template <class Use>
    void for_each(const Use& use) const {
        for (std::size_t i = 0; i < slots_.size(); ++i) {
            const RequestCounts* const counts = slots_[i].load(std::memory_order_acquire);
            if (!counts) continue;
            const Route* const first = route_at(i / methods.size());
            use(first ? path_of(*first) : unknown_path, methods[i % methods.size()], *counts,
                first);
        }
    }

 private:
    static constexpr std::array<const char*, 8> methods{"GET",   "POST", "PUT",     "DELETE",
                                                        "PATCH", "HEAD", "OPTIONS", "OTHER"};

    using Slot = std::atomic<RequestCounts*>;

    static std::size_t column_of(std::string_view method) noexcept {
        std::size_t at = 0;
        while (at + 1 < methods.size() && method != methods[at]) ++at;
        return at;
    }

    static std::string path_of(const Route& route) {
        return (route.outside_api ? "" : "/api/v2") + std::string(route.path);
    }

    /// Rows are those of the two tables, and a last one for unknown paths.
    std::size_t row_of(const Route* first) const noexcept {
        std::size_t before = 0;
        for (const std::vector<Route>* const table : tables_) {
            const Route* const begin = table->data();
            if (first && !std::less<>()(first, begin) &&
                std::less<>()(first, begin + table->size()))
                return before + static_cast<std::size_t>(first - begin);
            before += table->size();
        }
        return before;
    }
    const Route* route_at(std::size_t row) const {
        for (const std::vector<Route>* const table : tables_) {
            if (row < table->size()) return &(*table)[row];
            row -= table->size();
        }
        return nullptr;
    }

    static RequestCounts* counts_of(Slot& slot) noexcept {
        RequestCounts* known = slot.load(std::memory_order_acquire);
        if (known) return known;
        std::unique_ptr<RequestCounts> made(new (std::nothrow) RequestCounts);
        if (!made || !slot.compare_exchange_strong(known, made.get())) return known;
        return made.release();
    }

    const std::array<const std::vector<Route>*, 2> tables_;
    std::atomic<std::int64_t> running_{0};
    std::vector<Slot> slots_;
};

}}}  // namespace coder_users::v0::http
