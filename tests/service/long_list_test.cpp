// Lists that are too long for memory: their bytes, the state that they show, and what they cost.
#include <httplib.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <memory>
#include <string>

#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/store/audit.hpp"
#include "coder_users/internal/store/open_engine.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "coder_users/internal/store/user_list.hpp"
#include "coder_users/internal/wire/audit_log.hpp"
#include "coder_users/internal/wire/keys.hpp"
#include "host_server.hpp"
#include "sanitized.hpp"
#include "server_fixture.hpp"

namespace long_list_test {

using namespace coder_users_test;
using namespace coder_users;

std::string id_of(std::size_t i) {
    std::array<unsigned char, 16> bytes{};
    for (std::size_t k = 0; k < 4; ++k) bytes[k] = static_cast<unsigned char>(i >> (24 - 8 * k));
    return make_uuid(bytes);
}

/// A file with the users user-1000000, user-1000001 and so on. The first one is an owner with a
/// token. It has `others` tokens and audit entries.
struct Deployment {
    explicit Deployment(std::size_t users, std::size_t others = 0) {
        store::StoreOptions chosen;
        chosen.database = path;
        store::Store store(chosen);
        store.write([&](store::Tx& tx) {
            const Organization organization{id_of(1), "default", start_of_test, start_of_test};
            store::organizations::insert(tx, organization);
            for (std::size_t i = 0; i < users; ++i) {
                User user;
                user.id = id_of(i + 1);
                user.username = "user-" + std::to_string(1'000'000 + i);
                user.email = user.username + "@example.org";
                user.created_at = user.last_seen_at = start_of_test;
                user.status = i % 3 ? UserStatus::active : UserStatus::dormant;
                if (i == 0) user.roles = {"owner"}, user.status = UserStatus::active;
                store::users::insert_row(tx, user, "");
                store::organizations::add_member(tx, organization.id, user.id, {}, start_of_test);
            }
            store::users::derive_all(tx);
            for (std::size_t i = 0; i < others + 1; ++i) {
                const rules::NewKey made = rules::make_key(rules::system_random);
                ApiKey key = rules::new_api_key(made.id, id_of(i % 7 + 1), LoginType::token,
                                                std::chrono::hours(24), start_of_test);
                key.token_name = "token-" + std::to_string(i);
                key.last_used = start_of_test;
                store::api_keys::insert(tx, key, made.hashed_secret);
                if (i == 0) token = made.token();
                AuditEntry entry;
                entry.id = id_of(i + 1);
                entry.request_id = id_of(i + 2);
                entry.time = start_of_test;
                entry.actor_id = id_of(i % 50 + 1);
                entry.resource_type = "user";
                entry.action = "write";
                entry.resource_id = id_of(i % 90 + 1);
                entry.resource_target = "target";
                entry.diff = R"({"name":{"old":")" + std::string(300, 'o') + R"(","new":"n"}})";
                if (others) store::audit::insert(tx, entry);
            }
        });
        store.read([&](store::Connection& c) {
            const auto all = store::users::list(c, {}, {});
            everybody = wire::users(all.users, all.count);
            store::users::Filter dormant;
            dormant.text = "example.org";
            dormant.statuses = {UserStatus::dormant};
            const auto some = store::users::list(c, dormant, {id_of(2), 0, 7});
            dormants = wire::users(some.users, some.count);
            const auto entries = store::audit::list(c, {}, 1'000'000, 3);
            audit = wire::audit_logs(entries.entries, entries.count);
            tokens = wire::tokens(store::api_keys::tokens(c, {}));
        });
    }
    Options options() const { return Options{path}; }

    TempFolder folder;
    std::string path = folder.file("users.db");
    std::string token, everybody, dormants, audit, tokens;
};

constexpr std::size_t long_answer = 256 * 1024;
/// As many as need more than what sockets hold.
constexpr std::size_t many = sanitized ? 4'000 : 20'000;
std::string name_of_last(std::size_t from_end = 0) {
    return "user-" + std::to_string(1'000'000 + many - 1 - from_end);
}

TEST_CASE("long lists are the bytes that they would be as a whole") {
    static const Deployment made(3000, 800);  // one for all generated cases below
    REQUIRE(made.dormants.size() > long_answer);
    TestServer server(made.options());
    const auto [path, whole] = GENERATE_REF(table<std::string, std::string>(
        {{"/users", made.everybody},
         {"/users?limit=3001", made.everybody},
         {"/users?limit=3000&offset=0", made.everybody},
         {"/users?q=example.org+status:dormant&offset=7&after_id=" + id_of(2), made.dormants},
         {"/audit?limit=1000000&offset=3", made.audit},
         {"/users/me/keys/tokens?include_all=true", made.tokens}}));
    CAPTURE(path);
    REQUIRE(whole.size() > (path[1] == 'a' ? 300'000u : 250'000u));
    const Answer answer = server.send("GET", path, made.token);
    CHECK(answer.status == 200);
    CHECK(answer.has("content-length") == (whole.size() < long_answer));
    CHECK((answer.body == whole));
    CHECK(answer.header("content-type") == "application/json; charset=utf-8");

    Request request;
    request.method = "GET";
    request.target = "/api/v2" + path;
    request.headers = {{"Host", "localhost"}, {"Coder-Session-Token", made.token}};
    CHECK((server.service().handle(request).body == whole));
    request.method = "HEAD";
    CHECK(server.service().handle(request).body.empty());
    CHECK(server.log().find("warn") == std::string::npos);
}

TEST_CASE("pages of a long list are cut where they were asked to be") {
    const Deployment made(1200);
    TestServer server(made.options());
    for (const std::size_t limit : {199u, 200u, 201u, 299u, 300u, 1199u, 1200u})
        for (const std::size_t offset : {0u, 1u, 900u, 1000u, 1300u}) {
            CAPTURE(limit, offset);
            const Answer answer = server.send(
                "GET",
                "/users?limit=" + std::to_string(limit) + "&offset=" + std::to_string(offset),
                made.token);
            REQUIRE(answer.status == 200);
            const Value json = parse(answer.body);
            const std::size_t left = offset < 1200 ? 1200 - offset : 0;
            CHECK(json["count"].text() == "1200");
            const auto users = json["users"].json().get<picojson::array>();
            REQUIRE(users.size() == (std::min)(limit, left));
            for (std::size_t i = 0; i < users.size(); ++i)
                REQUIRE(users[i].get("id").to_str() == id_of(offset + i + 1));
        }
}

/// Waits for the head of the answer and for more than the socket holds. From then on a long list
/// waits for its reader.
void wait_for_answer(const RawClient& client) {
    char byte;
    REQUIRE(::recv(client.fd(), &byte, 1, MSG_PEEK) == 1);
}

/// A client that lets a long answer wait, and then reads it to the end.
struct SlowClient : RawClient {
    SlowClient(const TestServer& server, const std::string& token)
        : RawClient(server.port(), small_buffer()) {
        send(request_text("GET", "/api/v2/users", {{"Coder-Session-Token", token}}));
    }
    static ClientOptions small_buffer() {
        ClientOptions options;
        options.receive_buffer = 4096;
        options.deadline = std::chrono::seconds(30);
        return options;
    }
};

TEST_CASE("a long list shows one state, whatever is changed while it is read") {
    const Deployment made(many);
    TestServer server(made.options());
    SlowClient slow(server, made.token);
    wait_for_answer(slow);
    REQUIRE(server.send("DELETE", "/users/" + name_of_last(), made.token).status == 200);
    REQUIRE(server
                .send("PUT", "/users/" + name_of_last(1) + "/profile", made.token,
                      R"({"username":"renamed"})")
                .status == 200);
    const Answer before = slow.read();
    CHECK(before.status == 200);
    CHECK((before.body == made.everybody));
    const Answer after = server.send("GET", "/users", made.token);
    CHECK(after.body.find(name_of_last()) == std::string::npos);
    CHECK(after.body.find("\"username\":\"renamed\"") != std::string::npos);
    CHECK(after.body.find("\"count\":" + std::to_string(many - 1) + "}") != std::string::npos);
}

TEST_CASE("stop ends a long list that nobody reads, and nothing is left beside the file") {
    const Deployment made(many);
    {
        TestServer server(made.options());
        SlowClient slow(server, made.token);
        wait_for_answer(slow);
        REQUIRE(server.send("DELETE", "/users/" + name_of_last(), made.token).status == 200);
        server.service().stop();
        slow.read_all();
        CHECK(slow.was_reset());
    }
    CHECK_FALSE(std::filesystem::exists(made.path + "-wal"));
    CHECK(stored(made.path, "SELECT count(*) FROM users WHERE deleted = 0") ==
          std::to_string(many - 1));
}

/// A host's own server with a service mounted on it.
struct Site {
    explicit Site(Options options)
        : users(std::make_unique<Service>(coder_users::open(std::move(options)))),
          host([this](httplib::Server& server) { users->mount(server); }) {}
    std::unique_ptr<Service> users;
    HostServer host;
};

Options mounted(const Deployment& made) {
    Options options = made.options();
    options.disable_rate_limits = true;
    options.env.now = [] { return start_of_test; };
    return options;
}

TEST_CASE("a mounted service sends a long list in pieces, and to HTTP/1.0 as a whole") {
    const Deployment made(3000);
    const Site site(mounted(made));
    const HeaderList token{{"Coder-Session-Token", made.token}};
    RawClient client(site.host.port());
    client.send(request_text("HEAD", "/api/v2/users", token));
    const Answer head = client.read(true);
    CHECK(head.status == 200);
    CHECK(head.header("transfer-encoding") == "chunked");
    client.send(request_text("GET", "/api/v2/users", token));
    const Answer answer = client.read();
    CHECK(answer.status == 200);
    CHECK(answer.header("transfer-encoding") == "chunked");
    CHECK((answer.body == made.everybody));
    client.send(request_text("GET", "/api/v2/users/me", token));
    CHECK(client.read().status == 200);

    RawClient old(site.host.port());
    old.send("GET /api/v2/users HTTP/1.0\r\nCoder-Session-Token: " + made.token + "\r\n\r\n");
    const Answer whole = old.read();
    CHECK_FALSE(whole.has("transfer-encoding"));
    CHECK(whole.header("content-length") == std::to_string(made.everybody.size()));
    CHECK((whole.body == made.everybody));
}

TEST_CASE("a mounted service that ends cuts its long lists short") {
    const Deployment made(many);
    Site site(mounted(made));
    RawClient client(site.host.port(), SlowClient::small_buffer());
    client.send(request_text("GET", "/api/v2/users", {{"Coder-Session-Token", made.token}}));
    wait_for_answer(client);
    site.users.reset();
    CHECK_FALSE(std::filesystem::exists(made.path + "-wal"));
    const std::string all = client.read_all();
    CHECK(all.size() < made.everybody.size());
    CHECK(all.find("\r\n0\r\n") == std::string::npos);
}

/// Returns the most memory used since the last call, in bytes.
std::size_t peak() {
    std::size_t kilobytes = 0;
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("VmHWM:", 0) == 0) kilobytes = std::stoul(line.substr(6));
    std::ofstream("/proc/self/clear_refs") << 5;
    return kilobytes * 1024;
}

TEST_CASE("a list of 25 MB takes no more than 8 MB of memory") {
    std::string token;
    TempFolder folder;
    const std::string path = folder.file("users.db");
    std::size_t size = 0;
    {
        const Deployment made(sanitized ? 2'000 : 70'000);
        size = made.everybody.size();
        token = made.token;
        std::filesystem::rename(made.path, path);
    }
    REQUIRE((sanitized || size > 20'000'000));
    TestServer server(Options{path});
    REQUIRE(server.send("GET", "/users?limit=300", token).status == 200);
    ::malloc_trim(0);
    peak();
    const std::size_t before = peak();
    RawClient client(server.port());
    client.send(request_text("GET", "/api/v2/users", {{"Coder-Session-Token", token}}));
    std::size_t received = 0;
    static char bytes[65536];
    const std::string_view end = "0\r\n\r\n";
    for (ssize_t got; (got = ::recv(client.fd(), bytes, sizeof bytes, 0)) > 0;) {
        received += static_cast<std::size_t>(got);
        const std::string_view part(bytes, static_cast<std::size_t>(got));
        if (part.substr(part.size() - (std::min)(part.size(), end.size())) == end) break;
    }
    const std::size_t after = peak();
    CHECK(received > size);
    CAPTURE(before, after);
    if (!sanitized) CHECK(after < before + 8'000'000);
}

}  // namespace long_list_test
