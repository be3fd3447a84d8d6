// Logging in at GitHub: from the code to the user behind it (docs/contract/external_login.md,
// "GitHub").
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/errors.hpp"
#include "coder_users/base/url.hpp"
#include "coder_users/format/json_members.hpp"
#include "coder_users/routes/oidc.hpp"
#include "coder_users/routes/provider.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

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
    GithubApi(ProviderAccess& access, std::string api, const std::string& token)
        : access_(access), api_(std::move(api)), authorization_("Bearer " + token) {}

    /// Throws ProviderFailure, also when the answer is not 200.
    format::Json get(const std::string& path) { return json_of(send(path)); }

    /// The elements of all pages of a list, of the first ten at most. Throws ProviderFailure.
    std::vector<format::Json> list(const std::string& path) {
        std::vector<format::Json> all;
        const char mark = path.find('?') == std::string::npos ? '?' : '&';
        for (int page = 1; page <= 10; ++page) {
            const ProviderAnswer answer =
                send(path + mark + "per_page=100&page=" + std::to_string(page));
            const format::Json json = json_of(answer);
            const auto* items = format::elements(&json);
            if (!items) throw ProviderFailure("the answer is not a list");
            all.insert(all.end(), items->begin(), items->end());
            if (answer.link.find("rel=\"next\"") == std::string::npos) break;
        }
        return all;
    }

 private:
    ProviderAnswer send(const std::string& path) {
        return access_.send(
            {"GET",
             api_ + path,
             {{"Accept", "application/vnd.github+json"}, {"Authorization", authorization_}}});
    }

    ProviderAccess& access_;
    const std::string api_, authorization_;
};

/// The allowed organizations of which the user is an active member. Throws ProviderFailure.
inline std::vector<std::string> allowed_memberships(const GithubOptions& options, GithubApi& api) {
    std::vector<std::string> found;
    const auto& allowed = options.allowed_orgs;
    const auto memberships = api.list("/user/memberships/orgs?state=active");
    for (const format::Json& membership : memberships) {
        const format::Json* organization = format::member(membership, "organization");
        if (!organization || format::text_member(membership, "state") != "active") continue;
        std::string name = format::text_member(*organization, "login").value_or("");
        if (std::find(allowed.begin(), allowed.end(), name) != allowed.end())
            found.push_back(std::move(name));
    }
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
            const format::Json membership = api.get(
                "/orgs/" + percent_encode(organization) + "/teams/" +
                percent_encode(team.substr(slash + 1)) + "/memberships/" + percent_encode(login));
            if (format::text_member(membership, "state") == "active") return true;
        } catch (const ProviderFailure&) {
            // GitHub does not tell a stranger whether a team exists.
        }
    }
    return false;
}

/// The address that is both primary and verified; "" when there is none. Throws ProviderFailure.
inline std::string primary_email(GithubApi& api) {
    const auto emails = api.list("/user/emails");
    for (const format::Json& email : emails)
        if (format::flag_member(email, "primary") && format::flag_member(email, "verified"))
            return format::text_member(email, "email").value_or("");
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

inline ProviderTokens github_tokens(const GithubOptions& options, ProviderAccess& access, Form form,
                                    Time now) {
    form.emplace_back("client_id", options.client_id);
    form.emplace_back("client_secret", options.client_secret);
    ProviderRequest request;
    request.url = github_addresses(options).base + "/login/oauth/access_token";
    request.body = encode_parameters(form);
    const TokenAnswer got = ask_for_tokens(access, std::move(request));
    return parse_tokens(got.answer, got.json, now);
}

/// Everything behind the provider's pages. Fills `user` as far as it gets; throws ApiError.
inline void find_github_user(const GithubOptions& options, ProviderAccess& access,
                             const ReturnedCode& returned, Time now, ExternalUser& user) {
    try {
        user.tokens = github_tokens(options, access,
                                    {{"grant_type", "authorization_code"},
                                     {"code", returned.code},
                                     {"redirect_uri", returned.redirect_uri},
                                     {"code_verifier", returned.pkce_verifier}},
                                    now);
    } catch (const ProviderFailure& failure) {
        throw exchange_failed(failure);
    }
    GithubApi api(access, github_addresses(options).api, user.tokens.access_token);
    std::vector<std::string> organizations;
    if (!options.allow_everyone) {
        organizations =
            or_refuse("Internal error fetching authenticated Github user organizations.",
                      [&] { return allowed_memberships(options, api); });
        if (organizations.empty())
            throw ApiError(401, "You aren't a member of the authorized Github organizations!");
    }
    const auto profile = or_refuse("Internal error fetching authenticated Github user.", [&] {
        auto json = api.get("/user");
        if (!format::text_member(json, "login")) throw ProviderFailure("the answer is not a user");
        return json;
    });
    user.username = format::text_member(profile, "login").value_or("");
    const std::int64_t id = format::integer_member(profile, "id").value_or(0);
    if (id != 0) user.linked_id = std::to_string(id);
    refuse_outsider(options, api, organizations, user.username);
    user.email = or_refuse("Internal error fetching personal Github user.",
                           [&] { return primary_email(api); });
    if (user.email.empty()) throw ApiError(400, "Your primary email must be verified on GitHub!");
    user.email_verified = true;
    if (id == 0)
        throw ApiError(500,
                       "The GitHub user ID is missing, this should never happen. Please report "
                       "this error.");
    user.avatar_url = format::text_member(profile, "avatar_url").value_or("");
}

}}}  // namespace coder_users::v0::routes
