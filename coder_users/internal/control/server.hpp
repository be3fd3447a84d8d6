// Internal: may change at any time.
// Handlers of the control API for the clock, the release, users and seeds.
#pragma once

#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string>

#include "coder_users/internal/base/duration.hpp"
#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/control/call.hpp"
#include "coder_users/internal/wire/answers.hpp"

namespace coder_users { inline namespace v0 { namespace control {

inline http::Reply get_clock(Call& call) {
    JsonWriter json;
    json.begin_object()
        .member("now", call.server.clock().now())
        .member("frozen", call.server.clock().is_frozen())
        .end_object();
    return {200, wire::document(json)};
}

inline Duration step_of(const wire::Body& body) {
    const auto text = body.sent_text("duration");
    const auto seconds = body.number("seconds");
    if (text.has_value() == seconds.has_value())
        throw bad_value("give one of duration and seconds");
    if (!text) {
        constexpr double most = 1e12;
        if (!(std::abs(*seconds) < most)) throw bad_value("seconds: too many");
        return Duration(std::llround(*seconds * 1e6));
    }
    const auto duration = parse_duration(*text);
    if (!duration) throw bad_value("duration: expected one such as 2h30m");
    return *duration;
}

/// Also keeps the clock where answers can write it.
inline http::Reply advance_clock(Call& call) {
    testing::Clock& clock = call.server.clock();
    const Duration step = step_of(call.body);
    constexpr Duration years = std::chrono::hours(24 * 366 * 10'000);
    const Time now = clock.now();
    if (step > years || step < -years || now + step < never || now + step > end_of_time)
        throw bad_value("the clock goes from the year 1 to the year 9999");
    clock.advance(step);
    return get_clock(call);
}

inline http::Reply set_clock(Call& call) {
    const auto text = call.body.sent_text("now");
    const auto frozen = call.body.sent_flag("frozen");
    if (!text && !frozen) throw bad_value("give now, frozen, or both");
    const auto now = text ? parse_rfc3339(*text) : std::nullopt;
    if (text && (!now || *now < never)) throw bad_value("now: expected RFC 3339");
    testing::Clock& clock = call.server.clock();
    if (frozen && *frozen) clock.freeze();  // first, so that it stands where it is set
    if (now) clock.set(*now);
    if (frozen && !*frozen) clock.run();
    return get_clock(call);
}

inline http::Reply get_version(Call& call) {
    JsonWriter json;
    json.begin_object()
        .member("coder_version", call.server.coder_version())
        .member("version", version)
        .end_object();
    return {200, wire::document(json)};
}

inline http::Reply set_version(Call& call) {
    call.server.set_coder_version(call.body.text("coder_version"));
    return get_version(call);
}

inline http::Reply make_user(Call& call) {
    testing::NewUser wanted;
    wanted.username = call.body.text("username");
    wanted.email = call.body.text("email");
    wanted.roles = call.body.texts("roles");
    wanted.service_account = call.body.flag("service_account");
    wanted.organizations = call.body.texts("organizations");
    const testing::Client made = [&] {
        try {
            return call.server.make(wanted);
        } catch (const std::invalid_argument& error) {
            throw ApiError(409, "This name is taken.", error.what());
        }
    }();
    JsonWriter json;
    json.begin_object()
        .member("id", made.id)
        .member("username", made.username)
        .member("email", made.email)
        .member("password", wanted.service_account ? "" : testing::password)
        .member("token", made.token)
        .end_object();
    return {201, wire::document(json)};
}

inline http::Reply seed(Call& call) {
    call.server.seed(call.request.body);
    return done();
}

inline http::Reply reset(Call& call) {
    call.server.reset();
    return done();
}

}}}  // namespace coder_users::v0::control
