// What a running service does for its host: requests without a socket are answered as over HTTP,
// tokens are checked, and a service can be moved.
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "server_fixture.hpp"

using namespace coder_users_test;
using coder_users::ApiError;
using coder_users::Options;
using coder_users::Request;
using coder_users::Response;

namespace {

const std::string first_user =
    R"({"email":"owner@example.org","username":"owner","password":")" + good_password + "\"}";

ApiError refusal_of(coder_users::Service& service, const std::string& token) {
    try {
        service.authenticate(token);
    } catch (const ApiError& error) {
        return error;
    }
    return {0, "accepted"};
}

/// Returns what must not depend on how a request came: status, headers in order, body.
template <class Headers>
std::string comparable(int status, const Headers& headers, const std::string& body) {
    std::string out = std::to_string(status) + "\n";
    for (const auto& [name, value] : headers) {
        const std::string key = coder_users::fold_ascii(name);
        if (key != "content-length" && key != "connection" && key != "x-coder-request-id")
            out += key + ": " + value + "\n";
    }
    return out + body;
}

}  // namespace

TEST_CASE("handle() answers what the same request gets over HTTP") {
    TestServer server;
    const std::string token = server.owner();
    const std::string login = R"({"email":"owner@example.org","password":"wrong-password-1"})";
    struct Row {
        const char *method, *target;
        HeaderList headers;
        std::string body;
    };
    const Row rows[] = {
        {"GET", "/", {}, ""},
        {"GET", "/healthz", {}, ""},
        {"GET", "/api/v2/", {}, ""},
        {"GET", "/api/v2/buildinfo", {}, ""},
        {"OPTIONS", "/api/v2/users", {}, ""},
        {"DELETE", "/api/v2/users", {}, ""},
        {"GET", "/api/v2/users/me", {}, ""},
        {"GET", "/api/v2/users/me", {{"Coder-Session-Token", token}}, ""},
        {"GET", "/api/v2/users/me", {{"coder-session-TOKEN", token}}, ""},
        {"GET", "/api/v2/users/me", {{"Authorization", "bearer " + token}}, ""},
        {"GET", "/api/v2/users/me", {{"Cookie", "a=b; coder_session_token=" + token}}, ""},
        {"GET", "/api/v2/users?q=own&limit=1", {{"Coder-Session-Token", token}}, ""},
        {"GET", "/api/v2/users?limit=x", {{"Coder-Session-Token", token}}, ""},
        {"GET", "/api/v2//users/me/", {{"Coder-Session-Token", token}}, ""},
        {"GET", "/api/v2/users/%zz", {{"Coder-Session-Token", token}}, ""},
        {"GET", "/api/v2/users/no%22body", {{"Coder-Session-Token", token}}, ""},
        {"POST", "/api/v2/users/first", {}, first_user},
        {"POST", "/api/v2/users/first", {}, "{"},
        {"POST", "/api/v2/users/first", {}, ""},
        {"POST", "/api/v2/users/first", {}, "{\"email\":\"x\"}"},
        {"POST", "/api/v2/users/login", {}, login},
        {"POST", "/api/v2/users", {{"Coder-Session-Token", token}}, "null"},
        {"PUT",
         "/api/v2/users/me/profile",
         {{"Coder-Session-Token", token}},
         R"({"username":"me"})"},
        {"PUT",
         "/api/v2/users/me/profile",
         {{"Cookie", "coder_session_token=" + token}, {"Origin", "http://evil.example"}},
         R"({"username":"evil"})"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.method, row.target);
        HeaderList headers = row.headers;
        headers.emplace_back("Host", "localhost");
        const Answer http = request(server.port(), row.method, row.target, headers, row.body);
        const Response direct =
            server.service().handle({row.method, row.target, headers, row.body, "127.0.0.1"});
        CHECK(comparable(direct.status, direct.headers, direct.body) ==
              comparable(http.status, http.headers, http.body));
    }
}

TEST_CASE("a call in the process may change things and leave its address out") {
    TestServer server;
    const Response made =
        server.service().handle({"POST", "/api/v2/users/first", {}, first_user, ""});
    CHECK(made.status == 201);
    CHECK(server.send("GET", "/users/me", server.log_in("owner@example.org")).status == 200);
}

TEST_CASE("what is too long for HTTP is a refusal in the process, never a failure") {
    TestServer server;
    const std::string token = server.owner();
    const HeaderList session{{"Coder-Session-Token", token}};
    std::string roles = "role:a";
    for (int i = 0; i < 4'000; ++i) roles += ",a";
    for (const std::string& target :
         {"/api/v2/users?q=" + std::string(60'000, 'x'), "/api/v2/users?q=" + roles,
          "/api/v2/users/" + std::string(100'000, 'x')}) {
        CAPTURE(target.substr(0, 40));
        const Response answer = server.service().handle({"GET", target, session, "", ""});
        CHECK(answer.status >= 200);
        CHECK(answer.status < 500);
    }
    CHECK(server.service()
              .handle({"POST", "/api/v2/users/login", {}, std::string((1 << 20) + 1, ' '), ""})
              .status == 413);
}

TEST_CASE("in the process, too, HEAD has no body and encoded bodies are refused") {
    TestServer server;
    const Response head = server.service().handle({"HEAD", "/api/v2/buildinfo", {}, "", ""});
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    const Response encoded = server.service().handle(
        {"POST", "/api/v2/users/login", {{"Content-Encoding", "gzip"}}, "{}", ""});
    CHECK(encoded.status == 415);
    CHECK(encoded.body == message("Content-Encoding is not supported."));
}

TEST_CASE("a good token is its user and key, with the effects of a request") {
    TestServer server;
    const std::string owner = server.owner();
    const std::string id = server.create(owner, "alice");
    const std::string token = server.log_in("alice@example.org");
    const auto identity = server.service().authenticate(token);
    CHECK(identity.user.id == id);
    CHECK(identity.user.username == "alice");
    CHECK(identity.user.status == coder_users::UserStatus::active);
    CHECK(identity.user.last_seen_at == server.now());
    CHECK(identity.key.id == token.substr(0, 10));
    CHECK(identity.key.last_used == server.now());
    CHECK(parse(server.send("GET", "/users/alice", owner).body)["last_seen_at"].text() ==
          coder_users::to_rfc3339(server.now()));

    server.advance(std::chrono::hours(12));  // half of its life is over: the expiry slides
    CHECK(server.service().authenticate(token).key.expires_at ==
          server.now() + std::chrono::hours(24));
}

TEST_CASE("a token that is no good is refused with 401 and the reason") {
    TestServer server;
    const std::string owner = server.owner();
    const std::string token = server.member(owner, "alice");
    auto& service = server.service();
    const auto check = [&](const std::string& presented, const std::string& text) {
        const ApiError error = refusal_of(service, presented);
        CAPTURE(presented);
        CHECK(error.status() == 401);
        CHECK_THAT(error.message() + " " + error.detail(),
                   Catch::Matchers::ContainsSubstring(text));
    };
    check("", "must be provided");
    check("nonsense", "expected 2 got 1");
    check(token + "x", "secret length");
    check("abcdefghij" + token.substr(10), "API key is invalid.");
    check(token.substr(0, 10) + "-" + std::string(22, 'x'), "API key is invalid.");
    check(std::string("\xff\0-", 3), "API key");

    REQUIRE(server.send("PUT", "/users/alice/status/suspend", owner).status == 200);
    check(token, "suspended");
    REQUIRE(server.send("PUT", "/users/alice/status/activate", owner).status == 200);
    CHECK(refusal_of(service, token).status() == 0);
    server.advance(std::chrono::hours(24));
    check(token, "API key expired at");
    const std::string again = server.log_in("owner@example.org");
    const std::string bob = server.member(again, "bob");
    REQUIRE(server.send("DELETE", "/users/bob", again).status == 200);
    check(bob, "API key is invalid.");
}

TEST_CASE("a moved service goes on, and the one that is replaced has stopped") {
    auto first = coder_users::start(in_memory());
    const int port = first.port();
    coder_users::Service moved(std::move(first));
    CHECK(moved.port() == port);
    CHECK(request(port, "GET", "/healthz").status == 200);

    auto second = coder_users::start(in_memory());
    const int other = second.port();
    moved = std::move(second);
    CHECK(moved.port() == other);
    CHECK(request(other, "GET", "/healthz").status == 200);
    CHECK_THROWS_AS(RawClient(port), std::runtime_error);
    first = coder_users::start(in_memory());  // a moved-from service may be assigned to
    CHECK(first.handle({"GET", "/healthz"}).status == 200);
}

TEST_CASE("services in one process know nothing of each other") {
    TempFolder folder;
    Options in_file;
    in_file.database = folder.file("a.db");
    TestServer one, two, three(in_file);
    const std::string token = one.owner();
    CHECK(one.send("GET", "/users/me", token).status == 200);
    for (TestServer* other : {&two, &three}) {
        CHECK(other->send("GET", "/users/me", token).status == 401);
        CHECK(other->send("GET", "/users/first").status == 404);
        CHECK(other->owner() != token);
    }
    one.advance(std::chrono::hours(48));
    CHECK(one.send("GET", "/users/me", token).status == 401);
    CHECK(two.send("GET", "/users/first").status == 200);
    CHECK(two.now() == start_of_test);
}

TEST_CASE("users and sessions survive a restart on the same file") {
    TempFolder folder;
    Options options;
    options.database = folder.file("a.db");
    std::string token, before;
    {
        TestServer server(options);
        token = server.owner();
        before = server.send("GET", "/users/me", token).body;
        CHECK(parse(before)["last_seen_at"].text() == coder_users::to_rfc3339(start_of_test));
    }
    TestServer server(options);
    CHECK(server.send("GET", "/users/me", token).body == before);
    CHECK(server.send("GET", "/users/first").status == 200);
    CHECK(server.send("POST", "/users/first", "", first_user).status == 409);
    CHECK_FALSE(server.log_in("owner@example.org").empty());
}

TEST_CASE("a private key lies sealed in the file, for its user alone") {
    TempFolder folder;
    Options options;
    options.database = folder.file("a.db");
    options.secret_key = std::string(32, 'k');
    {
        TestServer server(options);
        server.owner();
        const std::string sealed_text =
            stored(folder.file("a.db"), "SELECT sealed_private_key FROM git_ssh_keys");
        const std::string id = stored(folder.file("a.db"), "SELECT user_id FROM git_ssh_keys");
        const auto sealed = coder_users::rules::base64_decode(sealed_text);
        REQUIRE(sealed);
        const auto opened = coder_users::rules::open(options.secret_key, *sealed, id);
        REQUIRE(opened);
        CHECK(opened->find("BEGIN OPENSSH PRIVATE KEY") != std::string::npos);
        CHECK_FALSE(coder_users::rules::open(std::string(32, 'x'), *sealed, id));
        CHECK_FALSE(coder_users::rules::open(options.secret_key, *sealed,
                                             std::string(coder_users::nil_uuid)));
        for (const char* suffix : {"", "-wal"}) {
            const std::string bytes = file_bytes(folder.file("a.db") + suffix);
            for (const char* secret : {"OPENSSH", "openssh-key-v1", good_password.c_str()}) {
                CAPTURE(suffix, secret);
                CHECK((bytes.find(secret) == std::string::npos));
            }
        }
    }
    CHECK((file_bytes(folder.file("a.db")).find("OPENSSH") == std::string::npos));
}
