// Internal: may change at any time.
// The functions of coder_users/testing_logins.hpp and the login by a browser of
// coder_users/testing.hpp.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/net/httplib.hpp"
#include "coder_users/internal/service/login_server.hpp"
#include "coder_users/internal/wire/provider_answers.hpp"
#include "coder_users/testing.hpp"

namespace coder_users { inline namespace v0 {

namespace service { namespace kit {

/// Throws std::invalid_argument when no browser could bring the refusal back.
inline void check_login(const testing::LoginRefusal& refusal) {
    if (refusal.error.empty()) throw std::invalid_argument("error: must not be empty");
}
inline void check_login(const testing::OidcLogin& who) {
    if (who.subject.empty()) throw std::invalid_argument("subject: must not be empty");
    for (const auto& [name, value] : who.claims)
        if (!value.empty() && !wire::is_json(value))
            throw std::invalid_argument("claims: " + name + " is not JSON");
}
inline void check_login(const testing::GithubLogin& who) {
    if (who.id <= 0) throw std::invalid_argument("id: must be positive");
    if (who.login.empty()) throw std::invalid_argument("login: must not be empty");
}
inline void check_login(std::monostate) {}

/// Cookies of one site and requests to it in the process.
class LoginBrowser {
 public:
    explicit LoginBrowser(Service& site) : site_(site) {}

    /// Sends GET and returns where the answer leads. Throws std::runtime_error when it does not.
    std::string follow(const std::string& target) {
        Request request;
        request.target = target;
        request.address = "127.0.0.1";
        if (!cookies_.empty()) request.headers = {{"Cookie", encoded_cookies()}};
        const Response answer = site_.handle(request);
        for (const auto& [name, value] : answer.headers)
            if (same_folded(name, "Set-Cookie")) take(value);
        return destination(answer);
    }
    std::string cookie(const std::string& name) const {
        const auto found = cookies_.find(name);
        return found == cookies_.end() ? "" : found->second;
    }
    /// The Location of a redirect.
    static std::string destination(const Response& answer) {
        for (const auto& [name, value] : answer.headers)
            if (same_folded(name, "Location")) return value;
        throw std::runtime_error("the login ended with status " + std::to_string(answer.status) +
                                 ": " + answer.body);
    }

 private:
    std::string encoded_cookies() const {
        std::string all;
        for (const auto& [name, value] : cookies_)
            all.append(all.empty() ? "" : "; ").append(name).append("=").append(value);
        return all;
    }
    void take(const std::string& cookie) {
        const std::size_t equals = cookie.find('=');
        cookies_[cookie.substr(0, equals)] =
            cookie.substr(equals + 1, cookie.find(';') - equals - 1);
    }

    Service& site_;
    std::map<std::string, std::string> cookies_;
};

}}  // namespace service::kit

namespace testing {

namespace kit = service::kit;

CODER_USERS_INLINE Logins Logins::start(std::function<Time()> now) {
    Logins logins;
    logins.server_ = std::make_shared<service::LoginServer>(std::move(now));
    return logins;
}

CODER_USERS_INLINE service::LoginServer& Logins::server() const {
    if (!server_) throw std::logic_error("these controls have no logins: Controls::with_logins()");
    return *server_;
}

CODER_USERS_INLINE void Logins::trusted_by(Options& options) const { server().trusted_by(options); }
CODER_USERS_INLINE void Logins::oidc(OidcLogin who) const {
    kit::check_login(who);
    server().oidc.set_next(std::move(who));
}
CODER_USERS_INLINE void Logins::github(GithubLogin who) const {
    kit::check_login(who);
    server().github.set_next(std::move(who));
}
CODER_USERS_INLINE void Logins::refuse_oidc(LoginRefusal refusal) const {
    kit::check_login(refusal);
    server().oidc.set_next(std::move(refusal));
}
CODER_USERS_INLINE void Logins::refuse_github(LoginRefusal refusal) const {
    kit::check_login(refusal);
    server().github.set_next(std::move(refusal));
}
CODER_USERS_INLINE NextLogins Logins::next() const {
    return {server().oidc.next(), server().github.next()};
}
CODER_USERS_INLINE void Logins::set_next(NextLogins next) const {
    const auto check = [](const auto& who) { kit::check_login(who); };
    std::visit(check, next.oidc);
    std::visit(check, next.github);
    server().oidc.set_next(std::move(next.oidc));
    server().github.set_next(std::move(next.github));
}

CODER_USERS_INLINE void Logins::forget_codes() const {
    server().oidc.forget_codes();
    server().github.forget_codes();
}

CODER_USERS_INLINE std::string log_in(Service& service, LoginType type) {
    kit::LoginBrowser browser(service);
    const std::string there =
        browser.follow(type == LoginType::github ? "/api/v2/users/oauth2/github/callback"
                                                 : "/api/v2/users/oidc/callback");
    const std::size_t path = there.find('/', there.find("//") + 2);
    Request request;
    request.target = there.substr(path);
    const std::string back =
        kit::LoginBrowser::destination(net::send_over_http(there.substr(0, path), request));
    browser.follow(back.substr(back.find('/', back.find("//") + 2)));
    return browser.cookie("coder_session_token");
}

}  // namespace testing
}}  // namespace coder_users::v0
