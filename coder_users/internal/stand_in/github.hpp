// Internal: may change at any time.
// A stand-in for GitHub, for tests, with the answers of its documented API and without a login
// page. It is an Enterprise server, so its API is under /api/v3.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/request.hpp"
#include "coder_users/internal/rules/jwt.hpp"
#include "coder_users/internal/stand_in/authorization.hpp"
#include "coder_users/internal/stand_in/next_login.hpp"
#include "coder_users/internal/wire/provider_answers.hpp"
#include "coder_users/testing_logins.hpp"

namespace coder_users { inline namespace v0 { namespace stand_in {

struct GithubSettings {
    std::string base;  ///< its URL
    Client client;
};

/// Paths below the base: /login/oauth/authorize, /login/oauth/access_token, /api/v3/…. Any thread
/// may call it. A test of logins breaks it by other protected functions, of which only one runs at
/// a time.
class GithubStandIn : public NextLogin<decltype(testing::NextLogins::github)> {
 public:
    using Who = testing::GithubLogin;

    explicit GithubStandIn(GithubSettings settings) : settings_(std::move(settings)) {}

    /// Codes and tokens that were given out are good no more.
    void forget_codes() {
        const std::lock_guard<std::mutex> lock(mutex_);
        grants_.clear();
        tokens_.clear();
    }

    /// `path` is what follows the base.
    Response answer(const Request& request, std::string_view path) {
        constexpr std::string_view api = "/api/v3";
        const std::lock_guard<std::mutex> lock(mutex_);
        if (path == "/login/oauth/authorize") return authorize(request);
        if (header(request, "User-Agent").value_or("").empty())
            return error(403, "Request forbidden by administrative rules.");
        if (path == "/login/oauth/access_token") return exchange(request);
        if (!starts_with(path, api)) return error(404, "Not Found");
        const auto found = tokens_.find(bearer_token(request));
        if (found == tokens_.end()) return error(401, "Bad credentials");
        return resource(found->second, request, path.substr(api.size()));
    }

 protected:
    /// A list: the JSON array of each page.
    using Pages = std::vector<std::string>;

    virtual std::string user(const Who& who) { return wire::github_user(who); }
    virtual Pages emails(const Who& who) { return {wire::github_emails(who)}; }
    virtual Pages memberships(const Who& who) { return {wire::github_memberships(who)}; }
    /// The state of the membership in a team, "org/team-slug"; "" when there is none.
    virtual std::string team_state(const Who& who, const std::string& team) {
        for (const std::string& each : who.teams)
            if (each == team) return "active";
        return "";
    }

 private:
    struct Grant {
        Who who;
        std::string challenge;
    };

    static Response error(int status, std::string_view message) {
        return json_answer(wire::github_error(message), status);
    }

    Response authorize(const Request& request) {
        const auto asked =
            read_authorization(request, settings_.client, "/users/oauth2/github/callback");
        if (!asked) return not_for_us();
        if (const auto* refused = std::get_if<testing::LoginRefusal>(&next_))
            return send_back_refused(*asked, *refused);
        const auto* who = std::get_if<Who>(&next_);
        if (!who) return nobody_named("GitHub", "github");
        const std::string code = "gh-code-" + std::to_string(++made_);
        grants_[code] = {*who, asked->challenge};
        return send_back_with_code(*asked, code);
    }

    /// Exchanges the code. As GitHub does, it reports errors with 200, and answers a form unless
    /// JSON is asked for.
    Response exchange(const Request& request) {
        const Url form = form_in(request);
        const auto found = grants_.find(form.parameter("code").value_or(""));
        const auto verifier = form.parameter("code_verifier").value_or("");
        if (found == grants_.end() || found->second.challenge != rules::pkce_challenge(verifier))
            return exchanged(request, {{"error", "bad_verification_code"}});
        const Who who = std::move(found->second.who);
        grants_.erase(found);
        if (!comes_from(settings_.client, request, form))
            return exchanged(request, {{"error", "incorrect_client_credentials"}});
        const std::string token = "gho_" + std::to_string(++made_);
        tokens_[token] = who;
        return exchanged(request, {{"access_token", token},
                                   {"token_type", "bearer"},
                                   {"scope", "read:org,read:user,user:email"}});
    }
    static Response exchanged(const Request& request,
                              const std::map<std::string, std::string>& members) {
        if (header(request, "Accept").value_or("").find("application/json") ==
            std::string_view::npos)
            return {200,
                    {{"Content-Type", "application/x-www-form-urlencoded"}},
                    encode_parameters(members)};
        wire::RawMembers json;
        for (const auto& [name, value] : members) json[name] = wire::json_of(value);
        return json_answer(wire::json_of(json));
    }

    Response resource(const Who& who, const Request& request, std::string_view path) {
        if (path == "/user") return json_answer(user(who));
        if (path == "/user/emails") return page(emails(who), request, path);
        if (path == "/user/memberships/orgs") return page(memberships(who), request, path);
        // /orgs/{org}/teams/{team}/memberships/{login}
        const Url url = parse_url(path).value_or(Url());
        const auto& part = url.segments;
        if (part.size() == 6 && part[0] == "orgs" && part[2] == "teams" &&
            part[4] == "memberships" && part[5] == who.login) {
            const std::string state = team_state(who, part[1] + '/' + part[3]);
            if (!state.empty())
                return json_answer(wire::json_of(wire::RawMembers{
                    {"role", wire::json_of("member")}, {"state", wire::json_of(state)}}));
        }
        return error(404, "Not Found");
    }

    /// A page of a list, with the Link field that names the next.
    Response page(const Pages& pages, const Request& request, std::string_view path) const {
        const Url url = parse_url(request.target).value_or(Url());
        const std::string given = url.parameter("page").value_or("1");
        for (std::size_t i = 0; i < pages.size(); ++i) {
            if (std::to_string(i + 1) != given) continue;
            Response response = json_answer(pages[i]);
            if (i + 1 < pages.size())
                response.headers.emplace_back(
                    "Link", "<" + settings_.base + "/api/v3" + std::string(path) +
                                "?per_page=100&page=" + std::to_string(i + 2) + ">; rel=\"next\"");
            return response;
        }
        return json_answer("[]");
    }

    const GithubSettings settings_;
    std::map<std::string, Grant> grants_;  // by code
    std::map<std::string, Who> tokens_;
    int made_ = 0;
};

}}}  // namespace coder_users::v0::stand_in
