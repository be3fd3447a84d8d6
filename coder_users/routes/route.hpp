// A route is a row: everything dispatch, tests and the API description know of an operation.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/long_body.hpp"
#include "coder_users/format/schema.hpp"
#include "coder_users/format/shape.hpp"
#include "coder_users/rules/policy.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

struct Call;

enum class Verb { get, post, put, patch, del };

inline constexpr std::string_view to_string(Verb verb) {
    constexpr std::string_view names[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    return names[static_cast<std::size_t>(verb)];
}

enum class Guard { open, session };

/// What a handler waits for, and so where it runs.
enum class Lane { read, write, hash, provider };

/// An answer before the headers that every answer has.
struct Reply {
    int status = 200;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string content_type = "application/json; charset=utf-8";
    std::unique_ptr<LongBody> rest = nullptr;  ///< what follows on `body`, if anything
};

using Handler = Reply (*)(Call&);
/// Finds what path parameters other than `{user}` name, ahead of the body. Throws ApiError.
using Resolver = void (*)(Call&);

/// What a refused change was about.
using RefusedTarget = std::string (*)(Call&);

/// What an audit entry of this route says it was.
struct AuditKind {
    const char* resource_type = nullptr;
    const char* action = nullptr;
    bool refusals = false;                   ///< refused changes are recorded, too
    RefusedTarget refused_target = nullptr;  ///< nullptr: the user's name
};

/// The refusal of doing this to oneself.
struct OnSelf {
    int status = 0;
    const char* message = nullptr;
};

/// A parameter of the query.
struct QueryParameter {
    const char* name;
    format::ValueType type;
    const char* description;
};

struct Route {
    Verb verb;
    const char* path;  ///< below /api/v2; `{user}` resolves to a user the caller may read
    const char* operation_id;
    const char* summary;
    Handler handler;

    Guard guard = Guard::open;
    Lane lane = Lane::read;
    const format::BodySchema* body = nullptr;
    int success = 200;
    const format::Shape* reply = nullptr;
    bool reply_is_list = false;
    std::optional<rules::Action> action = std::nullopt;
    const char* forbidden = nullptr;  ///< the text when `action` is refused; nullptr: `Forbidden.`
    OnSelf on_self = {};
    AuditKind audit = {};
    Resolver resolve = nullptr;
    std::vector<QueryParameter> query = {};
    std::vector<int> other_statuses = {};  ///< refusals that only this endpoint has
    bool tight_limit = false;              ///< counts in the tight group of rate limits, too
    bool outside_api = false;              ///< the path is not below /api/v2
    bool wants_session = false;     ///< an open route that looks at a session, if one is sent
    bool for_limited_keys = false;  ///< a key of scope application_connect may ask for its own user
    bool works_on_full_disk = false;  ///< from the reserve of the store

    // The rest of a row, in words.
    Route needs_session() const { return with(&Route::guard, Guard::session); }
    Route in(Lane value) const { return with(&Route::lane, value); }
    Route takes(const format::BodySchema& schema) const { return with(&Route::body, &schema); }
    Route answers(int status, const format::Shape& shape) const {
        return with(&Route::success, status).with(&Route::reply, &shape);
    }
    Route also_answers(std::vector<int> statuses) const {
        return with(&Route::other_statuses, std::move(statuses));
    }
    Route asks(std::vector<QueryParameter> parameters) const {
        return with(&Route::query, std::move(parameters));
    }
    Route answers_list(const format::Shape& shape) const {
        return answers(200, shape).with(&Route::reply_is_list, true);
    }
    Route answers_nothing() const { return with(&Route::success, 204); }
    Route redirects() const { return with(&Route::success, 307); }
    Route permits(rules::Action value, const char* refusal = nullptr) const {
        return with(&Route::action, std::optional<rules::Action>(value))
            .with(&Route::forbidden, refusal);
    }
    Route resolves(Resolver value) const { return with(&Route::resolve, value); }
    Route refuses_self(int status, const char* message) const {
        return with(&Route::on_self, OnSelf{status, message});
    }
    Route audited(const char* resource_type, const char* action_name) const {
        return with(&Route::audit, AuditKind{resource_type, action_name});
    }
    Route audited_with_refusals(const char* resource_type, const char* action_name,
                                RefusedTarget target = nullptr) const {
        return with(&Route::audit, AuditKind{resource_type, action_name, true, target});
    }
    Route is_essential() const { return with(&Route::works_on_full_disk, true); }
    Route limits_tightly() const { return with(&Route::tight_limit, true); }
    Route looks_at_session() const { return with(&Route::wants_session, true); }
    Route beside_the_api() const { return with(&Route::outside_api, true); }
    Route open_to_limited_keys() const { return with(&Route::for_limited_keys, true); }

 private:
    template <class Member, class Value>
    Route with(Member Route::*member, Value value) const {
        Route changed = *this;
        changed.*member = value;
        return changed;
    }
};

}}}  // namespace coder_users::v0::routes
