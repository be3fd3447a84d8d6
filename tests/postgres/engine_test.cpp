// Changes that meet, connections that are lost, servers that do not answer.
#include <dlfcn.h>
#include <netdb.h>
#include <signal.h>

#include <mutex>
#include <sstream>

#include "coder_users/data.hpp"
#include "coder_users/internal/store/postgres/new_session.hpp"
#include "coder_users/internal/store/user_list.hpp"
#include "cutting_proxy.hpp"
#include "postgres_fixture.hpp"

using namespace postgres_test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

using SteadyClock = std::chrono::steady_clock;

void put_fact(store::Tx& tx, const std::string& name, const std::string& value) {
    tx.execute("INSERT INTO deployment (name, value) VALUES ($1, $2)", name, value);
}

void raise(store::Tx& tx, const std::string& state) {
    tx.run("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '" + state + "'; END $$");
}

/// The address of a database by way of two proxies.
std::string several(const CuttingProxy& a, const CuttingProxy& b) {
    std::string text = a.address();
    const std::size_t end = text.find('/', text.find('@'));
    const std::size_t begin = b.address().find('@') + 1;
    return text.insert(end, "," + b.address().substr(begin, b.address().find('/', begin) - begin));
}

/// How long the look-up of a host's name takes.
std::atomic<std::chrono::milliseconds> look_up_time{0ms};

int server_process(store::Connection& c) {
    return std::stoi(c.first_text("SELECT pg_backend_pid()"));
}

}  // namespace

/// Replaces the function of the C library in this program.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                           addrinfo** found) {
    static const auto real =
        reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    std::this_thread::sleep_for(look_up_time.load());
    return real(host, service, hints, found);
}

TEST_CASE("a change that meets another is run again, five times at most") {
    if (!there_is_postgres()) return;
    Opened db;
    for (const char* state : {"40001", "40P01"}) {
        CAPTURE(state);
        int runs = 0;
        db.store.write([&](store::Tx& tx) {
            put_fact(tx, state, "x");
            if (++runs < 5) raise(tx, state);
        });
        CHECK(runs == 5);
        CHECK(db.sql(std::string("SELECT count(*) FROM deployment WHERE name = '") + state + "'") ==
              "1");
        CHECK_THROWS_AS(db.store.write([&](store::Tx& tx) {
            ++runs;
            raise(tx, state);
        }),
                        store::Busy);
        CHECK(runs == 10);
    }
}

TEST_CASE("two changes that wait for each other are both made") {
    if (!there_is_postgres()) return;
    Opened db;
    db.run("INSERT INTO deployment VALUES ('a', '0'), ('b', '0')");
    std::atomic<int> first_rows{0}, runs{0};
    at_once(2, [&](int number) {
        db.store.write([&](store::Tx& tx) {
            ++runs;
            const auto add = [&](const char* name) {
                tx.execute(
                    "UPDATE deployment SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) "
                    "WHERE name = $1",
                    name);
            };
            add(number == 0 ? "a" : "b");
            ++first_rows;
            while (first_rows < 2) std::this_thread::yield();
            add(number == 0 ? "b" : "a");
        });
    });
    CHECK(runs >= 3);  // the one that runs again may meet the other again
    CHECK(db.sql("SELECT name, value FROM deployment ORDER BY name") == "a|2\nb|2");
}

TEST_CASE("a change is run once more when a value is in use, to see why") {
    if (!there_is_postgres()) return;
    Opened db;
    db.run("INSERT INTO deployment VALUES ('a', '1')");
    int runs = 0;
    CHECK_THROWS_AS(db.store.write([&](store::Tx& tx) {
        ++runs;
        put_fact(tx, "a", "2");
    }),
                    store::Duplicate);
    CHECK(runs == 2);
    runs = 0;
    CHECK_THROWS_AS(db.store.write([&](store::Tx& tx) {
        ++runs;
        tx.execute("INSERT INTO user_roles (user_id, role) VALUES ('nobody', 'owner')");
    }),
                    store::ConstraintBroken);
    CHECK(runs == 2);
}

TEST_CASE("nothing is stored of a change that fails or goes on after an error") {
    if (!there_is_postgres()) return;
    Opened db;
    CHECK_THROWS_AS(db.store.write([](store::Tx& tx) {
        put_fact(tx, "a", "1");
        throw std::logic_error("refused");
    }),
                    std::logic_error);
    CHECK_THROWS_AS(db.store.write([](store::Tx& tx) {
        put_fact(tx, "b", "1");
        CHECK_THROWS_AS(put_fact(tx, "b", "2"), store::Duplicate);
    }),
                    store::Unavailable);
    CHECK(db.sql("SELECT count(*) FROM deployment") == "0");
    db.store.write([](store::Tx& tx) {
        tx.run_and_undo([&] { put_fact(tx, "c", "1"); });
        put_fact(tx, "d", "1");
    });
    CHECK(db.sql("SELECT name FROM deployment") == "d");
}

TEST_CASE("a read sees one state") {
    if (!there_is_postgres()) return;
    Opened db;
    const auto count = [](store::Connection& c) {
        return c.first_text("SELECT count(*) FROM deployment");
    };
    db.store.read([&](store::Connection& c) {
        CHECK(count(c) == "0");
        db.run("INSERT INTO deployment VALUES ('a', '1')");
        CHECK(count(c) == "0");
    });
    CHECK_THROWS_AS(db.store.read([](store::Connection& c) { c.run("DELETE FROM deployment"); }),
                    store::Unavailable);
    CHECK(db.store.read(count) == "1");
}

TEST_CASE("a long reading sees one state, in pieces, beside other statements") {
    if (!there_is_postgres()) return;
    Opened db;
    db.run("INSERT INTO counter_changes SELECT 'n', i FROM generate_series(1, 1700) i");
    store::LongReading reading = db.store.begin_long_reading();
    std::int64_t sum = 0, rows_read = 0;
    for (bool more = true; more;)
        more = db.store.read(reading, [&](store::Connection& c, std::optional<store::Query>& rows) {
            if (!rows)
                rows.emplace(c.query("SELECT value FROM counter_changes WHERE name = $1", "n"));
            CHECK(c.first_text("SELECT count(*) FROM counter_changes") == "1700");
            for (int i = 0; i < 170; ++i, ++rows_read) {
                if (!rows->next()) return false;
                sum += rows->integer(0);
            }
            db.run("INSERT INTO counter_changes VALUES ('n', 1)");
            return true;
        });
    CHECK(rows_read == 1700);
    CHECK(sum == 1700 * 1701 / 2);
}

TEST_CASE("long readings are bounded and leave connections for others") {
    if (!there_is_postgres()) return;
    Opened db(4, 300ms);
    auto first = std::make_unique<store::LongReading>(db.store.begin_long_reading());
    const store::LongReading second = db.store.begin_long_reading();
    CHECK_THROWS_AS(db.store.begin_long_reading(), store::Busy);
    CHECK(db.store.read([](store::Connection& c) { return c.first_text("SELECT 7"); }) == "7");
    first.reset();
    const store::LongReading third = db.store.begin_long_reading();
}

TEST_CASE("connections that the server has ended are replaced unnoticed") {
    if (!there_is_postgres()) return;
    Opened db;
    db.store.read([](store::Connection& c) { c.run("SELECT 1"); });
    db.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()");
    CHECK(db.store.read([](store::Connection& c) { return c.first_text("SELECT 7"); }) == "7");
    db.store.write([](store::Tx& tx) { put_fact(tx, "a", "1"); });
    CHECK(db.store.find_checked_key("nothing00") == nullptr);
}

TEST_CASE("a connection that is lost in the middle fails the change and nothing else") {
    if (!there_is_postgres()) return;
    Opened db;
    int runs = 0;
    CHECK_THROWS_AS(db.store.write([&](store::Tx& tx) {
        ++runs;
        put_fact(tx, "a", "1");
        db.run("SELECT pg_terminate_backend(" + std::to_string(server_process(tx)) + ", 5000)");
        put_fact(tx, "b", "1");
    }),
                    store::Unavailable);
    CHECK(runs == 1);
    CHECK(db.sql("SELECT count(*) FROM deployment") == "0");
    db.store.write([](store::Tx& tx) { put_fact(tx, "c", "1"); });
}

TEST_CASE("a server that does not answer holds nobody longer than the deadline") {
    if (!there_is_postgres()) return;
    Opened db(8, 1s);
    int process = 0;
    const auto begin = SteadyClock::now();
    const std::string text = error_of([&] {
        db.store.write([&](store::Tx& tx) {
            put_fact(tx, "a", "1");
            process = server_process(tx);
            ::kill(process, SIGSTOP);
            put_fact(tx, "b", "1");
        });
    });
    const auto took = SteadyClock::now() - begin;
    CHECK(text == "no answer from the database in time");
    CHECK(took >= 1s);
    CHECK(took < 4s);
    CHECK(db.store.read([](store::Connection& c) { return c.first_text("SELECT 7"); }) == "7");
    REQUIRE(::kill(process, SIGCONT) == 0);
    CHECK(db.sql("SELECT count(*) FROM deployment") == "0");
}

TEST_CASE("a lock that another holds is waited for as long as the deadline") {
    if (!there_is_postgres()) return;
    Opened db(8, 400ms);
    db.run("INSERT INTO deployment VALUES ('a', '1')");
    db.store.write([&](store::Tx& tx) {
        tx.run("UPDATE deployment SET value = '2' WHERE name = 'a'");
        CHECK_THROWS_AS(db.store.write([](store::Tx& other) {
            other.run("UPDATE deployment SET value = '3' WHERE name = 'a'");
        }),
                        store::Busy);
    });
    CHECK(db.sql("SELECT value FROM deployment") == "2");
}

TEST_CASE("connections are bounded, and who waits for one is served in turn or told") {
    if (!there_is_postgres()) return;
    Opened db(2, 2s);
    std::mutex both;
    std::atomic<int> inside{0};
    std::unique_lock<std::mutex> held(both);
    std::vector<std::thread> holders;
    for (int i = 0; i < 2; ++i)
        holders.emplace_back([&] {
            db.store.read([&](store::Connection& c) {
                c.run("SELECT 1");
                ++inside;
                const std::lock_guard<std::mutex> wait(both);
            });
        });
    while (inside < 2) std::this_thread::yield();
    CHECK_THROWS_AS(db.store.read([](store::Connection&) {}), store::Busy);
    held.unlock();
    for (std::thread& each : holders) each.join();
    std::atomic<int> served{0};
    at_once(16, [&](int) {
        db.store.read([&](store::Connection& c) { served += c.first_text("SELECT 1") == "1"; });
    });
    CHECK(served == 16);
    CHECK(std::stoi(db.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                           "'coder_users' AND datname = current_database()")) <= 2);
}

TEST_CASE("after a part with many rows a change has its usual time again") {
    if (!there_is_postgres()) return;
    Opened db(2, 5s);
    std::string during, after;
    db.store.write([&](store::Tx& tx) {
        tx.expect_many_rows(true);
        during = tx.first_text("SHOW statement_timeout");
        tx.expect_many_rows(false);
        after = tx.first_text("SHOW statement_timeout");
    });
    CHECK(during == "0");
    CHECK(after == "4500ms");
}

TEST_CASE("a change whose end is unknown is said to be unknown, and not made twice") {
    if (!there_is_postgres()) return;
    const std::string direct = prepared_postgres_database();
    CuttingProxy proxy(direct);
    store::Store opened(Opened::chosen(proxy.address(), 8, 2s));
    opened.write([](store::Tx& tx) { put_fact(tx, "before", "1"); });
    int runs = 0;
    proxy.cut_after(std::string("COMMIT\0", 7));  // the whole statement
    CHECK_THROWS_AS(opened.write([&](store::Tx& tx) {
        ++runs;
        put_fact(tx, "a", "1");
    }),
                    store::Unavailable);
    CHECK(runs == 1);
    proxy.cut_after("");
    CHECK(eventually([&] {
        return postgres_rows(direct, "SELECT count(*) FROM deployment WHERE name = 'a'") == "1";
    }));
    opened.write([](store::Tx& tx) { put_fact(tx, "after", "1"); });
}

TEST_CASE("while a server is silent one caller waits for it, and others are told at once") {
    if (!there_is_postgres()) return;
    CuttingProxy proxy(prepared_postgres_database());
    store::Store opened(Opened::chosen(proxy.address(), 8, 500ms));
    const auto seven = [&] {
        return opened.read([](store::Connection& c) { return c.first_text("SELECT 7"); });
    };
    CHECK(seven() == "7");
    proxy.set_silent(true);
    CHECK(error_of(seven) == "no answer from the database in time");
    std::atomic<int> waited{0}, told{0};
    const auto begin = SteadyClock::now();
    at_once(8, [&](int) {
        const std::string text = error_of(seven);
        waited += text == "no answer from the database in time";
        told += text == "the database does not answer";
    });
    CHECK(waited == 1);
    CHECK(told == 7);
    CHECK(SteadyClock::now() - begin < 2s);
    CHECK(error_of(seven) == "no answer from the database in time");  // the next one to try
    proxy.set_silent(false);
    CHECK(eventually([&] { return error_of(seven).empty(); }));
    opened.write([](store::Tx& tx) { put_fact(tx, "after", "1"); });
}

TEST_CASE("a host that accepts connections and says nothing does not hide the next") {
    if (!there_is_postgres()) return;
    const std::string address = new_postgres_database();
    CuttingProxy frozen(address), second(address);
    frozen.set_silent(true);
    const auto begin = SteadyClock::now();
    store::Store opened(Opened::chosen(several(frozen, second), 8, 2s));
    const auto seven = [&] {
        return opened.read([](store::Connection& c) { return c.first_text("SELECT 7"); });
    };
    CHECK(seven() == "7");
    CHECK(SteadyClock::now() - begin < 2s);  // one half of a deadline, once

    frozen.set_silent(false);  // and the other way round
    second.set_silent(true);
    CHECK(eventually([&] { return error_of(seven).empty(); }));
    opened.write([](store::Tx& tx) { put_fact(tx, "after", "1"); });
}

TEST_CASE("who has little time to connect changes the order of hosts for nobody else") {
    if (!there_is_postgres()) return;
    const std::string database = new_postgres_database();
    CuttingProxy silent(database), good(database);
    silent.set_silent(true);
    const store::postgres::Address address(several(silent, good));
    const std::string order = address.options()["port"];
    const auto session = store::postgres::new_session(address, 60s, SteadyClock::now() + 3s);
    CHECK_FALSE(session->is_lost());
    CHECK_FALSE(session->is_stalled());
    CHECK(address.options()["port"] == order);
    good.set_silent(true);
    CHECK_THROWS_AS(store::postgres::new_session(address, 60s, SteadyClock::now() + 200ms),
                    store::postgres::Stalled);
    CHECK(address.options()["port"] == order);
}

TEST_CASE("the time of a look-up is not taken from the first of several hosts") {
    if (!there_is_postgres()) return;
    const std::string database = new_postgres_database();
    const CuttingProxy first(database), second(database);
    const store::postgres::Address address(several(first, second));
    const std::string order = address.options()["port"];
    look_up_time = 3s;
    CHECK(error_of([&] {
              store::postgres::new_session(address, 5s, SteadyClock::now() + 5s);
          }).empty());
    look_up_time = 0ms;
    CHECK(address.options()["port"] == order);
}

TEST_CASE("a command with much time for its statements does not take it to connect") {
    if (!there_is_postgres()) return;
    const std::string database = prepared_postgres_database();
    CuttingProxy silent(database), good(database);
    silent.set_silent(true);
    coder_users::Options chosen;
    chosen.database = several(silent, good);
    chosen.secret_key = coder_users_test::test_secret_key;
    chosen.deadlines.database = 2s;
    const auto begin = SteadyClock::now();
    std::ostringstream out;
    coder_users::data::export_to(chosen, out);
    CHECK(SteadyClock::now() - begin < 10s);
    CHECK_FALSE(out.str().empty());
}

TEST_CASE("a copy of a process leaves the connections to it") {
    if (!there_is_postgres()) return;
    Opened db;
    db.store.read([](store::Connection& c) { c.run("SELECT 1"); });
    Child child([&](const Child& self) {
        db.store.let_go();
        self.say("gone");
    });
    CHECK(child.heard() == "gone");
    child.wait();
    const auto before = db.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'coder_users' AND datname "
        "= current_database()");
    CHECK(before == "1");
    CHECK(db.store.read([](store::Connection& c) { return c.first_text("SELECT 7"); }) == "7");
    CHECK(db.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'coder_users' "
                 "AND datname = current_database()") == before);
}

TEST_CASE("the number of users is right whoever adds and folds at the same time") {
    if (!there_is_postgres()) return;
    Opened db;
    store::Store other(Opened::chosen(db.address));
    at_once(4, [&](int thread) {
        store::Store& store = thread % 2 ? other : db.store;
        for (int i = 0; i < 10; ++i) {
            const int number = thread * 10 + i;
            if (i % 2) {
                store.write([&](store::Tx& tx) {
                    store::users::deriving(tx, [&] {
                        store::users::insert_row(
                            tx, user_named("u" + std::to_string(number), number), "");
                        return 1;
                    });
                });
            } else {
                add_user(store, user_named("u" + std::to_string(number), number));
            }
            coder_users::ApiKey key;
            key.id = "k";
            key.user_id = id_of(number);
            store.note_use(key, now, now, now);
        }
    });
    const auto users = [](store::Connection& c) {
        return store::counters::value(c, store::counters::live_users);
    };
    CHECK(db.store.read(users) == 40);
    CHECK(eventually([&] { return db.sql("SELECT count(*) FROM counter_changes") == "0"; }));
    CHECK(other.read(users) == 40);
    CHECK(db.sql("SELECT count(DISTINCT number) FROM users") == "40");
    CHECK(db.store.read(store::users::first_with_wrong_row).empty());
}

TEST_CASE("whether the database is ready does not wait for those who use it") {
    if (!there_is_postgres()) return;
    Opened db(2, 60s);
    std::atomic<int> holding{0};
    std::mutex over;
    std::unique_lock<std::mutex> held(over);
    std::vector<std::thread> holders;
    for (int i = 0; i < 2; ++i)
        holders.emplace_back([&] {
            db.store.read([&](store::Connection&) {
                ++holding;
                const std::lock_guard<std::mutex> wait(over);
            });
        });
    while (holding < 2) std::this_thread::yield();
    CHECK(error_of([&] { db.store.require_ready(); }).empty());
    std::atomic<int> ready{0};
    at_once(8, [&](int) { ready += error_of([&] { db.store.require_ready(); }).empty(); });
    CHECK(ready == 8);
    db.run("ALTER TABLE database_info RENAME TO gone");
    CHECK_THROWS_AS(db.store.require_ready(), store::Unavailable);
    db.run("ALTER TABLE gone RENAME TO database_info");
    CHECK_NOTHROW(db.store.require_ready());
    db.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle'");
    CHECK_NOTHROW(db.store.require_ready());
    held.unlock();
    for (std::thread& each : holders) each.join();
}

TEST_CASE("what is a file's alone is refused with the name of the tool") {
    if (!there_is_postgres()) return;
    Opened db;
    CHECK_THAT(error_of([&] { db.store.image(); }), ContainsSubstring("pg_dump"));
    CHECK_THAT(error_of([&] { db.store.replace_everything(""); }), ContainsSubstring("pg_dump"));
    CHECK_THAT(error_of([&] { db.store.read([](store::Connection& c) { c.copy_to("x", {}); }); }),
               ContainsSubstring("pg_dump"));
}
