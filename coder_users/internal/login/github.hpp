// Internal: may change at any time.
// Logging in at GitHub: finds out which user a code stands for (docs/contract/external_login.md,
// "GitHub").
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/logged_failure.hpp"
#include "coder_users/internal/base/provider.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/login/provider.hpp"
#include "coder_users/internal/rules/provider_user.hpp"
#include "coder_users/internal/wire/provider_documents.hpp"
#include "coder_users/options.hpp"

namespace coder_users { inline namespace v0 { namespace login {

/// Where GitHub is, without a slash at the end.
struct GithubAddresses {
    std::string base, api;
};

inline GithubAddresses github_addresses(const GithubOptions& options) {
    std::string base = options.enterprise_base_url;
    while (!base.empty() && base.back() == '/') base.pop_back();
    if (base.empty()) return {"https://github.com", "https://api.github.com"};
    return {base, base + "/api/v3"};
}

/// GitHub's API in the name of one user.
class GithubApi {
 public:
    GithubApi(const ProviderCalls& calls, std::string api, const std::string& token)
        : calls_(calls), api_(std::move(api)), authorization_("Bearer " + token) {}

    /// Throws ProviderFailure when no answer came.
    ProviderAnswer get(const std::string& path) {
        return calls_.send(
            {"GET",
             api_ + path,
             {{"Accept", "application/vnd.github+json"}, {"Authorization", authorization_}}});
    }

    /// What `read` makes of all pages of a list, of the first ten at most. Throws ProviderFailure.
    template <class Value>
    std::vector<Value> list(const std::string& path,
                            std::vector<Value> (*read)(const ProviderAnswer&)) {
        std::vector<Value> all;
        const char mark = path.find('?') == std::string::npos ? '?' : '&';
        for (int page = 1; page <= 10; ++page) {
            const ProviderAnswer answer =
                get(path + mark + "per_page=100&page=" + std::to_string(page));
            std::vector<Value> values = read(answer);
            for (Value& each : values) all.push_back(std::move(each));
            if (answer.link.find("rel=\"next\"") == std::string::npos) break;
        }
        return all;
    }

 private:
    const ProviderCalls& calls_;
    const std::string api_, authorization_;
};

/// The allowed organizations of which the user is an active member. Throws ProviderFailure.
inline std::vector<std::string> allowed_memberships(const GithubOptions& options, GithubApi& api) {
    std::vector<std::string> found;
    const auto& allowed = options.allowed_orgs;
    const auto memberships =
        api.list("/user/memberships/orgs?state=active", wire::read_github_memberships);
    for (const GithubMembership& each : memberships)
        if (each.active &&
            std::find(allowed.begin(), allowed.end(), each.organization) != allowed.end())
            found.push_back(each.organization);
    return found;
}

/// Whether the user is an active member of one allowed team in these organizations.
inline bool in_allowed_team(const GithubOptions& options, GithubApi& api,
                            const std::vector<std::string>& organizations,
                            const std::string& login) {
    for (const std::string& team : options.allowed_teams) {
        const std::size_t slash = team.find('/');
        const std::string organization = team.substr(0, slash);
        if (std::find(organizations.begin(), organizations.end(), organization) ==
            organizations.end())
            continue;
        try {
            const ProviderAnswer answer = api.get(
                "/orgs/" + percent_encode(organization) + "/teams/" +
                percent_encode(team.substr(slash + 1)) + "/memberships/" + percent_encode(login));
            if (wire::read_github_team_membership(answer)) return true;
        } catch (const ProviderFailure&) {
            // GitHub does not tell a stranger whether a team exists.
        }
    }
    return false;
}

/// The address that is both primary and verified; "" when there is none. Throws ProviderFailure.
inline std::string primary_email(GithubApi& api) {
    const auto emails = api.list("/user/emails", wire::read_github_emails);
    for (const GithubEmail& each : emails)
        if (each.primary && each.verified) return each.address;
    return {};
}

/// Runs `step`; what the provider does wrong in it is this refusal.
template <class Step>
auto or_refuse(const char* message, Step&& step) {
    try {
        return step();
    } catch (const ProviderFailure& failure) {
        throw LoggedFailure(message, failure.what());
    }
}

/// docs/contract/external_login.md, "GitHub", step 3: whether this member of organizations and
/// teams may log in.
inline void refuse_outsider(const GithubOptions& options, GithubApi& api,
                            const std::vector<std::string>& organizations,
                            const std::string& login) {
    if (options.allowed_teams.empty() || options.allow_everyone ||
        in_allowed_team(options, api, organizations, login))
        return;
    throw ApiError(401, "You aren't a member of an authorized team in the [" +
                            join(organizations, " ") + "] Github organization(s)!");
}

/// Asks the token endpoint, to which the client proves itself with its secret. Throws
/// ProviderFailure.
inline TokenAnswer ask_github_for_tokens(const GithubOptions& options, const ProviderCalls& calls,
                                         Form form, Time now) {
    form.emplace_back("client_id", options.client_id);
    form.emplace_back("client_secret", options.client_secret);
    ProviderRequest request;
    request.url = github_addresses(options).base + "/login/oauth/access_token";
    request.body = encode_parameters(form);
    return ask_for_tokens(calls, std::move(request), now);
}

/// Fills `user` as far as it gets, since refusals are recorded about it. Throws ApiError.
inline void find_github_user(const GithubOptions& options, const ProviderCalls& calls,
                             const ReturnedCode& returned, Time now, ExternalUser& user) {
    try {
        user.tokens = ask_github_for_tokens(options, calls, exchange_form(returned), now).tokens;
    } catch (const ProviderFailure& failure) {
        throw exchange_failed(failure);
    }
    GithubApi api(calls, github_addresses(options).api, user.tokens.access_token);
    std::vector<std::string> organizations;
    if (!options.allow_everyone) {
        organizations =
            or_refuse("Internal error fetching authenticated Github user organizations.",
                      [&] { return allowed_memberships(options, api); });
        if (organizations.empty())
            throw ApiError(401, "You aren't a member of the authorized Github organizations!");
    }
    const GithubUser profile = or_refuse("Internal error fetching authenticated Github user.",
                                         [&] { return wire::read_github_user(api.get("/user")); });
    user.username = profile.login;
    if (profile.id != 0) user.linked_id = std::to_string(profile.id);
    refuse_outsider(options, api, organizations, user.username);
    std::string email = or_refuse("Internal error fetching personal Github user.",
                                  [&] { return primary_email(api); });
    if (email.empty()) throw ApiError(400, "Your primary email must be verified on GitHub!");
    user.email = taken_email(std::move(email));
    user.email_verified = true;
    if (profile.id == 0)
        throw ApiError(500,
                       "The GitHub user ID is missing, this should never happen. Please report "
                       "this error.");
    user.name = rules::acceptable_name(profile.name);
    user.avatar_url = rules::acceptable_avatar(profile.avatar_url);
}

}}}  // namespace coder_users::v0::login
