// Internal: may change at any time.
// Call: a request, and what the gates have found out for its handler.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/request.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/http/route.hpp"
#include "coder_users/internal/login/providers.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/wire/answers.hpp"
#include "coder_users/internal/wire/body.hpp"

namespace coder_users { inline namespace v0 { namespace http {

using operations::Acting;
using operations::UserRef;

/// The served routes, and what their handlers use.
struct Site {
    operations::Backend& backend;
    login::Providers& providers;
    std::vector<Route> routes;
    std::vector<Route> page_routes = {};  ///< of the web page, when it is served
};

/// Path parameters by name, without braces. Their values are segments of the URL, which must
/// outlive them.
class Parameters {
 public:
    /// Throws std::logic_error when a path of the table has more.
    void add(std::string_view name, const std::string& value) {
        if (count_ == items_.size()) throw std::logic_error("more path parameters than expected");
        items_[count_++] = {name, &value};
    }
    /// Returns "" when the path has none of this name.
    const std::string& named(std::string_view name) const {
        static const std::string none;
        for (std::size_t i = 0; i < count_; ++i)
            if (items_[i].first == name) return *items_[i].second;
        return none;
    }

 private:
    std::array<std::pair<std::string_view, const std::string*>, 4> items_ = {};
    std::size_t count_ = 0;
};

struct Call {
    Site& site;
    const Request& request;
    const Url& url;
    const Route& route;
    const Parameters& parameters;
    Acting acting;  ///< its actor is known after gate 6
    /// Headers that the answer gets, even when it is a refusal.
    std::vector<std::pair<std::string, std::string>>& answer_headers;
    login::Deadline provider_deadline;  ///< of all that it does at a login provider

    std::string_view user_text = {};                ///< `{user}` as it was sent
    Shared<User> target = nullptr;                  ///< the user of `{user}`, known after gate 8
    std::optional<Organization> organization = {};  ///< what the route's resolver found
    std::optional<Member> member = {};              ///< what the route's resolver found
    wire::Body body = {};                           ///< decoded at gate 10

    /// The release that the answer is that of.
    Release release() const { return route.operation.answered_as(acting.backend.release); }
    /// The form of answers that hold users.
    wire::Form form() const { return {release(), options().roles}; }
    const Options& options() const { return acting.backend.options; }
    /// Returns a path parameter of the route.
    const std::string& parameter(std::string_view name) const { return parameters.named(name); }
    /// The user of `{user}`.
    UserRef user() const { return {user_text, target}; }
    /// Returns a query parameter; "" when it is absent or empty.
    std::string query(std::string_view name) const { return url.parameter(name).value_or(""); }
};

/// The answer of a successful request.
inline Reply ok(std::string body, int status = 200) { return {status, std::move(body)}; }

inline Reply notice(std::string_view message, int status = 200) {
    return {status, wire::response(message)};
}

inline Reply refusal(const ApiError& error) {
    return {error.status(), wire::response(error.message(), error.detail(), error.validations())};
}

}}}  // namespace coder_users::v0::http
