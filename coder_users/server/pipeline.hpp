// The gates on the way to a handler: docs/contract/http.md, "Order of checks".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/url.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/gates.hpp"
#include "coder_users/routes/match.hpp"
#include "coder_users/routes/table.hpp"
#include "coder_users/rules/cross_origin.hpp"
#include "coder_users/rules/networks.hpp"
#include "coder_users/server/authenticate.hpp"
#include "coder_users/server/framing.hpp"
#include "coder_users/server/rate_limit.hpp"
#include "coder_users/server/refusal.hpp"

namespace coder_users { inline namespace v0 { namespace server {

/// What is known of a request from its first moment on, and what every answer to it carries.
struct Exchange {
    std::string id;
    Time now = never;
    std::string address;
    std::vector<std::pair<std::string, std::string>> headers = {};
};

/// What a caller in the process asks for: the operation of a route, with values instead of bytes.
struct Errand {
    const routes::Route& route;
    routes::Parameters parameters = {};
    format::Body body = {};
};

/// Runs requests over one backend, which outlives it. May be used from any thread at once.
class Pipeline {
 public:
    explicit Pipeline(routes::Backend& backend)
        : backend_(backend), paths_(backend.routes), limits_(backend.options) {
        for (const std::string& text : backend.options.proxy_trusted_origins)
            trusted_.push_back(rules::parse_network(text).value());
    }

    const routes::PathTree& paths() const { return paths_; }

    /// The peer's address, or the one that a trusted proxy names.
    std::string client_address(const Request& request) const {
        if (trusted_.empty()) return request.address;
        const auto peer = rules::parse_address(request.address);
        if (!peer || !rules::contained(trusted_, *peer)) return request.address;
        for (const std::string& name : backend_.options.proxy_trusted_headers) {
            std::string list;
            for (const auto& [key, value] : request.headers)
                if (same_folded(key, name)) (list += list.empty() ? "" : ",") += value;
            if (const auto client = rules::client_in_list(list, trusted_))
                return rules::to_text(*client);
        }
        return request.address;
    }

    /// Throws ApiError and what the store throws.
    routes::Reply run(const Request& request, Exchange& exchange) {
        const FramingLimits limits;  // also for requests that never were bytes
        if (request.method.size() + request.target.size() + 10 > limits.line)
            throw as_error(line_too_long);
        const auto url = parse_target(request.target);  // gate 1
        if (!url) throw as_error(url_not_valid);
        const auto coding = routes::header(request, "Content-Encoding");
        if (coding && is_encoded(*coding)) throw as_error(encoding_not_supported);
        if (request.body.size() > limits.body) throw as_error(body_too_large);
        const rules::PresentedToken token = presented_token(request);
        refuse_cross_origin(request, token);  // gate 2

        const routes::Match match = paths_.match(url->segments);
        const routes::Route* route = match.route(request.method);
        const bool limited = !match.routes || !match.routes->front()->outside_api;
        const bool asked = match.guarded || (route && route->wants_session);
        CheckedToken checked = check(request, token, asked, limited, exchange.now);
        if (limited) limit(request, match, route, checked, exchange);  // gate 3

        if (match.routes && request.method == "OPTIONS")  // gate 4
            return {204, "", {{"Allow", match.allow()}}, ""};
        if (!match.guarded) refuse_path(match, route);  // gate 5
        static const routes::Route no_route{routes::Verb::get, "", "", "", nullptr};
        routes::Call call{backend_,         request,      *url,        route ? *route : no_route,
                          match.parameters, exchange.now, exchange.id, exchange.address};
        call.answer_headers = &exchange.headers;
        if (route && route->wants_session) call.presented = std::move(checked.identity);
        if (match.guarded) {
            call.actor = signed_in(checked, exchange.now);  // gate 6
            refuse_limited_key(call);                       // gate 7
            find_target(call);                              // gate 8
            refuse_path(match, route);                      // gate 9
        }
        const auto decode = [&] {
            if (call.route.body)
                call.body = format::decode_body(call.request.body, *call.route.body);
        };
        return run_endpoint(call, decode, call.route.handler);  // gate 10
    }

    /// What a caller in the process asks for: the gates after the session, then `operation(Call&)`
    /// in place of the handler of this route.
    template <class Operation>
    auto run_call(const Errand& errand, const Identity& identity, const Exchange& exchange,
                  Operation&& operation) {
        static const Request no_request;
        static const Target no_url;
        routes::Call call{backend_,          no_request,   no_url,      errand.route,
                          errand.parameters, exchange.now, exchange.id, ""};
        if (errand.route.guard == routes::Guard::session) {
            call.actor = current_identity(backend_.store, identity, exchange.now);
            refuse_limited_key(call);
            if (!errand.parameters.empty() && call.parameter("user").empty())
                throw routes::user_not_found("");
            find_target(call);
        }
        const auto decode = [&] {
            if (errand.route.body) format::check_fields(errand.body, *errand.route.body);
            call.body = errand.body;
        };
        return run_endpoint(call, decode, operation);
    }

    /// Whether an identity may do this now; `user` may be "".
    bool may(const Identity& identity, Action action, std::string_view user, Time now) {
        try {
            const auto actor = current_identity(backend_.store, identity, now);
            const User target = user.empty() ? actor->user : backend_.store.read([&](auto& c) {
                return routes::readable_user(c, actor->user, user);
            });
            const bool self = actor->user.id == target.id;
            if (actor->key.scope != KeyScope::all && !(self && action == Action::read_user))
                return false;
            return rules::may(actor->user, action, target);
        } catch (const ApiError&) {
            return false;  // no session any more, no such user
        }
    }

    /// The token of a request from elsewhere, behind the cross-origin rule.
    static std::string token_of(const Request& request) {
        rules::PresentedToken token = presented_token(request);
        refuse_cross_origin(request, token);
        return std::move(token.token);
    }

 private:
    /// The outcome of checks without effects.
    struct CheckedToken {
        Shared<Identity> identity;  ///< nullptr: nobody's
        bool refresh_due = false;
        std::optional<ApiError> refusal;
    };

    // Public paths need to know the caller for gate 3 alone.
    CheckedToken check(const Request& request, const rules::PresentedToken& token, bool asked,
                       bool limited, Time now) {
        const bool counted = limited && (limits_.on() || bypass_asked(request));
        CheckedToken checked;
        if (!asked && (!counted || token.token.empty())) return checked;
        try {
            GoodSession session = check_token(backend_.store, token.token, now);
            checked.identity = std::move(session.identity);
            checked.refresh_due = session.refresh_due;
        } catch (const ApiError& error) {
            checked.refusal = error;
        }
        return checked;
    }

    static bool bypass_asked(const Request& request) {
        return routes::header(request, "X-Coder-Bypass-Ratelimit") == "true";
    }

    void limit(const Request& request, const routes::Match& match, const routes::Route* route,
               const CheckedToken& checked, Exchange& exchange) {
        const auto& by_test = backend_.options.env.limit_request;
        if (by_test && by_test()) {
            exchange.headers.emplace_back("Retry-After", "1");
            throw too_many_requests(backend_.options.api_rate_limit);
        }
        const auto& identity = checked.identity;
        const bool bypass = identity && bypass_asked(request);
        if (bypass && rules::may(identity->user, rules::Action::ignore_rate_limits)) return;
        const auto exceeded = count(match, route, identity, exchange);
        if (bypass)
            throw ApiError(428, "\"X-Coder-Bypass-Ratelimit\" provided but user is not owner");
        if (!exceeded) return;
        const Duration wait = exceeded->ends - exchange.now;
        exchange.headers.emplace_back("Retry-After",
                                      std::to_string((wait.count() + 999'999) / 1'000'000));
        throw too_many_requests(exceeded->limit);
    }

    static ApiError too_many_requests(std::int64_t limit) {
        return {429, "You've been rate limited for sending more than " + std::to_string(limit) +
                         " requests in 1m0s."};
    }

    /// Counts the request, and says in every later answer to it where the caller stands. The limit
    /// that it exceeds, if any.
    std::optional<LimitState> count(const routes::Match& match, const routes::Route* route,
                                    const Shared<Identity>& identity, Exchange& exchange) {
        if (!limits_.on()) return std::nullopt;
        const auto states =
            limits_.count(identity ? identity->user.id : rules::counted_address(exchange.address),
                          match.routes ? match.routes->front()->path : "*",
                          route && route->tight_limit, exchange.now);
        if (!states) return std::nullopt;
        const auto add = [&](const char* name, std::int64_t value) {
            exchange.headers.emplace_back(name, std::to_string(value));
        };
        add("X-RateLimit-Limit", states->tightest.limit);
        add("X-RateLimit-Remaining", states->tightest.remaining());
        add("X-RateLimit-Reset", states->tightest.reset());
        return states->exceeded;
    }

    Shared<Identity> signed_in(CheckedToken& checked, Time now) {
        if (checked.refusal) throw ApiError(*checked.refusal);
        Shared<Identity> identity =
            refreshed_identity(backend_, {std::move(checked.identity), checked.refresh_due}, now);
        note_use(backend_.store, identity, now, !backend_.options.disable_session_expiry_refresh);
        return identity;
    }

    static void refuse_path(const routes::Match& match, const routes::Route* route) {
        if (!match.routes) throw ApiError(404, "Route not found.");
        if (!route) throw routes::MethodNotAllowed(match.allow());
    }

    void find_target(routes::Call& call) {
        const std::string& text = call.parameter("user");
        if (text.empty()) return;
        // The caller is there as long as its session is: no second look, which might see otherwise.
        const User& actor = call.actor->user;
        const bool host = call.actor->is_system();
        if (!host &&
            (text == "me" || same_folded(text, actor.id) || same_folded(text, actor.username)))
            call.target = part_of(call.actor, actor);
        else
            call.target = std::make_shared<const User>(backend_.store.read(
                [&](store::Connection& c) { return routes::readable_user(c, actor, text); }));
    }

    /// What is refused behind decoding and field rules may be worth an audit entry.
    template <class Decode, class Operation>
    static auto run_endpoint(routes::Call& call, Decode&& decode, Operation&& operation)
        -> decltype(operation(call)) {
        const auto recorded = [&](auto&& step) -> decltype(step()) {
            try {
                return step();
            } catch (const ApiError& error) {
                routes::record_refusal(call, error.status());
                throw;
            }
        };
        if (call.route.resolve) call.route.resolve(call);
        recorded([&] { routes::refuse_self(call.route, call.actor->user, *call.target); });
        decode();
        return recorded([&] {
            routes::permit(call.route, call.actor->user, *call.target);
            return operation(call);
        });
    }

    static void refuse_cross_origin(const Request& request, const rules::PresentedToken& token) {
        const std::string& method = request.method;
        if (!token.from_cookie || method == "GET" || method == "HEAD" || method == "OPTIONS")
            return;
        if (rules::is_cross_origin(routes::header(request, "Sec-Fetch-Site"),
                                   routes::header(request, "Origin"),
                                   routes::header(request, "Host").value_or("")))
            throw rules::cross_origin_refused();
    }

    /// A key of scope application_connect reads its own user and nothing else.
    static void refuse_limited_key(const routes::Call& call) {
        if (call.actor->key.scope == KeyScope::all) return;
        const std::string& user = call.parameter("user");
        const bool own = user == "me" || same_folded(user, call.actor->user.id) ||
                         same_folded(user, call.actor->user.username);
        if (!call.route.for_limited_keys || !own) throw forbidden();
    }

    routes::Backend& backend_;
    routes::PathTree paths_;
    RateLimits limits_;
    std::vector<rules::Network> trusted_;
};

}}}  // namespace coder_users::v0::server
