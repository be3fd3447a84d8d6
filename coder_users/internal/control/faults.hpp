// Internal: may change at any time.
// Handlers of the control API for faults.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/control/call.hpp"
#include "coder_users/internal/wire/answers.hpp"

namespace coder_users { inline namespace v0 { namespace control {

inline std::string to_string(testing::CommitFault fault) {
    return fault == testing::CommitFault::none   ? ""
           : fault == testing::CommitFault::fail ? "fail"
                                                 : "disk_full";
}

inline testing::CommitFault commit_fault(const std::string& text) {
    using testing::CommitFault;
    for (const CommitFault each : {CommitFault::none, CommitFault::fail, CommitFault::disk_full})
        if (to_string(each) == text) return each;
    throw bad_value("commit: must be fail or disk_full");
}

/// Names, each with its value. Repeated names become one.
inline void write_headers(JsonWriter& json,
                          const std::vector<std::pair<std::string, std::string>>& headers) {
    json.begin_object();
    for (auto at = headers.begin(); at != headers.end(); ++at) {
        const auto same = [&](const auto& other) { return same_folded(other.first, at->first); };
        if (std::any_of(headers.begin(), at, same)) continue;
        std::string value = at->second;
        for (auto more = at + 1; more != headers.end(); ++more)
            if (same(*more)) value += ", " + more->second;
        json.key(std::string_view(at->first)).value(value);
    }
    json.end_object();
}

inline void write_fault(JsonWriter& json, const testing::PlannedFault& fault) {
    json.begin_object()
        .member("id", fault.id)
        .member("method", fault.method)
        .member("path", fault.path)
        .member("status", fault.status)
        .member("body", fault.body);
    write_headers(json.key("headers"), fault.headers);
    json.member("latency_ms", std::int64_t{fault.latency.count()})
        .member("disconnect", fault.disconnect)
        .member("commit", to_string(fault.commit))
        .member("skip", fault.skip)
        .member("count", fault.count)
        .member("hits", fault.hits)
        .end_object();
}

/// A number that fits; `usual` when it is absent.
inline int small_number(const wire::Body& body, const char* name, int usual) {
    const std::int64_t value = body.integer(name).value_or(usual);
    if (value < 0 || value > 1'000'000'000)
        throw bad_value(std::string(name) + ": must be 0 to 1000000000");
    return static_cast<int>(value);
}

inline std::string fault_body(const wire::Body& body) {
    const wire::Json* const sent = body.any("body");
    if (!sent) return {};
    if (wire::is_text(*sent)) return sent->get<std::string>();
    JsonWriter json;
    wire::write_json(json, *sent);
    return json.take();
}

inline http::Reply add_fault(Call& call) {
    const wire::Body& body = call.body;
    testing::PlannedFault fault;
    fault.method = body.text("method");
    fault.path = body.text("path");
    fault.status = small_number(body, "status", 0);
    fault.body = fault_body(body);
    for (const auto& [name, value] : body.members("headers")) {
        if (!wire::is_text(value)) throw bad_value("headers: values must be strings");
        fault.headers.emplace_back(name, value.get<std::string>());
    }
    fault.latency = std::chrono::milliseconds(small_number(body, "latency_ms", 0));
    fault.disconnect = body.flag("disconnect");
    fault.commit = commit_fault(body.text("commit"));
    fault.skip = small_number(body, "skip", 0);
    fault.count = small_number(body, "count", 1);
    fault.id = call.server.faults().add(fault);
    JsonWriter json;
    write_fault(json, fault);
    return {201, wire::document(json)};
}

inline http::Reply list_faults(Call& call) {
    JsonWriter json;
    json.begin_object().key("faults").begin_array();
    for (const testing::PlannedFault& each : call.server.faults().list()) write_fault(json, each);
    json.end_array().end_object();
    return {200, wire::document(json)};
}

inline http::Reply clear_faults(Call& call) {
    call.server.faults().clear();
    return done();
}

inline http::Reply remove_fault(Call& call) {
    if (!call.server.faults().remove(call.parameter))
        throw ApiError(404, "There is no such fault.");
    return done();
}

}}}  // namespace coder_users::v0::control
