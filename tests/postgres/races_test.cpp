// What must hold whoever acts at the same time, on several servers over one database.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "../server_fixture.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "postgres_fixture.hpp"

using namespace postgres_test;
using coder_users_test::Answer;
using coder_users_test::good_password;
using coder_users_test::parse;
using coder_users_test::TestServer;

namespace {

/// Two servers over one database.
struct Servers {
    Servers() : address(prepared_postgres_database()), all{server(address), server(address)} {}

    static std::unique_ptr<TestServer> server(const std::string& address) {
        coder_users::Options options;
        options.database = address;
        options.limits.workers = 8;
        return std::make_unique<TestServer>(options);
    }
    TestServer& of(int thread) { return *all[static_cast<std::size_t>(thread % 2)]; }
    std::string sql(const std::string& query) const { return postgres_rows(address, query); }

    const std::string address;
    std::unique_ptr<TestServer> all[2];
};

const std::string live_owners =
    "SELECT count(*) FROM user_roles r JOIN users u ON u.id = r.user_id WHERE r.role = 'owner' "
    "AND u.deleted = 0 AND u.status <> 'suspended'";

}  // namespace

TEST_CASE("of many first users one is made") {
    if (!there_is_postgres()) return;
    for (int round = 0; round < 3; ++round) {
        Servers servers;
        std::atomic<int> made{0}, refused{0};
        at_once(16, [&](int i) {
            const std::string name = "u" + std::to_string(i);
            const Answer answer =
                servers.of(i).send("POST", "/users/first", "",
                                   R"({"email":")" + name + R"(@example.org","username":")" + name +
                                       R"(","password":")" + good_password + "\"}");
            made += answer.status == 201;
            refused += answer.status == 409;
        });
        CHECK(made == 1);
        CHECK(refused == 15);
        CHECK(servers.sql("SELECT count(*) FROM users") == "1");
        CHECK(servers.sql("SELECT count(*) FROM organizations WHERE is_default = 1") == "1");
    }
}

TEST_CASE("an owner remains when all owners remove each other") {
    if (!there_is_postgres()) return;
    constexpr int owners = 8;
    Servers servers;
    TestServer& first = servers.of(0);
    const std::string root = first.owner();
    std::vector<std::string> tokens{root}, names{"owner"};
    for (int i = 1; i < owners; ++i) {
        names.push_back("o" + std::to_string(i));
        tokens.push_back(first.member(root, names.back()));
        REQUIRE(
            first.send("PUT", "/users/" + names.back() + "/roles", root, R"({"roles":["owner"]})")
                .status == 200);
    }
    std::atomic<int> failed{0};
    at_once(owners, [&](int i) {
        const std::string& other = names[static_cast<std::size_t>((i + 1) % owners)];
        const std::string& token = tokens[static_cast<std::size_t>(i)];
        TestServer& server = servers.of(i);
        const Answer answer =
            i % 3 == 0 ? server.send("DELETE", "/users/" + other, token)
            : i % 3 == 1
                ? server.send("PUT", "/users/" + other + "/status/suspend", token)
                : server.send("PUT", "/users/" + other + "/roles", token, R"({"roles":[]})");
        failed += answer.status >= 500;
    });
    CHECK(failed == 0);
    CHECK(servers.sql(live_owners) != "0");
}

TEST_CASE("of two first organizations one is the default") {
    if (!there_is_postgres()) return;
    for (int round = 0; round < 5; ++round) {
        Opened db;
        at_once(4, [&](int i) {
            db.store.write([&](store::Tx& tx) {
                coder_users::Organization made;
                made.id = id_of(i + 1);
                made.name = "org" + std::to_string(i);
                store::organizations::add(tx, made);
            });
        });
        CHECK(db.sql("SELECT count(*) FROM organizations") == "4");
        CHECK(db.sql("SELECT count(*) FROM organizations WHERE is_default = 1") == "1");
    }
}

TEST_CASE("a token that was revoked counts on no server, whatever was going on") {
    if (!there_is_postgres()) return;
    Servers servers;
    TestServer& first = servers.of(0);
    const std::string root = first.owner();
    const std::string bob = first.create(root, "bob");
    for (int round = 0; round < 10; ++round) {
        const std::string session = first.log_in("bob@example.org");
        const std::string id = session.substr(0, session.find('-'));
        std::atomic<int> late{0};
        at_once(4, [&](int i) {
            if (i == 0) {
                REQUIRE(servers.of(0).send("DELETE", "/users/bob/keys/" + id, root).status == 204);
                const Answer after = servers.of(1).send("PUT", "/users/me/profile", session,
                                                        R"({"username":"bob","name":"late"})");
                late += after.status != 401;
                return;
            }
            servers.of(i).send("PUT", "/users/me/profile", session,
                               R"({"username":"bob","name":"n)" + std::to_string(i) + "\"}");
        });
        CHECK(late == 0);
        CHECK(servers.sql("SELECT count(*) FROM users WHERE name = 'late'") == "0");
        CHECK(servers.sql("SELECT count(*) FROM api_keys WHERE id = '" + id + "'") == "0");
    }
}

TEST_CASE("somebody who changes things all the time can be suspended at once", "[alone]") {
    if (!there_is_postgres()) return;
    Opened db(16);
    std::atomic<bool> suspended{false};
    std::atomic<int> made{0}, failed{0};
    std::chrono::steady_clock::duration longest{};
    at_once(9, [&](int i) {
        if (i > 0) {
            while (!suspended) try {
                    db.store.write([&](store::Tx& tx) {
                        tx.lock_users("actor", "target" + std::to_string(i));
                        tx.query("SELECT pg_sleep(0.02)").next();  // what the change does
                    });
                    ++made;
                } catch (const std::exception&) {
                    ++failed;
                }
            return;
        }
        for (int round = 0; round < 5; ++round) {
            while (made < 20 * round && failed == 0) std::this_thread::yield();
            const auto begin = std::chrono::steady_clock::now();
            try {
                db.store.write([&](store::Tx& tx) { tx.lock_users("", "actor"); });
            } catch (const std::exception&) {
                ++failed;
            }
            longest = (std::max)(longest, std::chrono::steady_clock::now() - begin);
        }
        suspended = true;
    });
    CHECK(failed == 0);
    CHECK(longest < std::chrono::seconds(1));
}

TEST_CASE("sessions that end themselves at the same time end without a failure") {
    if (!there_is_postgres()) return;
    Servers servers;
    const std::string root = servers.of(0).owner();
    servers.of(0).create(root, "bob");
    std::vector<std::string> sessions;
    for (int i = 0; i < 8; ++i) sessions.push_back(servers.of(i).log_in("bob@example.org"));
    std::atomic<int> failed{0};
    at_once(16, [&](int i) {
        const std::string& session = sessions[static_cast<std::size_t>(i / 2)];
        const int status = servers.of(i).send("POST", "/users/logout", session).status;
        failed += status != 200 && status != 401;
    });
    CHECK(failed == 0);
    CHECK(servers.sql("SELECT count(*) FROM api_keys k JOIN users u ON u.id = k.user_id "
                      "WHERE u.username = 'bob'") == "0");
}

TEST_CASE("a login with a password that was just changed leaves no session") {
    if (!there_is_postgres()) return;
    Servers servers;
    TestServer& first = servers.of(0);
    const std::string root = first.owner();
    const std::string bob = first.create(root, "bob");
    std::string password = good_password;
    for (int round = 0; round < 10; ++round) {
        const std::string next = "another-Horse-" + std::to_string(10 + round);
        std::atomic<int> failed{0};
        at_once(6, [&](int i) {
            if (i == 0) {
                REQUIRE(
                    servers.of(0)
                        .send("PUT", "/users/bob/password", root, R"({"password":")" + next + "\"}")
                        .status == 204);
                return;
            }
            const Answer answer =
                servers.of(i).send("POST", "/users/login", "",
                                   R"({"email":"bob@example.org","password":")" + password + "\"}");
            failed += answer.status >= 500;
        });
        CHECK(failed == 0);
        CHECK(servers.sql("SELECT count(*) FROM api_keys WHERE user_id = '" + bob + "'") == "0");
        password = next;
    }
}

TEST_CASE("changes of one thing at the same time are all made, or refused for a reason") {
    if (!there_is_postgres()) return;
    Servers servers;
    TestServer& first = servers.of(0);
    const std::string root = first.owner();
    first.create(root, "bob");
    std::atomic<int> failed{0}, made{0}, taken{0};
    at_once(12, [&](int i) {
        const std::string name = "org" + std::to_string(i / 4);
        const Answer made_one =
            servers.of(i).send("POST", "/organizations", root, R"({"name":")" + name + "\"}");
        made += made_one.status == 201;
        taken += made_one.status == 409;
        failed += made_one.status >= 500;
        const Answer token = servers.of(i).send("POST", "/users/me/keys/tokens", root,
                                                R"({"token_name":")" + name + "\"}");
        failed += token.status != 201 && token.status != 409;
        const Answer profile = servers.of(i).send("PUT", "/users/bob/profile", root,
                                                  R"({"username":"bob","name":")" + name + "\"}");
        failed += profile.status != 200;
    });
    CHECK(failed == 0);
    CHECK(made == 3);
    CHECK(taken == 9);
    CHECK(servers.sql("SELECT count(*) FROM organization_members m JOIN users u "
                      "ON u.id = m.user_id WHERE u.username = 'owner' AND "
                      "position(m.organization_id in u.organization_ids) = 0") == "0");
}
