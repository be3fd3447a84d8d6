// Internal: may change at any time.
// Call: a request to the control API with what its handlers work on; Row: a line of its table.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/http/route.hpp"
#include "coder_users/internal/wire/body.hpp"
#include "coder_users/internal/wire/shapes.hpp"
#include "coder_users/testing.hpp"

namespace coder_users { inline namespace v0 { namespace control {

/// A moment that a program has asked to keep.
struct KeptMoment {
    std::string id, name;
    testing::Server::Moment moment;
};

/// What the control API holds besides the server. `mutex` guards it, and calls of the server.
struct State {
    std::mutex mutex;
    std::vector<KeptMoment> moments;
    int moments_made = 0;
    std::atomic<int> waits{0};  ///< how many requests wait for another
};

struct Call {
    testing::Server& server;
    State& state;
    const Request& request;
    const Url& url;
    std::string parameter = {};  ///< what the path has for `{id}`
    wire::Body body = {};

    /// Returns a query parameter; "" when it is absent.
    std::string query(std::string_view name) const { return url.parameter(name).value_or(""); }
};

using Handler = http::Reply (*)(Call&);

/// A line of the table. Paths are below /test/v1.
struct Row {
    http::Verb verb;
    const char* path;
    const char* id;  ///< in the API description
    const char* summary;
    Handler handler;
    const char* kit;  ///< the members of the C++ kit that do the same, separated by spaces
    int success = 200;
    const wire::Shape* reply = nullptr;
    const wire::BodySchema* body = nullptr;
    bool raw_body = false;     ///< the body is no object with fields
    bool more_fields = false;  ///< the body may have others than those of its schema
    bool open = false;         ///< without a token
    bool waits = false;        ///< does not keep others from being answered
    std::vector<http::QueryParameter> query = {};
    std::vector<int> refusals = {};  ///< besides those that any row has

    // The functions below complete a row.
    Row answers(int status, const wire::Shape& shape) && {
        success = status;
        reply = &shape;
        return std::move(*this);
    }
    Row answers_nothing() && {
        success = 204;
        return std::move(*this);
    }
    Row answers_bytes() && { return std::move(*this); }
    Row takes(const wire::BodySchema& schema) && {
        body = &schema;
        return std::move(*this);
    }
    Row and_more_fields() && {
        more_fields = true;
        return std::move(*this);
    }
    Row takes_raw() && {
        raw_body = true;
        return std::move(*this);
    }
    Row needs_no_token() && {
        open = true;
        return std::move(*this);
    }
    Row may_wait() && {
        waits = true;
        return std::move(*this);
    }
    Row asks(std::vector<http::QueryParameter> parameters) && {
        query = std::move(parameters);
        return std::move(*this);
    }
    Row also_answers(std::vector<int> statuses) && {
        refusals = std::move(statuses);
        return std::move(*this);
    }
};

inline http::Reply done() { return {204, ""}; }

/// The 400 for a value that breaks a rule.
inline ApiError bad_value(std::string detail) {
    return {400, "The request cannot be met.", std::move(detail)};
}

}}}  // namespace coder_users::v0::control
