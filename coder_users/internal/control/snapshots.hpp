// Internal: may change at any time.
// Handlers of the control API for snapshots: moments to return to, by id or name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/control/call.hpp"
#include "coder_users/internal/wire/answers.hpp"

namespace coder_users { inline namespace v0 { namespace control {

inline void write_snapshot(JsonWriter& json, const KeptMoment& kept) {
    json.begin_object()
        .member("id", kept.id)
        .member("name", kept.name)
        .member("taken_at", kept.moment.now)
        .end_object();
}

inline http::Reply list_snapshots(Call& call) {
    JsonWriter json;
    json.begin_object().key("snapshots").begin_array();
    for (const KeptMoment& each : call.state.moments) write_snapshot(json, each);
    json.end_array().end_object();
    return {200, wire::document(json)};
}

inline std::vector<KeptMoment>::iterator find_snapshot(Call& call) {
    const std::string& wanted = call.parameter;
    auto& all = call.state.moments;
    const auto found = std::find_if(all.begin(), all.end(), [&](const KeptMoment& each) {
        return each.id == wanted || (!each.name.empty() && each.name == wanted);
    });
    if (found == all.end()) throw ApiError(404, "There is no such snapshot.");
    return found;
}

/// Checks the name, which must not be taken for an id.
inline void check_name(const State& state, const std::string& name) {
    if (!name.empty() && name.find_first_not_of("0123456789") == std::string::npos)
        throw bad_value("name: must not be a number");
    if (name.size() > 256 || name.find('/') != std::string::npos)
        throw bad_value("name: must be of at most 256 bytes, without slashes");
    for (const KeptMoment& each : state.moments)
        if (!name.empty() && each.name == name)
            throw ApiError(409, "There is a snapshot of this name.");
    constexpr std::size_t most = 1'000;
    if (state.moments.size() >= most) throw bad_value("there are a thousand snapshots already");
}

inline http::Reply keep(State& state, const std::string& name, testing::Server::Moment moment) {
    state.moments.push_back({std::to_string(++state.moments_made), name, std::move(moment)});
    JsonWriter json;
    write_snapshot(json, state.moments.back());
    return {201, wire::document(json)};
}

inline http::Reply take_snapshot(Call& call) {
    const std::string name = call.body.text("name");
    check_name(call.state, name);
    return keep(call.state, name, call.server.snapshot());
}

inline http::Reply restore_snapshot(Call& call) {
    call.server.restore(find_snapshot(call)->moment);
    return done();
}

inline http::Reply delete_snapshot(Call& call) {
    call.state.moments.erase(find_snapshot(call));
    return done();
}

inline http::Reply get_image(Call& call) {
    http::Reply reply{200, find_snapshot(call)->moment.data.image()};
    reply.content_type = "application/vnd.sqlite3";
    return reply;
}

/// Everything but the data is as at present.
inline http::Reply put_image(Call& call) {
    check_name(call.state, call.parameter);
    const Snapshot sent(call.request.body);
    testing::check_snapshot(sent);
    testing::Server::Moment moment = call.server.snapshot();
    moment.data = sent;
    return keep(call.state, call.parameter, std::move(moment));
}

}}}  // namespace coder_users::v0::control
