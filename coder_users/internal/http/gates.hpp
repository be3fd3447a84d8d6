// Internal: may change at any time.
// The gates that a request passes before its handler runs (docs/contract/http.md, "Order of
// checks").
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/address.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/http/cookies.hpp"
#include "coder_users/internal/http/cors.hpp"
#include "coder_users/internal/http/match.hpp"
#include "coder_users/internal/http/rate_limit.hpp"
#include "coder_users/internal/http/request_metrics.hpp"
#include "coder_users/internal/http/web_page.hpp"
#include "coder_users/internal/login/session.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/cross_origin.hpp"
#include "coder_users/internal/rules/networks.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// The result of checking a key text. Nothing was changed by it yet.
struct CheckedToken {
    Shared<SharedIdentity> identity = nullptr;  ///< nullptr: the key is not valid
    bool refresh_due = false;
    std::optional<ApiError> refusal = {};
};

/// A request with all that was found at the first look at it. It travels with the request, so that
/// nothing is parsed, matched or looked up twice. Neither of the two may move: it points into both.
struct Seen {
    const Request& request;
    Url url;
    std::string id = {};       ///< the request id
    std::string address = {};  ///< the client's address
    Time now = never;          ///< the same moment for the whole request
    std::chrono::steady_clock::time_point arrived = {};
    std::string cookies = {};  ///< read if no other header has a key text
    rules::PresentedToken token = {};
    Match match = {};
    const Route* route = nullptr;
    std::optional<CheckedToken> checked = {};
    bool counted = false;                    ///< gate 3 was applied
    Shared<SharedIdentity> actor = nullptr;  ///< known after gate 6
    std::optional<ApiError> refusal = {};    ///< of gate 2 or 3, thrown by pass()
    std::exception_ptr failure = nullptr;    ///< of the store at gate 3, thrown by pass()
    bool waited = false;                     ///< for its turn in a lane
    Lane lane = Lane::read;
    /// Headers that the answer gets, even when it is a refusal.
    std::vector<std::pair<std::string, std::string>> headers = {};
    RequestMetrics::Running running = {};

    /// By whom limits and shares count, before gate 6: the user if the key is valid, else the
    /// address.
    std::string caller() const {
        if (checked && checked->identity) return checked->identity->user->id;
        return counted_address(address);
    }
};

/// Who is logged in, as far as the gates have found out; nullptr for nobody.
inline const Shared<SharedIdentity>& identity_of(const Seen& seen) {
    return seen.actor || !seen.checked ? seen.actor : seen.checked->identity;
}

/// Returns the key text of a request; "" when there is none. It points into the request or into
/// `cookies`, where those of the request are put if they are needed.
inline rules::PresentedToken presented_token(const Request& request, const Options& options,
                                             std::string& cookies) {
    auto found = rules::find_token(header(request, "Coder-Session-Token"),
                                   header(request, "Authorization"), std::nullopt);
    if (found) return *found;
    cookies = cookies_of(request).value_or("");
    found = rules::find_token(std::nullopt, std::nullopt, cookies, session_cookie(options));
    return found.value_or(rules::PresentedToken{});
}

/// Throws the 403 of a change that a page of another site may have sent: pages cannot set the
/// headers that hold a token. What comes from the access URL passes, whatever a proxy made of the
/// Host.
inline void refuse_cross_origin(const Request& request, const rules::PresentedToken& token,
                                std::string_view access_url) {
    const std::string& method = request.method;
    const bool by_header = !token.token.empty() && !token.from_cookie;
    if (by_header || method == "GET" || method == "HEAD" || method == "OPTIONS") return;
    const auto origin = header(request, "Origin");
    if (origin && rules::is_origin_of_url(*origin, access_url)) return;
    if (rules::is_cross_origin(header(request, "Sec-Fetch-Site"), origin,
                               header(request, "Host").value_or("")))
        throw rules::cross_origin_refused();
}

/// Takes requests to one site, which outlives it, through the gates. Any thread may call any
/// function.
class Gates {
 public:
    explicit Gates(Site& site)
        : site_(site),
          options_(site.backend.options),
          has_providers_(options_.oidc.configured() || options_.github.configured()),
          paths_(site.routes),
          limits_(options_, site.backend.store.shared() ? &site.backend.store : nullptr) {
        paths_.add(site.page_routes);
        for (const std::string& text : options_.proxy_trusted_origins)
            trusted_.push_back(rules::parse_network(text).value());
    }

    /// Returns the client's address: the peer's, or the one that a trusted proxy gives.
    std::string client_address(const Request& request) const {
        if (trusted_.empty()) return request.address;
        const auto peer = parse_address(request.address);
        if (!peer || !rules::contained(trusted_, *peer)) return request.address;
        for (const std::string& name : options_.proxy_trusted_headers) {
            std::string list;
            for (const auto& [key, value] : request.headers)
                if (same_folded(key, name)) (list += list.empty() ? "" : ",") += value;
            if (!rules::holds_address(list)) continue;
            const auto client = rules::client_in_list(list, trusted_);
            return client ? to_text(*client) : request.address;
        }
        return request.address;
    }

    /// Fills in what needs no store, and applies gate 2. Whoever parsed the URL has applied gate 1.
    void begin(Seen& seen) {
        seen.address = client_address(seen.request);
        seen.token = presented_token(seen.request, options_, seen.cookies);
        seen.match = paths_.match(seen.url.segments);
        seen.route = seen.match.route(seen.request.method);
        refusing_early(seen, [&] {
            if (allowed_origin(seen.request, options_).empty())
                refuse_cross_origin(seen.request, seen.token, options_.access_url);
        });
    }

    /// Whether look() or pass() will ask the store.
    bool asks_store(const Seen& seen) const {
        if (seen.refusal) return false;
        const bool needs_rows = !seen.route || !seen.route->operation.needs_no_row();
        return needs_rows || wants_session(seen, is_limited(seen));
    }

    /// Applies gate 3 and chooses the lane. May wait for the store.
    void look(Seen& seen) {
        if (seen.refusal) return;
        refusing_early(seen, [&] { apply_limits(seen); });
        if (!seen.refusal && !seen.failure) seen.lane = lane_of(seen);
    }

    /// Whether checking this key text, outside of any request, must wait for a login provider.
    bool waits_for_provider(std::string_view token, Time now) const noexcept {
        return has_providers_ && login::waits_for_provider(site_.backend, token, now);
    }

    /// Counts a call in the process as a request of this client to the route. Throws 429 when a
    /// limit is exceeded.
    void count_call(const Route& route, const std::string& client, Time now) {
        const auto states = limits_.count(client, route.path, route.tight_limit, now);
        if (!states || !states->exceeded) return;
        const LimitState& limit = *states->exceeded;
        throw RetryLater(too_many_requests(limit.limit), limit.ends - now);
    }

    /// Throws the refusal that look() has found if there is one, applies gates 4 to 10 and runs the
    /// handler. Throws ApiError, and what the store throws.
    Reply pass(Seen& seen) {
        if (seen.refusal) throw ApiError(*seen.refusal);
        if (seen.failure) std::rethrow_exception(seen.failure);
        if (!seen.counted) apply_limits(seen);  // look() had no memory for it
        const Match& match = seen.match;
        const Route* route = seen.route;
        if (match.routes && seen.request.method == "OPTIONS")  // gate 4
            return {204, "", {{"Allow", match.allow()}}, ""};
        if (!match.routes && wants_page(seen)) return page_not_found();
        if (!match.routes && comes_from_login(seen)) return end_of_login();
        if (!match.guarded) refuse_path(match, route);  // gate 5
        Acting acting{site_.backend, seen.now, seen.id, seen.address};
        if (route && route->operation.audit().action)  // only entries of the audit log show it
            acting.user_agent = kept_user_agent(header(seen.request, "User-Agent").value_or(""));
        if (!match.guarded) return answer_open(seen, std::move(acting));
        acting.actor = seen.actor = signed_in(seen);  // gate 6
        const std::string_view user = match.parameters.named("user");
        static constexpr Operation no_operation = Operation("").needs();
        const Operation& about = route ? route->operation : no_operation;
        operations::refuse_narrow_key(about, *acting.actor, user);  // gate 7
        Shared<User> target;
        if (!user.empty())
            target =
                operations::find_target(acting, about, operations::UserRef(user)).user;  // gate 8
        refuse_path(match, route);                                                       // gate 9
        Call call = call_of(seen, std::move(acting));
        call.user_text = user;
        call.target = std::move(target);
        return answer(call);  // gate 10
    }

 private:
    /// The route must be known.
    Call call_of(Seen& seen, Acting acting) const {
        return {site_,        seen.request,           seen.url,
                *seen.route,  seen.match.parameters,  std::move(acting),
                seen.headers, provider_deadline(seen)};
    }

    Reply answer_open(Seen& seen, Acting acting) {
        Call call = call_of(seen, std::move(acting));
        return answer(call);
    }

    /// Gate 10: resolves what the path names, refuses callers who name themselves, decodes the
    /// body, runs the handler.
    static Reply answer(Call& call) {
        const Route& route = call.route;
        if (route.resolve) route.resolve(call);
        if (call.target) operations::refuse_self(call.acting, route.operation, *call.target);
        if (route.body) call.body = wire::read_body(call.request.body, *route.body);
        return route.handler(call);
    }

    /// Keeps for pass() what `check()` throws. A store that has failed is not asked again: the
    /// client has waited for it once.
    template <class Check>
    static void refusing_early(Seen& seen, Check&& check) {
        try {
            check();
        } catch (const ApiError& error) {
            seen.refusal = error;
        } catch (const store::Busy&) {
            seen.failure = std::current_exception();
        } catch (const store::Unavailable&) {
            seen.failure = std::current_exception();
        } catch (const std::exception&) {  // out of memory: pass() tries again
        }
    }

    static bool is_limited(const Seen& seen) {
        const auto& routes = seen.match.routes;
        return !routes || !routes->front()->outside_api;
    }

    static bool bypass_asked(const Request& request) {
        return header(request, "X-Coder-Bypass-Ratelimit") == "true";
    }

    // Open routes need the session only for counting the request (gate 3).
    bool wants_session(const Seen& seen, bool limited) const {
        if (seen.match.guarded) return true;
        const bool counted = limited && (limits_.on() || bypass_asked(seen.request));
        return counted && !seen.token.token.empty();
    }

    /// Gate 3. Throws ApiError, and what the store throws.
    void apply_limits(Seen& seen) {
        const bool limited = is_limited(seen);
        if (wants_session(seen, limited)) seen.checked = check(seen);
        if (limited) limit(seen);
        seen.counted = true;
    }

    /// What gate 6 will refuse needs no lane.
    Lane lane_of(const Seen& seen) const {
        if (seen.match.guarded && seen.checked) {
            if (seen.checked->refusal) return Lane::read;
            if (has_providers_ && seen.checked->refresh_due) return Lane::provider;
        }
        if (!seen.route) return Lane::read;
        const Lane lane = seen.route->operation.lane();
        return lane == Lane::provider && !has_providers_ ? Lane::read : lane;
    }

    CheckedToken check(const Seen& seen) const {
        CheckedToken checked;
        try {
            login::GoodSession session =
                login::check_token(site_.backend, seen.token.token, seen.now);
            checked.identity = std::move(session.identity);
            checked.refresh_due = session.refresh_due;
        } catch (const ApiError& error) {
            checked.refusal = error;
        }
        return checked;
    }

    void limit(Seen& seen) {
        const auto& by_test = options_.env.limit_request;
        if (by_test && by_test()) {
            seen.headers.emplace_back("Retry-After", "1");
            throw too_many_requests(options_.api_rate_limit);
        }
        const User* const user =
            seen.checked && seen.checked->identity ? seen.checked->identity->user.get() : nullptr;
        const bool bypass = user && bypass_asked(seen.request);
        if (bypass && rules::may(*user, Action::ignore_rate_limits)) return;
        const auto exceeded = count(seen);
        if (bypass)
            throw ApiError(428, "\"X-Coder-Bypass-Ratelimit\" provided but user is not owner");
        if (!exceeded) return;
        const Duration wait = exceeded->ends - seen.now;
        seen.headers.emplace_back("Retry-After",
                                  std::to_string((wait.count() + 999'999) / 1'000'000));
        throw too_many_requests(exceeded->limit);
    }

    static ApiError too_many_requests(std::int64_t limit) {
        return {429, "You've been rate limited for sending more than " + std::to_string(limit) +
                         " requests in 1m0s."};
    }

    /// Counts the request, adds the headers of rate limits to its answer, and returns the limit
    /// that is exceeded, if one is.
    std::optional<LimitState> count(Seen& seen) {
        if (!limits_.on()) return std::nullopt;
        const Match& match = seen.match;
        const auto states =
            limits_.count(seen.caller(), match.routes ? match.routes->front()->path : "*",
                          seen.route && seen.route->tight_limit, seen.now);
        if (!states) return std::nullopt;
        const auto add = [&](const char* name, std::int64_t value) {
            seen.headers.emplace_back(name, std::to_string(value));
        };
        add("X-RateLimit-Limit", states->tightest.limit);
        add("X-RateLimit-Remaining", states->tightest.remaining());
        add("X-RateLimit-Reset", states->tightest.reset());
        return states->exceeded;
    }

    Shared<SharedIdentity> signed_in(Seen& seen) {
        if (seen.checked->refusal) throw ApiError(*seen.checked->refusal);
        return login::sign_in(site_.backend, site_.providers,
                              {present_identity(seen), seen.checked->refresh_due}, seen.now,
                              provider_deadline(seen));
    }

    /// The identity that look() has found, which may have ended while the request waited. One whose
    /// provider token has to be renewed is read again after the renewal anyway.
    Shared<SharedIdentity> present_identity(Seen& seen) const {
        Shared<SharedIdentity> found = std::move(seen.checked->identity);
        if (!seen.waited || seen.checked->refresh_due) return found;
        return login::current_identity(site_.backend, *found, seen.now);
    }

    login::Deadline provider_deadline(const Seen& seen) const {
        return login::after(seen.arrived, options_.deadlines.provider);
    }

    /// Whether a person has followed a bad link to the web page.
    bool wants_page(const Seen& seen) const {
        const auto& segments = seen.url.segments;
        const bool api = segments.size() > 1 && segments[0] == "api" && segments[1] == "v2";
        return !site_.page_routes.empty() && !api && is_browser(seen);
    }

    /// Whether this may be a person whose login through a provider had no place to go back to.
    bool comes_from_login(const Seen& seen) const {
        const std::string& method = seen.request.method;
        return has_providers_ && seen.url.segments.empty() && is_browser(seen) &&
               (method == "GET" || method == "HEAD");
    }

    static bool is_browser(const Seen& seen) {
        return header(seen.request, "Accept").value_or("").find("text/html") != std::string::npos;
    }

    static void refuse_path(const Match& match, const Route* route) {
        if (!match.routes) throw ApiError(404, "Route not found.");
        if (!route) throw MethodNotAllowed(match.allow());
    }

    Site& site_;
    const Options& options_;
    const bool has_providers_;
    PathTree paths_;
    RateLimits limits_;
    std::vector<rules::Network> trusted_;
};

}}}  // namespace coder_users::v0::http
