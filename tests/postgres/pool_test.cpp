#include "coder_users/internal/store/postgres/pool.hpp"

#include <chrono>
#include <future>

#include "coder_users/internal/store/postgres/new_session.hpp"
#include "postgres_fixture.hpp"

using namespace postgres_test;
using namespace std::chrono_literals;
namespace postgres = coder_users::store::postgres;
using postgres::Lease;

TEST_CASE("while a server stands still one caller waits for it and the others are told at once") {
    if (!there_is_postgres()) return;
    const postgres::Address address(new_postgres_database());
    std::atomic<int> tries{0};
    std::atomic<bool> stands_still{true};
    std::promise<void> gate;
    const std::shared_future<void> opened = gate.get_future().share();
    postgres::Pool pool(8, 60s, [&] {
        if (++tries == 2) opened.wait();
        if (stands_still) throw postgres::TooSlow("nothing comes");
        return postgres::new_session(address, 60s);
    });
    const auto borrow = [&] { Lease(pool).session().run("SELECT 1"); };
    CHECK(error_of(borrow) == "nothing comes");

    std::string waited_for;
    std::thread waiting([&] { waited_for = error_of(borrow); });
    while (tries < 2) std::this_thread::yield();
    for (int i = 0; i < 3; ++i) CHECK(error_of(borrow) == "the database does not answer");
    CHECK(tries == 2);
    gate.set_value();
    waiting.join();
    CHECK(waited_for == "nothing comes");

    // The next one tries a while later, and then all are served again.
    stands_still = false;
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!error_of(borrow).empty() && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    CHECK(tries == 3);
    const Lease one(pool), other(pool);
    one.session().run("SELECT 1");
    other.session().run("SELECT 1");
}
