// The login providers of the kit for tests: an OpenID provider and a GitHub that let in whom the
// test names. Included by coder_users/testing.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coder_users/config.hpp"
#include "coder_users/options.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 {

namespace service {
class LoginServer;
}

namespace testing {

class Server;

/// Who logs in at the OpenID provider, as its claims say it.
struct OidcLogin {
    std::string subject;                  ///< the claim `sub`, by which the account is known
    std::string email = {};               ///< "": there is no such claim; so for the next one
    std::string preferred_username = {};  ///< the name that a new user gets
    bool email_verified = true;
    /// More claims, and other values for those above and for `iss`, `aud`, `iat`, `exp` and
    /// `nonce`: name -> value as JSON text. "" leaves the claim out.
    std::map<std::string, std::string> claims = {};
};

/// Who logs in at GitHub.
struct GithubLogin {
    std::int64_t id = 0;     ///< the number by which the account is known
    std::string login = {};  ///< the name at GitHub
    std::string email = {};  ///< the primary address; "": there is none
    bool email_verified = true;
    std::string name = {};  ///< the full name; "": there is none
    std::string avatar_url = {};
    std::vector<std::string> orgs = {};   ///< organizations of which it is an active member
    std::vector<std::string> teams = {};  ///< "org/team-slug"
};

/// What the provider answers instead of letting somebody in, as RFC 6749 (4.1.2.1) names it.
struct LoginRefusal {
    std::string error = "access_denied";
    std::string description = {};
};

/// Who logs in next at each provider; std::monostate: nobody was named yet.
struct NextLogins {
    std::variant<std::monostate, OidcLogin, LoginRefusal> oidc = {};
    std::variant<std::monostate, GithubLogin, LoginRefusal> github = {};
};

/// An OpenID provider and a GitHub on one loopback port of their own. They let in, without a
/// question, whom the test names, and check of the server what real ones check: its secret, the
/// code, PKCE. Copies are the same providers, which end with the last copy. Any thread may use
/// them. Without start() there are none, and every other function throws std::logic_error.
class CODER_USERS_API Logins {
 public:
    /// Starts them. `now` is the clock by which their tokens are made. Throws std::runtime_error
    /// when there is no port, std::system_error when there are no threads.
    static Logins start(std::function<Time()> now);
    /// Returns whether there are any: Controls::with_logins() made them.
    bool started() const noexcept { return server_ != nullptr; }

    /// Sets the options by which a service trusts them: `oidc`, `github` with everybody let in, and
    /// `access_url`, unless there is one.
    void trusted_by(Options& options) const;

    /// From now on this user logs in at the OpenID provider. Throws std::invalid_argument when
    /// there is no subject, or a claim is not JSON.
    void oidc(OidcLogin who) const;
    /// From now on this user logs in at GitHub. Throws std::invalid_argument when `id` is not
    /// positive or there is no login.
    void github(GithubLogin who) const;
    /// From now on nobody logs in at the OpenID provider.
    void refuse_oidc(LoginRefusal refusal = {}) const;
    /// From now on nobody logs in at GitHub.
    void refuse_github(LoginRefusal refusal = {}) const;

    /// Who logs in next.
    NextLogins next() const;
    /// Sets both. Throws as oidc() and github().
    void set_next(NextLogins next) const;
    /// Nobody is named any more: the providers then show a page that says so.
    void forget() const { set_next({}); }

 private:
    friend class Server;

    service::LoginServer& server() const;
    void forget_codes() const;

    std::shared_ptr<service::LoginServer> server_;
};

}  // namespace testing

}}  // namespace coder_users::v0
