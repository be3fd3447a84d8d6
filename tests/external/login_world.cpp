#include "login_world.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace coder_users_test {

CookieJar::CookieJar() = default;
CookieJar::CookieJar(const CookieJar&) = default;
CookieJar& CookieJar::operator=(const CookieJar&) = default;
CookieJar::~CookieJar() = default;

void CookieJar::take(const Answer& answer) {
    for (const std::string& cookie : answer.all("set-cookie")) {
        const std::size_t equals = cookie.find('='), end = cookie.find(';');
        const std::string name = cookie.substr(0, equals);
        if (cookie.find("; Max-Age=0") != std::string::npos)
            values_.erase(name);
        else
            values_[name] = cookie.substr(equals + 1, end - equals - 1);
    }
}
HeaderList CookieJar::headers() const {
    std::string all;
    for (const auto& [name, value] : values_) all += (all.empty() ? "" : "; ") + name + "=" + value;
    if (all.empty()) return {};
    return {{"Cookie", all}};
}
std::string CookieJar::operator[](const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? "" : found->second;
}
void CookieJar::set(const std::string& name, const std::string& value) { values_[name] = value; }
void CookieJar::remove(const std::string& name) { values_.erase(name); }

std::string Flow::operator[](const std::string& name) const {
    const auto query = parse_form(location.substr(location.find('?') + 1));
    const auto found = query.find(name);
    return found == query.end() ? "" : found->second;
}

std::string with_code_of(const std::string& query, const Flow& login) {
    return query.substr(0, query.find('&')) + "&state=" + login["state"];
}

Refusal::~Refusal() = default;

Refusal refusal(int status, const std::string& message, const std::string& detail) {
    const bool recorded = status < 500;
    return {status, message, detail, recorded ? "api_key|login||" + std::to_string(status) : ""};
}

void check_response(const Answer& answer, const Refusal& expected) {
    CHECK(answer.status == expected.status);
    CHECK(answer.header("content-type") == "application/json; charset=utf-8");
    const Value body = parse(answer.body.empty() ? "null" : answer.body);
    CHECK(body["message"].text() == expected.message);
    const std::string detail = body.has("detail") ? body["detail"].text() : "";
    if (expected.detail.empty() || expected.detail.back() != '*') {
        CHECK(detail == expected.detail);
    } else {
        const std::string prefix = expected.detail.substr(0, expected.detail.size() - 1);
        CHECK(detail.substr(0, prefix.size()) == prefix);
        CHECK(detail.size() > prefix.size());
    }
    CHECK_FALSE(body.has("validations"));
}

void check_page(const Answer& answer, int status, const std::string& title, std::string text) {
    CHECK(answer.status == status);
    CHECK(answer.header("content-type") == "text/html; charset=utf-8");
    CHECK(answer.header("x-content-type-options") == "nosniff");
    CHECK(answer.header("cache-control") == "no-store");
    CHECK(
        coder_users::starts_with(answer.header("content-security-policy"), "default-src 'none';"));
    CHECK(answer.header("referrer-policy") == "no-referrer");
    std::string page = answer.body;
    for (const std::string markup : {"<script", "javascript:", "onerror", "<img"})
        CHECK(page.find(markup) == std::string::npos);
    for (const auto& [escape, plain] : {std::pair<std::string, std::string>{"&#34;", "\""},
                                        {"&quot;", "\""},
                                        {"&#39;", "'"},
                                        {"&lt;", "<"},
                                        {"&gt;", ">"},
                                        {"&amp;", "&"}})
        for (std::size_t at = 0; (at = page.find(escape, at)) != std::string::npos; ++at)
            page.replace(at, escape.size(), plain);
    CHECK_THAT(page, Catch::Matchers::ContainsSubstring("<title>" + title));
    CHECK_THAT(page, Catch::Matchers::ContainsSubstring(">" + text + "<"));
    CHECK_THAT(page, Catch::Matchers::ContainsSubstring("href=\"/login\""));
}

void check_cookies_cleared(const Answer& answer, bool oidc) {
    const auto cookies = answer.all("set-cookie");
    const auto has = [&](const std::string& text) {
        return std::find(cookies.begin(), cookies.end(), text) != cookies.end();
    };
    for (const std::string name : {"oauth_state", "oauth_redirect", "oauth_pkce_verifier"})
        CHECK(has(name + "=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"));
    CHECK(has("oauth_nonce=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0") == oidc);
}

void check_no_session(const Answer& answer) {
    for (const std::string& cookie : answer.all("set-cookie"))
        CHECK(cookie.find("coder_session_token=") == std::string::npos);
}

LoginWorld::LoginWorld(std::string callback, const coder_users::Options& options)
    : callback_(std::move(callback)), world(options) {}
LoginWorld::~LoginWorld() = default;

Answer LoginWorld::ask(const std::string& query, const HeaderList& headers) const {
    return world.server.send("GET", callback_ + query, "", "", headers);
}
Flow LoginWorld::begin(const std::string& query) const { return begin(query, CookieJar()); }
Flow LoginWorld::begin(const std::string& query, CookieJar cookies,
                       const HeaderList& headers) const {
    const Answer answer = ask(query, headers);
    REQUIRE(answer.status == 307);
    cookies.take(answer);
    return {std::move(cookies), answer.header("location")};
}
Answer LoginWorld::back(const Flow& flow, const std::string& query) const {
    return ask("?" + query, flow.cookies.headers());
}

Answer LoginWorld::check_refused(const Refusal& expected,
                                 const std::function<Answer()>& login) const {
    const std::string before = world.snapshot(), entry = world.last_entry();
    const Answer answer = login();
    check_response(answer, expected);
    check_left(answer, before, entry, expected.audit);
    return answer;
}
void LoginWorld::check_page_refused(const std::string& title, const std::string& text,
                                    const std::function<Answer()>& login) const {
    const std::string before = world.snapshot(), entry = world.last_entry();
    const Answer answer = login();
    check_page(answer, 403, title, text);
    check_left(answer, before, entry, "api_key|login||403");
}

std::string LoginWorld::newest_user() const {
    return world.sql(
        "SELECT username, email, login_type, status, avatar_url FROM users "
        "ORDER BY number DESC LIMIT 1");
}
std::string LoginWorld::count(const std::string& table) const {
    return world.sql("SELECT count(*) FROM " + table);
}

void LoginWorld::check_left(const Answer& answer, const std::string& before,
                            const std::string& entry, const std::string& audit) const {
    check_cookies_cleared(answer, callback_.find("oidc") != std::string::npos);
    check_no_session(answer);
    CHECK((world.snapshot() == before));  // too long to be shown
    CHECK(world.entries_since(entry) == audit);
}

coder_users::Options with_oidc(const OidcStandIn& provider, const ChangeOptions& change) {
    coder_users::Options options;
    options.access_url = "http://coder.example";
    options.oidc.issuer_url = provider.url();
    options.oidc.client_id = "client";
    options.oidc.client_secret = "client secret+%";
    if (change) change(options);
    return options;
}

OidcWorld::OidcWorld() : OidcWorld(ChangeOptions()) {}
OidcWorld::OidcWorld(const ChangeOptions& change)
    : login("/users/oidc/callback", with_oidc(provider, change)) {}
OidcWorld::~OidcWorld() = default;

Answer OidcWorld::log_in(const std::string& query) {
    const Flow flow = login.begin(query);
    return login.back(flow, provider.authorize(flow.location));
}
Answer OidcWorld::log_in_with(const std::function<void(OidcFace&)>& change) {
    OidcFace face = provider.good();
    change(face);
    provider.show(face);
    return log_in();
}
Answer OidcWorld::log_in_as(const Members& claims) {
    return log_in_with([&](OidcFace& face) { face.claims = changed(face.claims, claims); });
}
void OidcWorld::check_refused(const Refusal& expected,
                              const std::function<void(OidcFace&)>& change) {
    login.check_refused(expected, [&] { return log_in_with(change); });
}
void OidcWorld::check_good() {
    check_good([](OidcFace&) {});
}
void OidcWorld::check_good(const std::function<void(OidcFace&)>& change) {
    const Answer answer = log_in_with(change);
    CHECK(answer.status == 307);
    CHECK(answer.body.find("message") == std::string::npos);
}

std::string session_of(const Answer& answer) {
    CookieJar jar;
    jar.take(answer);
    return jar["coder_session_token"];
}

}  // namespace coder_users_test
