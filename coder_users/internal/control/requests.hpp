// Internal: may change at any time.
// Handlers of the control API for what the server has seen: requests, and codes for new passwords.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/control/call.hpp"
#include "coder_users/internal/control/faults.hpp"
#include "coder_users/internal/wire/answers.hpp"

namespace coder_users { inline namespace v0 { namespace control {

inline void write_request(JsonWriter& json, const testing::SeenRequest& seen) {
    const std::string& target = seen.request.target;
    const std::size_t mark = (std::min)(target.find('?'), target.size());
    json.begin_object()
        .member("id", seen.id)
        .member("time", seen.time)
        .member("method", seen.request.method)
        .member("path", target.substr(0, mark))
        .member("route", seen.route)
        .member("query", target.substr((std::min)(mark + 1, target.size())));
    write_headers(json.key("headers"), seen.request.headers);
    json.member("body", seen.request.body)
        .member("status", seen.status)
        .member("user_id", seen.user_id)
        .member("username", seen.username)
        .member("latency_us", std::int64_t{seen.latency.count()})
        .member("response_body", seen.response_body)
        .end_object();
}

inline http::Reply requests(const std::vector<testing::SeenRequest>& found) {
    JsonWriter json;
    json.begin_object().key("requests").begin_array();
    for (const testing::SeenRequest& each : found) write_request(json, each);
    json.end_array().member("count", static_cast<std::int64_t>(found.size())).end_object();
    return {200, wire::document(json)};
}

/// A query parameter that is a number of up to nine digits; 0 when it is absent.
inline int number_asked(const Call& call, const char* name) {
    const std::string text = call.query(name);
    if (text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos)
        throw bad_value(std::string(name) + ": must be a number of up to nine digits");
    return text.empty() ? 0 : std::stoi(text);
}

inline http::Reply list_requests(Call& call) {
    testing::RequestFilter which;
    which.method = call.query("method");
    which.path = call.query("path");
    which.user = call.query("user");
    which.status = number_asked(call, "status");
    which.limit = static_cast<std::size_t>(number_asked(call, "limit"));
    return requests(call.server.requests().list(which));
}

inline http::Reply wait_for_requests(Call& call) {
    constexpr int most_waits = 48;  // of the 64 that may run, so that others find a place
    struct Waiting {
        explicit Waiting(std::atomic<int>& count) : all(count), number(++all) {}
        ~Waiting() { --all; }
        std::atomic<int>& all;
        const int number;
    } const waiting(call.state.waits);
    if (waiting.number > most_waits) throw ApiError(503, "Too many wait already.");
    testing::RequestFilter which;
    which.method = call.body.text("method");
    which.path = call.body.text("path");
    which.user = call.body.text("user");
    which.status = small_number(call.body, "status", 0);
    const int count = small_number(call.body, "count", 1);
    const int timeout = small_number(call.body, "timeout_ms", 5'000);
    if (count < 1 || count > 1'000) throw bad_value("count: must be 1 to 1000");
    if (timeout > 60'000) throw bad_value("timeout_ms: must be at most 60000");
    try {
        return requests(call.server.requests().wait(which, static_cast<std::size_t>(count),
                                                    std::chrono::milliseconds(timeout)));
    } catch (const testing::NotSeen& error) {
        throw ApiError(408, "The requests have not come.", error.what());
    }
}

inline http::Reply forget_requests(Call& call) {
    call.server.requests().forget();
    return done();
}

inline http::Reply list_passcodes(Call& call) {
    JsonWriter json;
    json.begin_object().key("passcodes").begin_array();
    for (const Passcode& each : call.server.passcodes().list(call.query("email")))
        json.begin_object()
            .member("email", each.email)
            .member("username", each.username)
            .member("code", each.code)
            .member("expires_at", each.expires_at)
            .end_object();
    json.end_array().end_object();
    return {200, wire::document(json)};
}

inline http::Reply forget_passcodes(Call& call) {
    call.server.passcodes().forget();
    return done();
}

}}}  // namespace coder_users::v0::control
