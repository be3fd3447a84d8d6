// The crash ledger: the server is killed at random moments while clients make every kind of change.
// Afterwards everything that was acknowledged must be there.
#include <algorithm>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "ledger_client.hpp"
#include "rounds.hpp"
#include "server_process.hpp"

using namespace faults;

namespace {

/// A database, its clients, and rounds of work, kill and check.
class Ledger {
 public:
    explicit Ledger(unsigned seed) : random_(seed) {
        Server server(path_, 0);
        const auto post = [&](const std::string& path, const std::string& body,
                              const std::string& token = "") {
            HeaderList headers;
            if (!token.empty()) headers.emplace_back("Coder-Session-Token", token);
            const Answer answer = request(server.port(), "POST", "/api/v2" + path, headers, body);
            REQUIRE(answer.status == 201);
            return parse(answer.body);
        };
        const std::string password = R"("password":")" + good_password + "\"}";
        post("/users/first", R"({"email":"owner@example.org","username":"owner",)" + password);
        const std::string session =
            post("/users/login", R"({"email":"owner@example.org",)" + password)["session_token"]
                .text();
        // A token that outlives all rounds.
        owner_ = post("/users/me/keys/tokens", R"({"lifetime":31536000000000000})", session)["key"]
                     .text();
        server.stop();
        const std::string organization = stored(path_, "SELECT id FROM organizations");
        for (int i = 0; i < 8; ++i)
            clients_.push_back(std::make_unique<LedgerClient>(i, static_cast<unsigned>(random_()),
                                                              owner_, organization));
    }

    void round(long number) {
        Server server(path_, number);
        std::vector<std::thread> threads;
        for (auto& client : clients_)
            threads.emplace_back([&, c = client.get()] { c->work(server.port(), number); });
        if (number == 0)  // so that there is something to be found, however slow all is
            CHECK(eventually([&] { return any_acknowledged(); }, std::chrono::seconds(60)));
        // A random moment is the purpose of this sleep; nothing is waited for.
        std::this_thread::sleep_for(std::chrono::microseconds(random_() % 120'000));
        server.kill();
        for (std::thread& thread : threads) thread.join();

        Server again(path_, number + 1);
        check_file(again.port(), number + 1);
        if (random_() % 2)
            again.kill();
        else
            again.stop();
    }

    void add_up(long& acknowledged, long& done, long& undone) const {
        for (const auto& client : clients_) {
            acknowledged += client->acknowledged();
            done += client->settled_as_done();
            undone += client->settled_as_undone();
        }
    }

 private:
    bool any_acknowledged() const {
        return std::any_of(clients_.begin(), clients_.end(),
                           [](const auto& client) { return client->acknowledged() > 0; });
    }

    void check_file(int port, long round) {
        const StoredFile file(path_);
        CHECK(stored(file, "PRAGMA integrity_check") == "ok");
        CHECK(stored(file, "PRAGMA foreign_key_check").empty());
        for (auto& client : clients_) {
            CHECK(client->check(file) == "");
            CHECK(client->try_tokens(port, round) == "");
        }
    }

    TempFolder folder_;
    const std::string path_ = folder_.file("users.db");
    std::minstd_rand random_;
    std::string owner_;
    std::vector<std::unique_ptr<LedgerClient>> clients_;
};

}  // namespace

TEST_CASE("what was acknowledged is there after kills at random moments, and nothing revoked works",
          "[crash]") {
    const long wanted = rounds(8, 2);
    // A seed repeats a failing run, except for the timing of threads and kills.
    const unsigned seed = rounds_asked_for() ? std::random_device()() : 1;
    CAPTURE(seed);
    long acknowledged = 0, done = 0, undone = 0;
    for (long first = 0; first < wanted; first += 100) {
        Ledger ledger(seed + static_cast<unsigned>(first));
        for (long round = first; round < (std::min)(first + 100, wanted); ++round) {
            CAPTURE(round);
            ledger.round(round - first);
        }
        ledger.add_up(acknowledged, done, undone);
    }
    CHECK(acknowledged > 0);
    WARN(wanted << " rounds, " << acknowledged
                << " changes acknowledged and found; of those cut off " << done
                << " had happened and " << undone << " had not");
}
