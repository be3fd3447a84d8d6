// One request on its way to its handler. Every gate adds a field, none calls back.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/base/shared.hpp"
#include "coder_users/base/text.hpp"
#include "coder_users/base/url.hpp"
#include "coder_users/base/uuid.hpp"
#include "coder_users/format/schema.hpp"
#include "coder_users/format/wire.hpp"
#include "coder_users/routes/event_sink.hpp"
#include "coder_users/routes/route.hpp"
#include "coder_users/rules/crypto.hpp"
#include "coder_users/store/store.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

class ExternalLogin;

/// What handlers use of the running service. Outlives every call.
struct Backend {
    const Options& options;
    store::Store& store;
    rules::Random random;
    std::function<Time()> now;
    std::string secret_key;                   ///< 32 bytes that seal what is secret at rest
    std::string deployment_id;                ///< of this database, for ever
    EventSink* events;                        ///< nullptr: nobody is told
    std::vector<Route> routes;                ///< those that are served
    ExternalLogin* external_login = nullptr;  ///< nullptr where nobody logs in
};

/// A failure that is not the client's, with an answer of its own. The reason goes to the log.
class LoggedFailure : public ApiError {
 public:
    LoggedFailure(std::string message, std::string reason, std::string detail = {})
        : ApiError(500, std::move(message), std::move(detail)), reason_(std::move(reason)) {}
    const std::string& reason() const noexcept { return reason_; }

 private:
    std::string reason_;
};

/// Path parameters by name, without braces.
using Parameters = std::vector<std::pair<std::string_view, std::string>>;

inline Shared<Identity> no_identity() {
    static const Identity none;
    return unowned(none);
}
inline Shared<User> no_user() {
    static const User none;
    return unowned(none);
}

struct Call {
    Backend& backend;
    const Request& request;
    const Target& url;
    const Route& route;
    const Parameters& parameters;
    Time now = never;  // one moment for the whole request
    std::string_view request_id = {};
    std::string_view address = {};  // the client's, whatever proxies are in between

    Shared<Identity> actor = no_identity();  // after gate 6
    Shared<User> target = no_user();         // after gate 8: the user of `{user}`
    Organization organization = {};          // after resolve(), where a path names one
    format::Body body = {};                  // after decoding and field rules
    Shared<Identity> presented = {};         // on open routes that ask: the good session sent

    /// Fields of the answer, whatever it will be. nullptr: nobody asks for them.
    std::vector<std::pair<std::string, std::string>>* answer_headers = nullptr;

    std::vector<Announcement> announcements = {};  // of the transaction under way

    bool has_target() const { return !target->id.empty(); }
    /// A path parameter that the row has.
    const std::string& parameter(std::string_view name) const {
        static const std::string none;
        for (const auto& [key, value] : parameters)
            if (key == name) return value;
        return none;
    }
};

/// The first field of this name; nothing when there is none.
inline std::optional<std::string_view> header(const Request& request, std::string_view name) {
    for (const auto& [key, value] : request.headers)
        if (same_folded(key, name)) return value;
    return std::nullopt;
}

inline std::string new_uuid(const rules::Random& random) {
    std::array<unsigned char, 16> bytes{};
    random(bytes.data(), bytes.size());
    return make_uuid(bytes);
}

/// The endpoint's answer when all went well.
inline Reply ok(std::string body, int status = 200) { return {status, std::move(body)}; }

inline Reply notice(std::string_view message, int status = 200) {
    return {status, format::wire::response(message)};
}

inline Reply refusal(const ApiError& error) {
    return {error.status(),
            format::wire::response(error.message(), error.detail(), error.validations())};
}

}}}  // namespace coder_users::v0::routes
