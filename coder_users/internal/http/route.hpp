// Internal: may change at any time.
// Route: a row of the route table. It gives an operation its method, path, body and answer.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/long_body.hpp"
#include "coder_users/internal/operations/operation.hpp"
#include "coder_users/internal/wire/body.hpp"
#include "coder_users/internal/wire/shapes.hpp"

namespace coder_users { inline namespace v0 { namespace http {

using operations::Lane;
using operations::Operation;

struct Call;

enum class Verb { get, post, put, patch, del };

inline constexpr std::string_view to_string(Verb verb) {
    constexpr std::string_view names[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    return names[static_cast<std::size_t>(verb)];
}

/// An answer without the headers that every answer gets.
struct Reply {
    int status = 200;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string_view content_type = "application/json; charset=utf-8";  ///< a literal
    std::unique_ptr<LongBody> rest = nullptr;  ///< sent after `body`, if there is more
    bool of_web_page = false;                  ///< browsers keep it, and ask whether it has changed
};

using Handler = Reply (*)(Call&);
/// Finds what path parameters other than `{user}` name, before the body is decoded. Throws
/// ApiError.
using Resolver = void (*)(Call&);

/// A query parameter.
struct QueryParameter {
    const char* name;
    wire::ValueType type;
    const char* description;
};

/// The answer of a route from a release on.
struct LaterAnswer {
    Release since;
    int success;
    const wire::Shape* reply;  ///< nullptr: no body
};

struct Route {
    Verb verb;
    const char* path;  ///< under /api/v2; `{user}` is a user that the caller may read
    const Operation& operation;
    const char* summary;
    Handler handler;

    const wire::BodySchema* body = nullptr;
    int success = 200;
    const wire::Shape* reply = nullptr;
    bool reply_is_list = false;
    std::vector<LaterAnswer> later_answers = {};  ///< by release
    Resolver resolve = nullptr;
    std::vector<QueryParameter> query = {};
    std::vector<int> other_statuses = {};  ///< refusals that only this route has
    bool tight_limit = false;              ///< also counts against the smaller rate limit
    bool outside_api = false;              ///< the path is not under /api/v2

    const char* operation_id() const { return operation.id(); }
    bool guarded() const { return !operation.open(); }

    /// The status of success and the shape of the answer, of the release or of the operation's
    /// first one.
    LaterAnswer answer_of(Release release) const {
        LaterAnswer answer{{}, success, reply};
        for (const LaterAnswer& each : later_answers)
            if (release >= each.since) answer = each;
        return answer;
    }

    // The functions below complete a row.
    Route takes(const wire::BodySchema& schema) && {
        body = &schema;
        return std::move(*this);
    }
    Route answers(int status, const wire::Shape& shape) && {
        success = status;
        reply = &shape;
        return std::move(*this);
    }
    Route later_answers_with(Release since, int status, const wire::Shape* shape) && {
        later_answers.push_back({since, status, shape});
        return std::move(*this);
    }
    Route answers_list(const wire::Shape& shape) && {
        reply_is_list = true;
        return std::move(*this).answers(200, shape);
    }
    Route answers_nothing() && {
        success = 204;
        return std::move(*this);
    }
    Route always_refuses(int status) && {
        return std::move(*this).answers(status, wire::shapes::response);
    }
    Route redirects() && {
        success = 307;
        return std::move(*this);
    }
    Route also_answers(std::vector<int> statuses) && {
        other_statuses = std::move(statuses);
        return std::move(*this);
    }
    Route asks(std::vector<QueryParameter> parameters) && {
        query = std::move(parameters);
        return std::move(*this);
    }
    Route resolves(Resolver value) && {
        resolve = value;
        return std::move(*this);
    }
    Route limits_tightly() && {
        tight_limit = true;
        return std::move(*this);
    }
    Route beside_the_api() && {
        outside_api = true;
        return std::move(*this);
    }
};

/// The path below the base. All parameters that name a user are called `{user}`.
inline std::string public_path(const Route& route) {
    std::string path = route.path;
    const std::size_t member = path.find("{member}");
    if (member != std::string::npos) path.replace(member, 8, "{user}");
    return path;
}

/// The whole path as the API description has it: "/api/v2/users/{user}".
inline std::string described_path(const Route& route) {
    return (route.outside_api ? "" : "/api/v2") + public_path(route);
}

}}}  // namespace coder_users::v0::http
