// Memory that runs out in the middle of a request: it must be answered 503 or as usual, nothing
// that was acknowledged may be missing, and the service must continue.
#include <coder_users/testing.hpp>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "failing_memory.hpp"
#include "faults/rounds.hpp"
#include "server_fixture.hpp"

using namespace coder_users_test;
using coder_users::Response;
using memory::Kind;
using memory::plan;
using memory::Whose;

namespace {

struct Step {
    std::string method, path, body = {};
    enum { owner, bob, nobody, stranger } who = owner;
};

/// Owner and bob in a database file, and the moment that is restored before each request.
class Place {
 public:
    Place() {
        memory::watch_sqlite();
        const coder_users::testing::Controls controls;
        coder_users::Options options = coder_users::Options::for_tests(controls);
        options.database = path_;
        options.log = [](const coder_users::LogLine&) {};
        options.on_event = [](const coder_users::Event&) {};
        options.send_passcode = [](const coder_users::Passcode&) {};
        server_.emplace(controls, options);
        owner_ = server_->owner().token;
        const auto bob = server_->user("bob");
        bob_ = bob.token;
        const auto made =
            server_->owner().post("/users/bob/keys/tokens", R"({"token_name":"old"})");
        REQUIRE(made.status == 201);
        key_ = parse(made.body)["key"].text().substr(0, 10);
        REQUIRE(server_->owner()
                    .put("/users/bob/appearance", R"({"theme_preference":"dark"})")
                    .status == 200);
        organization_ = stored(path_, "SELECT id FROM organizations");
        moment_.emplace(server_->snapshot());
    }

    void restore() { server_->restore(*moment_); }
    int port() { return server_->service().port(); }

    std::string token_of(const Step& step) const {
        return step.who == Step::owner    ? owner_
               : step.who == Step::bob    ? bob_
               : step.who == Step::nobody ? ""
                                          : "abcdefghij-abcdefghijklmnopqrstuv";
    }

    coder_users::Request request_of(const Step& step) const {
        coder_users::Request request{
            step.method, "/api/v2" + step.path, {}, step.body, "127.0.0.1"};
        if (step.who != Step::nobody) request.headers = {{"Coder-Session-Token", token_of(step)}};
        return request;
    }

    Response ask(const coder_users::Request& request) { return server_->service().handle(request); }

    /// Requests of every kind, also refused ones.
    std::vector<Step> steps() const {
        const std::string password =
            std::string("\"password\":\"") + coder_users::testing::password + "\"}";
        return {
            {"GET", "/users/me"},
            {"GET", "/users?q=bob&limit=10"},
            {"GET", "/users/bob/roles"},
            {"GET", "/users/roles"},
            {"GET", "/users/bob/gitsshkey"},
            {"GET", "/users/me/keys/tokens?include_all=true"},
            {"GET", "/users/bob/keys/" + key_},
            {"GET", "/users/bob/organizations"},
            {"GET", "/users/bob/appearance"},
            {"GET", "/users/bob/preferences"},
            {"GET", "/entitlements", "", Step::nobody},
            {"GET", "/organizations"},
            {"GET", "/audit?limit=5"},
            {"GET", "/openapi.json"},
            {"GET", "/users/authmethods", "", Step::nobody},
            {"GET", "/users/first", "", Step::nobody},
            {"GET", "/nowhere"},
            {"GET", "/users/nobody"},
            {"GET", "/users/me", "", Step::stranger},
            {"DELETE", "/users/me"},
            {"POST", "/authcheck",
             R"({"checks":{"a":{"object":{"resource_type":"user"},"action":"read"}}})"},
            {"POST", "/users", R"({"email":"x","username":"x y","password":"x"})"},
            {"PUT", "/users/bob/roles", R"({"roles":["nosuch"]})"},
            {"POST", "/users/login", R"({"email":"bob@example.com","password":"wrong"})",
             Step::nobody},
            {"POST", "/users/login", R"({"email":"bob@example.com",)" + password, Step::nobody},
            {"POST", "/users/logout", "", Step::bob},
            {"POST", "/users", R"({"email":"nora@example.com","username":"nora",)" + password},
            {"PUT", "/users/bob/profile", R"({"username":"bert"})"},
            {"PUT", "/users/bob/appearance", R"({"theme_preference":"light"})"},
            {"PUT", "/users/bob/password", R"({"password":"an0ther-Horse"})"},
            {"POST", "/users/otp/request", R"({"email":"bob@example.com"})", Step::nobody},
            {"POST", "/users/otp/change-password",
             R"({"email":"bob@example.com","password":"an0ther-Horse","one_time_passcode":"x"})",
             Step::nobody},
            {"PUT", "/users/bob/status/suspend"},
            {"PUT", "/users/bob/status/activate"},
            {"PUT", "/users/bob/roles", R"({"roles":["auditor"]})"},
            {"PUT", "/users/bob/gitsshkey"},
            {"POST", "/users/bob/keys"},
            {"POST", "/users/bob/keys/tokens", R"({"token_name":"new"})"},
            {"PUT", "/users/bob/keys/" + key_ + "/expire"},
            {"DELETE", "/users/bob/keys/" + key_},
            {"PUT", "/organizations/" + organization_ + "/members/bob/roles",
             "{\"roles\":[\"organization-admin:" + organization_ + "\"]}"},
            {"DELETE", "/users/bob"},
        };
    }

    /// Whether the file has the acknowledged change.
    bool holds(const std::string& request_id) const {
        return stored(path_, "SELECT count(*) FROM audit_logs WHERE request_id = '" + request_id +
                                 "'") == "1";
    }
    std::string checked() const {
        return stored(path_, "PRAGMA integrity_check") + stored(path_, "PRAGMA foreign_key_check");
    }

 private:
    TempFolder folder_;
    const std::string path_ = folder_.file("a.db");
    std::optional<coder_users::testing::Server> server_;
    std::optional<coder_users::testing::Server::Moment> moment_;
    std::string owner_, bob_, key_, organization_;
};

const std::string unavailable_answer = message("The server is temporarily unable to answer.");

/// How many allocations lie between two that fail; 1 tries each.
long stride_of_sweep(long usually) { return faults::rounds(usually, 5 * usually); }

/// Fails every n-th allocation of one request, until the request needs no more.
struct Sweep {
    Place& place;
    const Kind kind;
    const bool for_ever;
    long attempts = 0, failed = 0, refused = 0;

    void run(const Step& step, long stride) {
        INFO(step.method << " " << step.path << " " << step.body);
        const coder_users::Request request = place.request_of(step);
        place.restore();
        const Response good = place.ask(request);
        place.restore();
        const bool repeats = place.ask(request).body == good.body;
        REQUIRE(good.status != 503);
        for (long n = 1 + attempts % stride;; n += stride) {
            INFO("allocation " << n << (for_ever ? " and all others" : ""));
            place.restore();
            Response answer;
            plan().arm(kind, Whose::mine, n, for_ever ? LONG_MAX : n);
            answer = place.ask(request);
            plan().disarm();
            ++attempts;
            failed += plan().hits;
            if (answer.status == 503) {
                ++refused;
                CHECK(plan().hits > 0);
                if (!for_ever) {
                    CHECK(answer.body == unavailable_answer);
                    CHECK(header_of(answer.headers, "Retry-After") == "1");
                }
            } else {
                CHECK(answer.status == good.status);
                if (repeats) CHECK(answer.body == good.body);
                const bool changes =
                    step.method != "GET" && good.status / 100 == 2 && step.path != "/authcheck";
                if (changes) CHECK(place.holds(header_of(answer.headers, "X-Coder-Request-Id")));
            }
            if (plan().hits == 0) break;
            REQUIRE(n < 200'000);
        }
    }
};

void sweep(Kind kind, long stride) {
    Place place;
    for (const bool for_ever : {false, true}) {
        Sweep all{place, kind, for_ever};
        for (const Step& step : place.steps()) all.run(step, stride_of_sweep(stride));
        CHECK(place.checked() == "ok");
        CHECK(all.refused > 0);
        WARN(all.attempts << " attempts, " << all.failed << " allocations failed, " << all.refused
                          << " requests refused");
    }
}

}  // namespace

TEST_CASE("an allocation fails in a request: 503 or the usual answer, and service goes on",
          "[memory]") {
    sweep(Kind::operator_new, 29);
}

TEST_CASE("an allocation of SQLite fails in a request: 503 or the usual answer", "[memory]") {
    sweep(Kind::sqlite, 499);
}

TEST_CASE("an allocation of OpenSSL fails in a request: 503 or the usual answer", "[memory]") {
    if (!memory::watches_openssl()) {
        WARN("a shared library uses OpenSSL already");
        return;
    }
    sweep(Kind::openssl, 1);
}

TEST_CASE("an allocation fails on any thread of the server: a connection may end, and nothing else",
          "[memory]") {
    Place place;
    long attempts = 0, refused = 0, ended = 0;
    for (const Kind kind : {Kind::operator_new, Kind::sqlite, Kind::openssl})
        for (const bool for_ever : {false, true})
            for (const Step& step : place.steps()) {
                INFO(step.method << " " << step.path << " " << step.body);
                HeaderList headers;
                if (step.who != Step::nobody)
                    headers.emplace_back("Coder-Session-Token", place.token_of(step));
                const std::string text =
                    request_text(step.method, "/api/v2" + step.path, headers, step.body);
                const auto ask = [&] {
                    RawClient client(place.port());
                    client.send(text);
                    Answer answer = client.read();
                    if (answer.status == 0) CHECK(client.at_end());  // and does not hang
                    return answer;
                };
                place.restore();
                const int usual = ask().status;
                REQUIRE(usual != 503);
                const long stride = stride_of_sweep(499);
                for (long n = 1 + attempts % stride;; n += stride) {
                    INFO("allocation " << n << (for_ever ? " and all others" : ""));
                    place.restore();
                    plan().arm(kind, Whose::of_others, n, for_ever ? LONG_MAX : n);
                    const Answer answer = ask();
                    plan().disarm();
                    const long hits = plan().hits;
                    ++attempts;
                    refused += answer.status == 503;
                    ended += answer.status == 0;
                    if (hits == 0) {
                        CHECK(answer.status == usual);
                        break;
                    }
                    CHECK((answer.status == 0 || answer.status == 503 || answer.status == usual));
                }
            }
    CHECK(place.checked() == "ok");
    CHECK(refused > 0);
    CHECK(ended > 0);
    WARN(attempts << " attempts, " << refused << " requests refused, " << ended
                  << " connections ended");
}
