// A server with a login provider and a browser's cookies, and the checks that every refused login
// must pass.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "oidc_stand_in.hpp"
#include "people.hpp"

namespace coder_users_test {

/// The cookies of one browser for the server.
class CookieJar {
 public:
    CookieJar();
    CookieJar(const CookieJar&);
    CookieJar& operator=(const CookieJar&);
    ~CookieJar();

    void take(const Answer& answer);
    HeaderList headers() const;
    std::string operator[](const std::string& name) const;
    void set(const std::string& name, const std::string& value);
    void remove(const std::string& name);

 private:
    std::map<std::string, std::string> values_;
};

/// A login that has been started.
struct Flow {
    CookieJar cookies;
    std::string location;  ///< the URL to which the browser is sent
    /// Returns a parameter of that URL, decoded; "" when it is absent.
    std::string operator[](const std::string& name) const;
};

/// The query of a provider's way back, with the state of another login. Servers that share a
/// database take each state once.
std::string with_code_of(const std::string& query, const Flow& login);

/// A refusal of type Response. A `detail` of "" means none; one that ends in "*" is compared up to
/// there.
struct Refusal {
    ~Refusal();
    int status;
    std::string message;
    std::string detail = {};
    std::string audit = {};  ///< the entry it adds, "type|action|target|status"; "": none
};

inline const std::string untrusted = "Failed to verify OIDC token.";
inline const std::string not_exchanged = "Internal error exchanging Oauth code.";

Refusal refusal(int status, const std::string& message, const std::string& detail = "");

void check_response(const Answer& answer, const Refusal& expected);

/// A refusal that browsers show.
void check_page(const Answer& answer, int status, const std::string& title, std::string text);

/// Checks that the cookies of the login are deleted and no session is given.
void check_cookies_cleared(const Answer& answer, bool oidc = true);
void check_no_session(const Answer& answer);

/// A world with one login provider, reached at `callback`.
class LoginWorld {
 public:
    LoginWorld(std::string callback, const coder_users::Options& options);
    ~LoginWorld();

    /// Starts a login. `query` is empty or begins with "?".
    Answer ask(const std::string& query, const HeaderList& headers = {}) const;
    Flow begin(const std::string& query = "") const;
    Flow begin(const std::string& query, CookieJar cookies, const HeaderList& headers = {}) const;
    /// Comes back from the provider, with the browser's cookies.
    Answer back(const Flow& flow, const std::string& query) const;

    /// Checks that `login()` is refused, deletes the cookies, and leaves only an audit entry.
    Answer check_refused(const Refusal& expected, const std::function<Answer()>& login) const;
    void check_page_refused(const std::string& title, const std::string& text,
                            const std::function<Answer()>& login) const;

    /// The newest user as "username|email|login_type|status|avatar".
    std::string newest_user() const;
    std::string count(const std::string& table) const;

 private:
    void check_left(const Answer& answer, const std::string& before, const std::string& entry,
                    const std::string& audit) const;

    std::string callback_;

 public:
    World world;
};

using ChangeOptions = std::function<void(coder_users::Options&)>;

coder_users::Options with_oidc(const OidcStandIn& provider, const ChangeOptions& change);

/// The stand-in and a server that trusts it.
struct OidcWorld {
    OidcWorld();
    explicit OidcWorld(const ChangeOptions& change);
    ~OidcWorld();

    Answer log_in(const std::string& query = "");
    /// Logs in while `change` has changed the provider's face.
    Answer log_in_with(const std::function<void(OidcFace&)>& change);
    Answer log_in_as(const Members& claims);
    void check_refused(const Refusal& expected, const std::function<void(OidcFace&)>& change);
    void check_good();
    void check_good(const std::function<void(OidcFace&)>& change);

    OidcStandIn provider;
    LoginWorld login;
    World& world = login.world;
};

/// The session token that an answer sets; "" when it sets none.
std::string session_of(const Answer& answer);

}  // namespace coder_users_test
