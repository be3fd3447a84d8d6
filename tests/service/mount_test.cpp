// The API mounted on a host's own httplib::Server with its own settings.
#include <httplib.h>

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host_server.hpp"
#include "people.hpp"

using namespace coder_users_test;
using coder_users::ApiError;
using coder_users::Options;
using coder_users::Service;

namespace {

/// Newer versions of cpp-httplib refuse some requests themselves, without a body.
#ifdef CPPHTTPLIB_VERSION_NUM
constexpr bool refuses_itself = true;
#else
constexpr bool refuses_itself = false;
#endif

/// A host's server with a route of its own.
class Site {
 public:
    explicit Site(const std::function<void(httplib::Server&)>& set_up)
        : host_([&](httplib::Server& server) {
              server.set_keep_alive_timeout(60);
              // A newer cpp-httplib waits for a body that a handler has not read.
              server.set_read_timeout(1);
              set_up(server);
              server.Get("/hello", [](const httplib::Request&, httplib::Response& out) {
                  out.set_content("of the host", "text/plain");
              });
          }) {}

    Answer send(const std::string& method, const std::string& target, const std::string& token = "",
                const std::string& body = "", HeaderList headers = {}) const {
        if (!token.empty()) headers.emplace_back("Coder-Session-Token", token);
        return request(port(), method, target, headers, body);
    }
    /// Sends raw bytes. Returns the answer, and whether the connection ends after it.
    std::pair<Answer, bool> exchange(const std::string& bytes) const {
        RawClient client(port());
        client.send(bytes);
        Answer answer = client.read();
        return {answer, client.at_end_by(std::chrono::seconds(5))};
    }
    int port() const { return host_.port(); }

 private:
    HostServer host_;
};

Options host_options() {
    Options options = in_memory();
    options.disable_rate_limits = true;
    return options;
}

const std::string first_user =
    R"({"email":"owner@example.org","username":"owner","password":")" + good_password + "\"}";
const std::string credentials =
    R"({"email":"owner@example.org","password":")" + good_password + "\"}";

std::string log_in(const Site& site, const std::string& prefix) {
    CHECK(site.send("POST", prefix + "/users/first", "", first_user).status == 201);
    const Answer answer = site.send("POST", prefix + "/users/login", "", credentials);
    REQUIRE(answer.status == 201);
    return parse(answer.body)["session_token"].text();
}

}  // namespace

TEST_CASE("mounted at any prefix the API answers beside the host's own routes") {
    const std::string prefix = GENERATE("/api/v2", "/accounts", "/a.b/v1", "/x/y/z/w");
    CAPTURE(prefix);
    Service users = coder_users::open(host_options());
    CHECK(users.url().empty());
    const Site site([&](httplib::Server& server) { users.mount(server, prefix); });
    const std::string token = log_in(site, prefix);
    CHECK(site.send("GET", "/hello").body == "of the host");
    CHECK(site.send("GET", prefix).status == 200);
    CHECK(site.send("GET", prefix + "/").status == 200);
    const Answer me = site.send("GET", prefix + "/users/me?x=1", token);
    CHECK(me.status == 200);
    CHECK(parse(me.body)["username"].text() == "owner");
    CHECK(me.header("content-type") == "application/json; charset=utf-8");
    CHECK(me.header("x-content-type-options") == "nosniff");
    CHECK(me.header("cache-control") == "no-store");
    CHECK(site.send("GET", prefix + "/users/me").body == no_session);
    CHECK(site.send("GET", prefix + "/users/%zz", token).status == 400);
    CHECK(site.send("GET", prefix + "/users/a%2Fb", token).body == no_user("a/b"));
    CHECK(site.send("GET", prefix + "/nowhere").body == route_not_found);
    CHECK(site.send("PATCH", prefix + "/users/me", token, "{}").status == 405);
    CHECK(site.send("PUT", prefix + "/users/me/profile", token, R"({"username":"ada"})").status ==
          200);
    CHECK(site.send("PUT", prefix + "/users/me/profile", token, R"({"username":"-"})").status ==
          400);
    CHECK(site.send("POST", prefix + "/users/me/keys", token).status == 201);
    const Answer key = site.send("POST", prefix + "/users/me/keys/tokens", token, "{}");
    REQUIRE(key.status == 201);
    const std::string id = parse(key.body)["key"].text().substr(0, 10);
    const Answer gone = site.send("DELETE", prefix + "/users/me/keys/" + id, token);
    CHECK(gone.status == 204);
    CHECK(gone.body.empty());
    CHECK(site.send("DELETE", prefix + "/users/me/keys/" + id, token, "{}").status == 404);
    CHECK(site.send("OPTIONS", prefix + "/users").status == 204);
    const Value description = parse(site.send("GET", prefix + "/openapi.json").body);
    CHECK(description["servers"][0]["url"].text() == prefix);
    CHECK(description["paths"].has("/users/{user}"));
    CHECK(site.send("GET", "/healthz").status == 404);  // the host's own path
    const Answer out = site.send("POST", prefix + "/users/logout", token);
    CHECK(out.status == 200);
    CHECK(out.header("set-cookie").find("coder_session_token=;") == 0);
}

TEST_CASE("HEAD, ranges, content types and unreadable requests are as without the host") {
    Service users = coder_users::open(host_options());
    const Site site([&](httplib::Server& server) { users.mount(server); });
    const std::string token = log_in(site, "/api/v2");
    const std::string whole = site.send("GET", "/api/v2/users/me", token).body;
    CHECK(site.send("GET", "/api/v2/users/me", token, "", {{"Range", "bytes=0-3"}}).status == 200);
    CHECK(site.send("GET", "/api/v2/users/me", token, "", {{"Range", "bytes=0-3"}}).body == whole);
    const Answer head = site.send("HEAD", "/api/v2/users/me", token);
    CHECK(head.status == 200);
    CHECK(head.header("content-length") == std::to_string(whole.size()));
    for (const char* type : {"multipart/form-data; boundary=x", "multipart/form-data",
                             "application/x-www-form-urlencoded", "text/plain"})
        CHECK(site.send("POST", "/api/v2/users/login", "", credentials, {{"Content-Type", type}})
                  .status == 201);
    const std::string padding(20'000, ' ');
    CHECK(site.send("POST", "/api/v2/users/login", "", credentials + padding,
                    {{"Content-Type", "application/x-www-form-urlencoded"}})
              .status == 201);

    const auto check_closes = [&](const std::string& bytes, int status) {
        CAPTURE(bytes.substr(0, 200));
        const auto [answer, closed] = site.exchange(bytes);
        CHECK(answer.status == status);
        if (refuses_itself && answer.body.empty()) return;
        CHECK(parse(answer.body).has("message"));
        CHECK(closed);
    };
    const std::string post = "POST /api/v2/users/login HTTP/1.1\r\n";
    const std::string hidden = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
    check_closes(post + "Host: x\r\nContent-Length: 1\r\nContent-Length: 40\r\n\r\n" + hidden, 400);
    check_closes(post + "Content-Length: 2\r\n\r\n{}", 400);  // no Host
    check_closes(post + "Host: x\r\nHost: y\r\nContent-Length: 2\r\n\r\n{}", 400);
    check_closes(post + "Host: x\r\nX-A: %0d%0aX-B: 1\r\nContent-Length: 2\r\n\r\n{}", 400);
    check_closes(post + "Host: x\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415);
    check_closes(post + "Host: x\r\nContent-Length: 2000000\r\n\r\n" + std::string(70'000, 'x'),
                 413);
    RawClient client(site.port());
    client.send(post + "Host: x\r\n\r\n");  // no length at all: no body
    CHECK(client.read().status == 400);
    if (refuses_itself) return;
    // The connection stays open, also after a URL that cannot be decoded.
    client.send("POST /api/v2/users/%zz HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    CHECK(parse(client.read().body)["message"].text() == "Request URL is not valid.");
    client.send(post + "Host: x\r\n\r\n");
    CHECK(client.read().status == 400);
}

TEST_CASE("a host keeps its own handlers, and its limits hold for us") {
    Service users = coder_users::open(host_options());
    std::atomic<int> errors{0}, routed{0}, logged{0};
    const Site site([&](httplib::Server& server) {
        server.set_error_handler([&](const httplib::Request&, httplib::Response& out) {
            ++errors;
            if (out.body.empty() && !out.has_header("Content-Type"))
                out.set_content("error page of the host", "text/html");
        });
        server.set_exception_handler(
            [](const httplib::Request&, httplib::Response& out, std::exception_ptr) {
                out.status = 500;
                out.set_content("exception page of the host", "text/html");
            });
        server.set_pre_routing_handler([](const httplib::Request& in, httplib::Response& out) {
            out.set_header("X-Host", "1");
            if (in.path != "/api/v2/closed") return httplib::Server::HandlerResponse::Unhandled;
            out.status = 403;
            out.set_content("closed by the host", "text/plain");
            return httplib::Server::HandlerResponse::Handled;
        });
        server.set_post_routing_handler(
            [&](const httplib::Request&, httplib::Response&) { ++routed; });
        server.set_logger([&](const httplib::Request&, const httplib::Response&) { ++logged; });
        server.set_payload_max_length(1000);
        server.Get("/throws", [](const httplib::Request&, httplib::Response&) {
            throw std::runtime_error("of the host");
        });
        users.mount(server);
    });
    const std::string token = log_in(site, "/api/v2");
    const Answer mine = site.send("GET", "/api/v2/users/nobody", token);
    CHECK(mine.status == 404);
    CHECK(mine.body == no_user("nobody"));
    CHECK(mine.header("x-host") == "1");
    CHECK(errors == 1);
    CHECK(site.send("GET", "/nothing").body == "error page of the host");
    CHECK(site.send("GET", "/throws").body == "exception page of the host");
    CHECK(site.send("GET", "/api/v2/closed", token).body == "closed by the host");
    const Answer large =
        site.send("POST", "/api/v2/users/login", "", credentials + std::string(2'000, ' '));
    CHECK(large.status == 413);
    CHECK(large.body == (refuses_itself ? "" : message("Request body is too large.")));
    CHECK(site.send("POST", "/api/v2/users/login", token, credentials).status == 201);
    CHECK(routed > 0);
    CHECK(eventually([&] { return logged == routed; }));  // it logs after it has answered
}

TEST_CASE("a host finds out who calls its own routes") {
    Service users = coder_users::open(host_options());
    const Site site([&](httplib::Server& server) {
        users.mount(server);
        server.Get("/mine", [&](const httplib::Request& in, httplib::Response& out) {
            try {
                out.set_content(users.authenticate(in).user.username, "text/plain");
            } catch (const ApiError& error) {
                out.status = error.status();
                out.set_content(error.message(), "text/plain");
            }
        });
        server.Post("/mine", [&](const httplib::Request& in, httplib::Response& out) {
            try {
                users.authenticate(in);
            } catch (const ApiError& error) {
                out.status = error.status();
            }
        });
    });
    const std::string token = log_in(site, "/api/v2");
    CHECK(site.send("GET", "/mine", token).body == "owner");
    CHECK(site.send("GET", "/mine", "", "", {{"Cookie", "coder_session_token=" + token}}).body ==
          "owner");
    CHECK(site.send("GET", "/mine").status == 401);
    CHECK(site.send("POST", "/mine", "", "",
                    {{"Cookie", "coder_session_token=" + token}, {"Origin", "http://evil.example"}})
              .status == 403);
}

TEST_CASE("a mounted service is served by all threads of the host, and may listen itself") {
    Service users = coder_users::start(host_options());
    const Site site([&](httplib::Server& server) {
        users.mount(server);
        users.mount(server, "/again");
    });
    const std::string token = log_in(site, "/api/v2");
    CHECK(
        request(users.port(), "GET", "/api/v2/users/me", {{"Coder-Session-Token", token}}).status ==
        200);
    const auto answers = all_at_once(6, [&](std::size_t i) {
        Answer last;
        for (int round = 0; round < 10; ++round) {
            last = site.send(
                "POST", "/again/users/me/keys/tokens", token,
                "{\"token_name\":\"t" + std::to_string(i * 100 + std::size_t(round)) + "\"}");
            if (last.status != 201) break;
        }
        return last;
    });
    CHECK(count_statuses(answers) == StatusCounts{{201, 6}});
    CHECK(parse(site.send("GET", "/api/v2/users/me/keys/tokens", token).body).size() == 60);
}

TEST_CASE("when the service is gone its routes answer 503, and the host goes on") {
    auto users = std::make_unique<Service>(coder_users::open(host_options()));
    const Site site([&](httplib::Server& server) { users->mount(server); });
    const std::string token = log_in(site, "/api/v2");
    users->stop();
    const Answer stopped = site.send("GET", "/api/v2/users/me", token);
    CHECK(stopped.status == 503);
    CHECK(stopped.body == message("The server is temporarily unable to answer."));
    users.reset();
    const Answer gone = site.send("POST", "/api/v2/users/login", "", credentials);
    CHECK(gone.status == 503);
    CHECK(gone.body == stopped.body);
    CHECK(site.send("GET", "/hello").status == 200);
}

TEST_CASE("a service that is moved stays mounted") {
    Service first = coder_users::open(host_options());
    const Site site([&](httplib::Server& server) { first.mount(server); });
    const Service second(std::move(first));
    CHECK(site.send("GET", "/api/v2/buildinfo").status == 200);
}

TEST_CASE("a mount that cannot work is refused with words") {
    httplib::Server server;
    Service users = coder_users::open(host_options());
    const auto refusal = [&](const std::string& prefix) -> std::string {
        try {
            users.mount(server, prefix);
            return "";
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
    };
    CHECK(refusal("api/v2") == "prefix: must begin with a slash, got \"api/v2\"");
    CHECK(refusal("") == "prefix: must begin with a slash, got \"\"");
    CHECK(refusal("/api/") == "prefix: must not end with a slash, got \"/api/\"");
    CHECK(refusal("/") == "prefix: must not end with a slash, got \"/\"");
    CHECK(refusal("/a//b") == "prefix: must not hold two slashes in a row, got \"/a//b\"");
    CHECK(refusal("/a(b)") == "prefix: may hold letters, digits and /-_.~, got \"/a(b)\"");
    CHECK(refusal("/:x") == "prefix: may hold letters, digits and /-_.~, got \"/:x\"");
    users.stop();
    CHECK_THROWS_AS(users.mount(server), std::logic_error);
}

TEST_CASE("a server that listens already takes no routes") {
    Service users = coder_users::open(host_options());
    httplib::Server* listening = nullptr;
    const Site site([&](httplib::Server& server) { listening = &server; });
    REQUIRE(eventually([&] { return listening->is_running(); }));
    CHECK_THROWS_WITH(users.mount(*listening),
                      "coder_users: mount() while the server listens already");
    CHECK(site.send("GET", "/api/v2/buildinfo").status == 404);
    CHECK(site.send("GET", "/hello").status == 200);
}
