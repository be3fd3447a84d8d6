#include "coder_users/internal/store/postgres/pool.hpp"

#include <chrono>
#include <future>
#include <memory>

#include "coder_users/internal/store/postgres/new_session.hpp"
#include "postgres_fixture.hpp"

using namespace postgres_test;
using namespace std::chrono_literals;
namespace postgres = coder_users::store::postgres;
using postgres::Lease;
using postgres::Pool;
using postgres::Session;

TEST_CASE("while a server stands still one caller waits for it and the others are told at once") {
    if (!there_is_postgres()) return;
    const postgres::Address address(new_postgres_database());
    std::atomic<int> tries{0};
    std::atomic<bool> stands_still{true};
    std::promise<void> gate;
    const std::shared_future<void> opened = gate.get_future().share();
    Pool pool(8, [&](Pool::End end) {
        if (++tries == 2) opened.wait();
        if (stands_still) throw postgres::Stalled("nothing comes");
        return postgres::new_session(address, 5s, end);
    });
    const Pool::End end = Session::Clock::now() + 60s;
    CHECK_THROWS_AS(Lease(pool, end), postgres::Stalled);

    std::string waited_for;
    std::thread waiting([&] { waited_for = error_of([&] { Lease(pool, end); }); });
    while (tries < 2) std::this_thread::yield();
    for (int i = 0; i < 3; ++i)
        CHECK(error_of([&] { Lease(pool, end); }) == "the database does not answer");
    CHECK(tries == 2);
    gate.set_value();
    waiting.join();
    CHECK(waited_for == "nothing comes");

    stands_still = false;
    const Lease one(pool, end), other(pool, end);
    one.session().run("SELECT 1");
    other.session().run("SELECT 1");
    CHECK(tries == 4);
}

TEST_CASE("a session is over when the time of its borrower is") {
    if (!there_is_postgres()) return;
    const postgres::Address address(new_postgres_database());
    Pool pool(1, [&](Pool::End end) { return postgres::new_session(address, 60s, end); });
    { const Lease first(pool, Session::Clock::now() + 60s); }
    const auto begin = Session::Clock::now();
    {
        const Lease second(pool, begin + 300ms);
        CHECK_FALSE(second.is_new());
        CHECK_THROWS_AS(second.session().run("SELECT pg_sleep(30)"), postgres::Stalled);
        CHECK_FALSE(second.session().is_stalled());  // its server was not asked for long
    }
    CHECK(Session::Clock::now() - begin < 5s);
    const Lease third(pool, Session::Clock::now() + 60s);
    CHECK(third.is_new());
}
