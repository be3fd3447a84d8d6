// What holds on one server holds on several that share a database (docs/architecture.md, "Several
// servers").
#include <atomic>
#include <string>
#include <thread>

#include "catch.hpp"
#include "child_process.hpp"
#include "coder_users/internal/http/rate_limit.hpp"
#include "coder_users/internal/store/open_engine.hpp"
#include "people.hpp"
#include "servers.hpp"

using namespace coder_users_test;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

std::string credentials(const std::string& name, const std::string& password = good_password) {
    return R"({"email":")" + name + R"(@example.org","password":")" + password + "\"}";
}

const std::string first_user =
    R"({"email":"owner@example.org","username":"owner","password":"correct-Horse-9"})";

int me(const TestServer& server, const std::string& token) {
    return server.send("GET", "/users/me", token).status;
}

std::string made_token(const TestServer& server, const std::string& session,
                       const std::string& name) {
    const Answer made =
        server.send("POST", "/users/me/keys/tokens", session, R"({"token_name":")" + name + "\"}");
    REQUIRE(made.status == 201);
    return parse(made.body)["key"].text();
}

/// Runs `work()` while a table is locked: by default nobody else can read or write it.
template <class Work>
void while_locked(const std::string& database, const std::string& table, const std::string& mode,
                  Work&& work) {
    namespace store = coder_users::store;
    store::StoreOptions options;
    options.database = database;
    options.database_deadline = minutes(1);
    store::Store beside(options);
    beside.write([&](store::Tx& tx) {
        tx.run("LOCK TABLE " + table + " IN " + mode + " MODE");
        work();
    });
}
template <class Work>
void while_locked(const std::string& database, const std::string& table, Work&& work) {
    while_locked(database, table, "ACCESS EXCLUSIVE", std::forward<Work>(work));
}

}  // namespace

TEST_CASE("a token or session that is revoked on one server is refused by all at once",
          "[postgres]") {
    const Servers servers;
    const std::string owner = servers[0].owner();
    for (std::size_t round = 0; round < 12; ++round) {
        const TestServer& by = servers[round];
        const std::string session = servers[round + 1].log_in("owner@example.org");
        const std::string token = made_token(by, session, "t" + std::to_string(round));
        for (std::size_t i = 0; i < 3; ++i) {
            REQUIRE(me(servers[i], token) == 200);
            REQUIRE(me(servers[i], session) == 200);
        }
        REQUIRE(by.send("DELETE", "/users/me/keys/" + token.substr(0, 10), owner).status == 204);
        for (std::size_t i = 0; i < 3; ++i) REQUIRE(me(servers[i], token) == 401);
        REQUIRE(by.send("POST", "/users/logout", session).status == 200);
        for (std::size_t i = 0; i < 3; ++i) REQUIRE(me(servers[i], session) == 401);
    }
}

TEST_CASE("no server accepts a token in a request that began after its revocation was answered",
          "[postgres]") {
    const Servers servers;
    const std::string owner = servers[0].owner();
    for (int round = 0; round < 5; ++round) {
        const std::string token = made_token(servers[0], owner, "r" + std::to_string(round));
        std::atomic<bool> revoked{false};
        std::atomic<int> good{0}, late{0};
        std::vector<std::thread> users;
        for (std::size_t i = 0; i < 6; ++i)
            users.emplace_back([&, i] {
                for (int after = 0; after < 5;) {
                    const bool known = revoked;
                    const int status = me(servers[i], token);
                    good += status == 200;
                    late += known && status != 401;
                    after += known;
                }
            });
        CHECK(eventually([&] { return good > 12; }));
        CHECK(servers[1].send("DELETE", "/users/me/keys/" + token.substr(0, 10), owner).status ==
              204);
        revoked = true;
        for (std::thread& each : users) each.join();
        CHECK(late == 0);
    }
}

TEST_CASE("a suspended user is refused by all servers, and new roles are seen by all",
          "[postgres]") {
    const Servers servers;
    const std::string owner = servers[0].owner();
    const std::string bob = servers[1].member(owner, "bob");
    const auto users_seen = [&](std::size_t i) {
        return servers[i].send("GET", "/users/owner", bob).status;
    };
    for (std::size_t i = 0; i < 3; ++i) CHECK(users_seen(i) == 404);
    const auto roles = [&](const char* names) {
        return servers[2].send("PUT", "/users/bob/roles", owner, names).status;
    };
    REQUIRE(roles(R"({"roles":["user-admin"]})") == 200);
    for (std::size_t i = 0; i < 3; ++i) CHECK(users_seen(i) == 200);
    REQUIRE(roles(R"({"roles":[]})") == 200);
    for (std::size_t i = 0; i < 3; ++i) CHECK(users_seen(i) == 404);

    REQUIRE(servers[0].send("PUT", "/users/bob/status/suspend", owner).status == 200);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(me(servers[i], bob) == 401);
        CHECK(servers[i].send("POST", "/users/login", "", credentials("bob")).status == 401);
    }
}

TEST_CASE("of sixteen requests for the first user on three servers one succeeds", "[postgres]") {
    for (int round = 0; round < 3; ++round) {
        const Servers servers;
        const auto answers = all_at_once(16, [&](std::size_t i) {
            const std::string name = "owner" + std::to_string(i);
            return servers[i].send("POST", "/users/first", "",
                                   R"({"email":")" + name + R"(@example.org","username":")" + name +
                                       R"(","password":"correct-Horse-9"})");
        });
        CHECK(count_statuses(answers) == StatusCounts{{201, 1}, {409, 15}});
        CHECK(servers.sql("SELECT count(*) FROM users") == "1");
        CHECK(servers.sql("SELECT count(*) FROM organizations") == "1");
    }
}

TEST_CASE("servers on one database have the same set-up code, and those on others another",
          "[postgres]") {
    const auto wanted = [](coder_users::Options& options) { options.require_setup_code = true; };
    const Servers servers(wanted), others(wanted, false, 1);
    const std::string code = servers[0].service().setup_code();
    CHECK(code.size() == 16);
    CHECK(servers[1].service().setup_code() == code);
    CHECK(others[0].service().setup_code() != code);
    CHECK(servers[2].send("POST", "/users/first", "", first_user).status == 403);
    CHECK(
        servers[2].send("POST", "/users/first", "", first_user, {{"X-Setup-Code", code}}).status ==
        201);
    CHECK(servers[0].service().setup_code() == "");
}

TEST_CASE("an owner stays when three servers suspend and demote owners at once", "[postgres]") {
    const Servers servers;
    const std::string owner = servers[0].owner();
    for (int i = 0; i < 5; ++i) {
        servers[0].create(owner, "o" + std::to_string(i));
        REQUIRE(servers[0]
                    .send("PUT", "/users/o" + std::to_string(i) + "/roles", owner,
                          R"({"roles":["owner"]})")
                    .status == 200);
    }
    std::vector<std::string> sessions{owner};
    for (int i = 0; i < 5; ++i)
        sessions.push_back(servers[1].log_in("o" + std::to_string(i) + "@example.org"));
    const std::vector<std::string> names{"owner", "o0", "o1", "o2", "o3", "o4"};
    const auto answers = all_at_once(6, [&](std::size_t i) {
        const std::string path = "/users/" + names[(i + 1) % 6];
        return i % 2 ? servers[i].send("PUT", path + "/status/suspend", sessions[i])
                     : servers[i].send("PUT", path + "/roles", sessions[i], R"({"roles":[]})");
    });
    for (const Answer& each : answers) {
        INFO(each.body);
        CHECK((each.status == 200 || each.status == 400 || each.status == 401 ||
               each.status == 403 || each.status == 404));
    }
    CHECK(servers.sql("SELECT count(*) > 0 FROM users u JOIN user_roles r ON r.user_id = u.id "
                      "WHERE r.role = 'owner' AND u.status <> 'suspended' AND u.deleted = 0") ==
          "1");
}

TEST_CASE("three servers allow as many logins as one, and as many failures", "[postgres]") {
    const Servers servers([](coder_users::Options& options) { options.login_rate_limit = 8; },
                          true);
    servers[0].send("POST", "/users/first", "", first_user);
    const auto log_in = [&](std::size_t i) {
        return servers[i].send("POST", "/users/login", "", credentials("owner"));
    };
    CHECK(count_statuses(all_at_once(15, log_in)) == StatusCounts{{201, 8}, {429, 7}});
    const Answer refused = log_in(1);
    CHECK(refused.status == 429);
    CHECK(refused.header("x-ratelimit-limit") == "8");
    CHECK(refused.header("x-ratelimit-remaining") == "0");
    CHECK(refused.header("retry-after") == "60");
    servers.advance(minutes(1));
    CHECK(log_in(2).status == 201);
    CHECK(log_in(0).header("x-ratelimit-remaining") == "6");
}

TEST_CASE("a seed of a filled database waits for no decision about owners", "[postgres]") {
    const Servers servers({}, false, 1);
    servers[0].owner();
    while_locked(servers.database, "database_info", "EXCLUSIVE", [&] {
        CHECK_NOTHROW(servers[0].service().seed(
            R"([{"username":"bob","email":"bob@example.org","roles":["owner"]}])"));
    });
    CHECK(servers.sql("SELECT count(*) FROM users") == "2");
}

TEST_CASE("those who ask for codes of unknown addresses do not wait for each other", "[postgres]") {
    const Servers servers({}, false, 1);
    servers[0].send("POST", "/users/first", "", first_user);
    const auto ask = [&](int i) {
        return servers[0]
            .send("POST", "/users/otp/request", "",
                  R"({"email":"nobody)" + std::to_string(i) + R"(@example.org"})")
            .status;
    };
    CHECK(ask(1) == 204);
    namespace store = coder_users::store;
    store::StoreOptions options;
    options.database = servers.database;
    store::Store beside(options);
    beside.write([&](store::Tx& tx) {
        tx.query("SELECT 1 FROM counters WHERE name = 'unclaimed_passcodes' FOR UPDATE").next();
        CHECK(ask(2) == 204);
    });
}

TEST_CASE("what is over a limit asks the database no more", "[postgres]") {
    const Servers servers([](coder_users::Options& options) { options.login_rate_limit = 3; }, true,
                          2);
    servers[0].send("POST", "/users/first", "", first_user);
    const auto log_in = [&](std::size_t i) {
        return servers[i].send("POST", "/users/login", "", credentials("owner"));
    };
    const std::string used = "SELECT max(used) FROM window_counts WHERE name LIKE '%login%'";
    for (int i = 0; i < 3; ++i) CHECK(log_in(0).status == 201);
    for (int i = 0; i < 10; ++i) CHECK(log_in(0).status == 429);
    for (int i = 0; i < 10; ++i) CHECK(log_in(1).status == 429);
    CHECK(servers.sql(used) == "5");  // each server was told once
    servers.advance(minutes(1));
    CHECK(log_in(1).status == 201);
    CHECK(log_in(0).status == 201);
    CHECK(servers.sql(used) == "2");
}

TEST_CASE("callers beyond a number are counted by each server alone", "[postgres]") {
    coder_users::store::StoreOptions chosen;
    chosen.database = prepared_postgres_database();
    coder_users::store::Store store(chosen);
    coder_users::Options options;
    options.login_rate_limit = 1;
    coder_users::http::RateLimits limits(options, &store, 2);
    const auto count = [&](const std::string& caller) {
        return limits.count(caller, "/login", true, coder_users::from_micros(1'000'000'000'000))
            .value()
            .tightest.used;
    };
    for (const char* caller : {"a", "b", "c", "d"}) CHECK(count(caller) == 1);
    CHECK(count("c") == 2);
    CHECK(stored(chosen.database, "SELECT count(*) FROM window_counts") == "2");
}

TEST_CASE("failed password checks on three servers are counted together", "[postgres]") {
    const Servers servers([](coder_users::Options& options) { options.login_rate_limit = 0; },
                          true);
    servers[0].send("POST", "/users/first", "", first_user);
    const auto fail = [&](std::size_t i) {
        return servers[i].send("POST", "/users/login", "", credentials("owner", "wrong"));
    };
    for (std::size_t i = 0; i < 9; ++i) CHECK(fail(i).status == 401);
    CHECK(fail(9).status == 429);
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(servers[i].send("POST", "/users/login", "", credentials("owner")).status == 429);
    servers.advance(minutes(1));
    CHECK(servers[1].send("POST", "/users/login", "", credentials("owner")).status == 201);
    CHECK(servers.sql("SELECT count(*) FROM window_counts WHERE name LIKE '%owner%' OR name LIKE "
                      "'%@%'") == "0");
}

TEST_CASE("a login that cannot be counted is answered 503, and not allowed", "[postgres]") {
    const Servers servers(
        [](coder_users::Options& options) {
            options.deadlines.database = std::chrono::milliseconds(500);
        },
        true, 1);
    servers[0].send("POST", "/users/first", "", first_user);
    run_on_postgres(servers.database, "ALTER TABLE window_counts RENAME TO elsewhere");
    const Answer answer = servers[0].send("POST", "/users/login", "", credentials("owner"));
    CHECK(answer.status == 503);
    CHECK(answer.header("retry-after") == "1");
    CHECK(servers.sql("SELECT count(*) FROM api_keys") == "0");
    run_on_postgres(servers.database, "ALTER TABLE elsewhere RENAME TO window_counts");
    CHECK(servers[0].send("POST", "/users/login", "", credentials("owner")).status == 201);
}

TEST_CASE("the use of a key is seen by the other servers within a second, and the latest stays",
          "[postgres]") {
    const Servers servers;
    const std::string owner = servers[0].owner();
    const std::string token = made_token(servers[0], owner, "used");
    const auto last_used = [&](std::size_t i) {
        const Answer key = servers[i].send("GET", "/users/me/keys/" + token.substr(0, 10), owner);
        return parse(key.body)["last_used"].text();
    };
    servers[1].advance(minutes(30));
    servers[2].advance(minutes(20));
    REQUIRE(me(servers[1], token) == 200);
    CHECK(last_used(1) == "2026-01-02T03:34:05.678901Z");  // at once where it was used
    CHECK(eventually([&] { return last_used(0) == "2026-01-02T03:34:05.678901Z"; }));
    REQUIRE(me(servers[2], token) == 200);  // whose clock is behind
    CHECK(eventually([&] {
        return servers.sql("SELECT last_seen_at FROM users") ==
               std::to_string(coder_users::micros(servers[1].now()));
    }));
    REQUIRE(servers[2].send("GET", "/audit", owner).status == 200);
    CHECK(last_used(0) == "2026-01-02T03:34:05.678901Z");
    CHECK(last_used(1) == "2026-01-02T03:34:05.678901Z");
}

TEST_CASE("three servers that start at once on an empty database make it once", "[postgres]") {
    Servers servers(
        [](coder_users::Options& options) {
            options.database = new_postgres_database();
            options.coder_version = "2.11";
        },
        false, 0);
    std::vector<std::unique_ptr<TestServer>> started(3);
    std::vector<std::string> errors(3);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 3; ++i)
        threads.emplace_back([&, i] {
            try {
                started[i] = std::make_unique<TestServer>(servers.options);
            } catch (const std::exception& error) {
                errors[i] = error.what();
            }
        });
    for (std::thread& each : threads) each.join();
    CHECK(errors == std::vector<std::string>(3));
    servers.all = std::move(started);
    CHECK(servers.sql("SELECT count(*) FROM deployment WHERE name IN ('deployment_id', "
                      "'secret_key_check')") == "2");
    const auto deployment = [&](std::size_t i) {
        return parse(servers[i].send("GET", "/buildinfo").body)["deployment_id"].text();
    };
    CHECK(deployment(0).size() == 36);
    CHECK(deployment(1) == deployment(0));
    CHECK(deployment(2) == deployment(0));
    const std::string owner = servers[0].owner();
    for (std::size_t i = 0; i < 3; ++i) CHECK(me(servers[i], owner) == 200);
}

TEST_CASE("a server with another sealing key is refused", "[postgres]") {
    const Servers servers({}, false, 1);
    coder_users::Options options = servers.options;
    options.secret_key = std::string(32, 'x');
    CHECK_THROWS_WITH(
        coder_users::start(options),
        Catch::Matchers::ContainsSubstring("Options::secret_key does not hold the key of"));
}

TEST_CASE("of three servers with a new sealing key one seals everything anew", "[postgres]") {
    Servers servers({}, false, 1);
    const std::string owner = servers[0].owner();
    REQUIRE(servers[0].send("GET", "/users/me/gitsshkey", owner).status == 200);
    const std::string key = servers[0].send("GET", "/users/me/gitsshkey", owner).body;
    const std::string sealed = servers.sql("SELECT sealed_private_key FROM git_ssh_keys");
    servers.all.clear();
    servers.options.previous_secret_key = servers.options.secret_key;
    servers.options.secret_key = std::string(32, 'n');
    std::vector<std::unique_ptr<TestServer>> started(3);
    std::vector<std::thread> threads;
    for (auto& each : started)
        threads.emplace_back(
            [&] { CHECK_NOTHROW(each = std::make_unique<TestServer>(servers.options)); });
    for (std::thread& each : threads) each.join();
    servers.all = std::move(started);
    CHECK(servers.sql("SELECT sealed_private_key FROM git_ssh_keys") != sealed);
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(servers[i].send("GET", "/users/me/gitsshkey", owner).body == key);
}

TEST_CASE("a server whose sealing key was changed by another seals nothing", "[postgres]") {
    Servers servers({}, false, 1);
    const TestServer& old = servers[0];
    const std::string owner = old.owner();
    const std::string sealed = "SELECT sealed_private_key FROM git_ssh_keys";
    servers.options.previous_secret_key = servers.options.secret_key;
    servers.options.secret_key = std::string(32, 'n');
    const TestServer changed(servers.options);
    const std::string anew = servers.sql(sealed);
    const std::string bob =
        R"({"email":"bob@example.org","username":"bob","password":"correct-Horse-9",)"
        R"("organization_ids":[")" +
        servers.sql("SELECT id FROM organizations") + "\"]}";
    CHECK(old.send("PUT", "/users/me/gitsshkey", owner).status == 503);
    CHECK(old.send("POST", "/users", owner, bob).status == 503);
    CHECK(servers.sql(sealed) == anew);
    CHECK(old.send("GET", "/users/me", owner).status == 200);
    CHECK(changed.send("PUT", "/users/me/gitsshkey", owner).status == 200);
    CHECK(changed.send("POST", "/users", owner, bob).status == 201);
}

TEST_CASE("a server works beside one whose schema is newer and compatible, and no other",
          "[postgres]") {
    Servers servers({}, false, 2);
    const std::string owner = servers[0].owner();
    run_on_postgres(servers.database,
                    "ALTER TABLE users ADD COLUMN later TEXT COLLATE \"C\" NOT NULL DEFAULT '';"
                    "UPDATE database_info SET version = version + 1");
    CHECK(me(servers[1], owner) == 200);
    CHECK(servers[1].send("GET", "!/readyz").status == 200);
    const TestServer started(servers.options);
    started.create(owner, "bob");
    CHECK(me(started, owner) == 200);

    run_on_postgres(servers.database, "UPDATE database_info SET compatible_from = version");
    CHECK(servers[0].send("GET", "!/readyz").status == 503);
    CHECK(servers[0].send("GET", "!/healthz").status == 200);
    CHECK_THROWS_WITH(
        TestServer(servers.options),
        Catch::Matchers::ContainsSubstring("it was made by a newer version of coder_users"));
}

TEST_CASE("one of three servers removes old rows, and another when that one is gone",
          "[postgres]") {
    Servers servers(
        [](coder_users::Options& options) { options.audit_retention = std::chrono::hours(24); });
    servers[0].owner();
    const auto holders = [&](const std::string& name) {
        return servers.sql("SELECT count(*) FROM leases WHERE name = '" + name + "'");
    };
    CHECK(eventually([&] { return holders("sweep") == "1" && holders("order") == "1"; }));
    const std::string holder = servers.sql("SELECT holder FROM leases WHERE name = 'sweep'");

    INFO("a server that has died holds the lease");
    run_on_postgres(servers.database,
                    "UPDATE leases SET holder = 'dead', ends_at = " +
                        std::to_string(coder_users::micros(start_of_test + minutes(9))));
    for (std::size_t i = 0; i < 3; ++i) servers[i].advance(std::chrono::hours(24 * 2));
    CHECK(eventually([&] { return servers.sql("SELECT count(*) FROM audit_logs") == "0"; }));
    CHECK(servers.sql("SELECT count(*) FROM leases WHERE holder = 'dead'") == "0");
    CHECK(eventually([&] { return holders("sweep") == "1"; }));
}

TEST_CASE("windows and states that have ended are removed, and counters joined", "[postgres]") {
    Servers servers({}, false, 1);
    const std::string owner = servers[0].owner();
    servers[0].create(owner, "bob");
    const std::string past = std::to_string(coder_users::micros(start_of_test - minutes(3)));
    run_on_postgres(servers.database,
                    "INSERT INTO window_counts VALUES ('old', " + past + ", 1), ('new', " +
                        std::to_string(coder_users::micros(start_of_test + minutes(5))) +
                        ", 1);"
                        "INSERT INTO used_states VALUES ('old', " +
                        past + ")");
    servers.advance(minutes(5));
    CHECK(eventually([&] {
        return servers.sql("SELECT count(*) FROM used_states") == "0" &&
               servers.sql("SELECT count(*) FROM counter_changes") == "0";
    }));
    CHECK(servers.sql("SELECT name FROM window_counts") == "new");
    CHECK(servers.sql("SELECT value FROM counters WHERE name = 'live_users'") == "2");
}

TEST_CASE("what needs no row is answered at once while sessions cannot be read", "[postgres]") {
    const Servers servers(
        [](coder_users::Options& options) {
            options.deadlines.database = std::chrono::milliseconds(2000);
        },
        false, 1);
    const TestServer& server = servers[0];
    const std::string owner = server.owner();
    std::vector<Answer> answers;
    while_locked(servers.database, "api_keys", [&] {
        std::atomic<bool> done{false};
        std::thread waiting([&] {
            answers = all_at_once(
                40, [&](std::size_t) { return server.send("GET", "/users/me", owner); });
            done = true;
        });
        int asked = 0;
        auto longest = std::chrono::steady_clock::duration::zero();
        while (!done) {
            const auto began = std::chrono::steady_clock::now();
            asked += server.send("GET", "!/healthz", owner).status == 200;
            longest = (std::max)(longest, std::chrono::steady_clock::now() - began);
        }
        waiting.join();
        CHECK(asked > 10);
        CHECK(longest < seconds(1));
    });
    CHECK(count_statuses(answers) == StatusCounts{{503, 40}});
    CHECK(eventually([&] { return me(server, owner) == 200; }));  // which it learns by asking
}

TEST_CASE("processes that share a database see each other's changes, and outlive each other",
          "[postgres]") {
    coder_users::Options options{prepared_postgres_database()};
    options.secret_key = test_secret_key;
    const auto serve = [&](const Child& self) {
        const TestServer server(options);
        self.say(std::to_string(server.port()));
        self.wait_for_parent();
    };
    Child one(serve), two(serve), three(serve);
    const std::vector<Child*> all{&one, &two, &three};
    std::vector<int> ports;
    for (const Child* each : all) ports.push_back(std::stoi("0" + each->heard()));
    const auto send = [&](std::size_t i, const std::string& method, const std::string& path,
                          const std::string& token, const std::string& body = "") {
        return request(ports[i % 3], method, "/api/v2" + path, {{"Coder-Session-Token", token}},
                       body);
    };
    REQUIRE(send(0, "POST", "/users/first", "", first_user).status == 201);
    const Answer logged_in = send(1, "POST", "/users/login", "", credentials("owner"));
    REQUIRE(logged_in.status == 201);
    const std::string owner = parse(logged_in.body)["session_token"].text();
    for (std::size_t round = 0; round < 6; ++round) {
        const Answer made = send(round, "POST", "/users/me/keys/tokens", owner,
                                 R"({"token_name":"t)" + std::to_string(round) + "\"}");
        REQUIRE(made.status == 201);
        const std::string token = parse(made.body)["key"].text();
        for (std::size_t i = 0; i < 3; ++i) CHECK(send(i, "GET", "/users/me", token).status == 200);
        CHECK(send(round + 1, "DELETE", "/users/me/keys/" + token.substr(0, 10), owner).status ==
              204);
        for (std::size_t i = 0; i < 3; ++i) CHECK(send(i, "GET", "/users/me", token).status == 401);
    }
    two.end();
    CHECK(send(0, "GET", "/users/me", owner).status == 200);
    CHECK(send(2, "POST", "/users/logout", owner).status == 200);
    CHECK(send(0, "GET", "/users/me", owner).status == 401);
    one.let_go();
    three.let_go();
}
