// Internal: may change at any time.
// The metrics of a service, collected from its parts (docs/metrics.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/metrics.hpp"
#include "coder_users/internal/http/request_metrics.hpp"
#include "coder_users/internal/login/external_account.hpp"
#include "coder_users/internal/login/password.hpp"
#include "coder_users/internal/net/lanes.hpp"
#include "coder_users/internal/service/scheduled_backups.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/store.hpp"
#include "coder_users/internal/store/user_list.hpp"
#include "coder_users/internal/wire/metrics_text.hpp"

namespace coder_users { inline namespace v0 { namespace service {

inline constexpr std::int64_t micros_of_second = 1'000'000;

/// The parts of a service that metrics are read from. They must outlive this object.
struct MetricSources {
    store::Store& store;
    const http::RequestMetrics& requests;
    std::vector<std::pair<const char*, const net::LanePool*>> lanes;
    const ScheduledBackups* backups;  ///< nullptr: none are made
    std::size_t connections;
    std::string coder_version;
    Time now;
};

inline void write_requests(wire::MetricsText& out, const http::RequestMetrics& requests) {
    using http::counted_statuses;
    out.family("coderd_api_requests_processed_total", "counter",
               "The total number of processed API requests");
    requests.for_each([&](const std::string& path, const char* method,
                          const http::RequestCounts& counts, const http::Route*) {
        for (std::size_t i = 0; i < counted_statuses.size(); ++i)
            if (const auto count = counts.by_status[i].value())
                out.sample(count, {{"code", std::to_string(counted_statuses[i])},
                                   {"method", method},
                                   {"path", path}});
    });
    out.family("coderd_api_request_latencies_seconds", "histogram",
               "Latency distribution of requests in seconds.");
    requests.for_each([&](const std::string& path, const char* method,
                          const http::RequestCounts& counts, const http::Route*) {
        out.histogram(counts.latencies.read(), micros_of_second,
                      {{"method", method}, {"path", path}});
    });
    out.family("coderd_api_concurrent_requests", "gauge", "The number of concurrent API requests.");
    out.sample(requests.running());
}

/// What follows from the statuses of answers.
inline void write_refusals(wire::MetricsText& out, const http::RequestMetrics& requests) {
    std::uint64_t logins = 0, limited = 0;
    requests.for_each([&](const std::string&, const char*, const http::RequestCounts& counts,
                          const http::Route* first) {
        const auto* const operation = first ? &first->operation : nullptr;
        const bool login = operation == &login::about::log_in ||
                           operation == &login::about::log_in_github ||
                           operation == &login::about::log_in_oidc;
        for (std::size_t i = 0; i < http::counted_statuses.size(); ++i) {
            const int status = http::counted_statuses[i];
            if (status == 429) limited += counts.by_status[i].value();
            if (login && (status == 401 || status == 403)) logins += counts.by_status[i].value();
        }
    });
    out.family("coder_users_refused_logins_total", "counter",
               "Logins over HTTP that were answered 401 or 403.");
    out.sample(logins);
    out.family("coder_users_rate_limited_total", "counter", "Requests that were answered 429.");
    out.sample(limited);
}

inline void write_lanes(wire::MetricsText& out, const MetricSources& from) {
    out.family("coder_users_lane_running", "gauge", "Work that has its turn, by lane.");
    for (const auto& [name, lane] : from.lanes) out.sample(lane->running(), {{"lane", name}});
    out.family("coder_users_lane_waiting", "gauge", "Work that waits for its turn, by lane.");
    for (const auto& [name, lane] : from.lanes) out.sample(lane->waiting(), {{"lane", name}});
    out.family("coder_users_lane_wait_seconds", "histogram",
               "How long work has waited for its turn, by lane.");
    for (const auto& [name, lane] : from.lanes)
        out.histogram(lane->waits(), micros_of_second, {{"lane", name}});
}

inline void write_store(wire::MetricsText& out, const store::Store& store) {
    out.family("coder_users_commit_seconds", "histogram",
               "How long commits took, with their sync of the disk.");
    out.histogram(store.commit_times().read(), micros_of_second);
    out.family("coder_users_commit_changes", "histogram", "How many changes shared a commit.");
    out.histogram(store.group_sizes().read(), 1);
    out.family("coder_users_log_bytes", "gauge", "The size of the write-ahead log.");
    out.sample(store.log_size());
    out.family("coder_users_session_cache_hits_total", "counter",
               "Keys that were found in memory.");
    out.sample(store.cache_hits());
    out.family("coder_users_session_cache_misses_total", "counter",
               "Keys that were looked up in the database.");
    out.sample(store.cache_misses());
}

inline void write_rows(wire::MetricsText& out, store::Connection& c, Time now) {
    out.family("coderd_api_total_user_count", "gauge",
               "The total number of registered users, partitioned by status.");
    for (const UserStatus status : {UserStatus::active, UserStatus::dormant, UserStatus::suspended})
        out.sample(store::users::count_status(c, status),
                   {{"status", std::string(to_string(status))}});
    out.family("coder_users_sessions", "gauge", "Sessions that have not expired.");
    out.sample(store::api_keys::count_alive(c, false, now));
    out.family("coder_users_tokens", "gauge", "Tokens that have not expired.");
    out.sample(store::api_keys::count_alive(c, true, now));
}

inline void write_backups(wire::MetricsText& out, const ScheduledBackups& backups, Time now) {
    const ScheduledBackups::Counts counts = backups.counts();
    out.family("coder_users_backups_total", "counter", "Scheduled backups by their result.");
    out.sample(counts.made, {{"result", "made"}});
    out.sample(counts.failed, {{"result", "failed"}});
    if (!counts.newest) return;
    out.family("coder_users_backup_age_seconds", "gauge",
               "The age of the newest scheduled backup.");
    out.sample((micros(now) - micros(*counts.newest)) / micros_of_second);
}

/// Throws what the store throws.
inline std::string metrics_text(const MetricSources& from) {
    wire::MetricsText out;
    write_requests(out, from.requests);
    from.store.read([&](store::Connection& c) { write_rows(out, c, from.now); });
    write_refusals(out, from.requests);
    write_lanes(out, from);
    write_store(out, from.store);
    if (from.backups) write_backups(out, *from.backups, from.now);
    out.family("coder_users_connections", "gauge", "Open connections.");
    out.sample(from.connections);
    out.family("coder_users_build_info", "gauge", "Always 1; the labels say what is running.");
    out.sample(1, {{"version", version}, {"coder_version", from.coder_version}});
    return out.take();
}

}}}  // namespace coder_users::v0::service
