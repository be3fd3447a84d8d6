// Memory that runs out in the middle of a request: it must be answered 503 or as usual, nothing
// that was acknowledged may be missing, and the service must continue.
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "failing_memory.hpp"
#include "faults/rounds.hpp"
#include "operations.hpp"
#include "server_fixture.hpp"

using namespace coder_users_test;
using coder_users::Response;
using memory::Kind;
using memory::plan;
using memory::Whose;

namespace {

struct Step : GoodRequest {
    Step(const GoodRequest& request, bool is_recorded)
        : GoodRequest(request), recorded(is_recorded) {}
    coder_users::Request request() const { return {method, target, headers(), body, "127.0.0.1"}; }
    bool recorded;  ///< a success leaves an audit entry
};

/// The scene of good requests, to which every attempt returns.
class Place {
 public:
    Place() {
        memory::watch_sqlite();
        stage_.emplace([](coder_users::Options& options) {
            options.log = [](const coder_users::LogLine&) {};
            options.on_event = [](const coder_users::Event&) {};
            options.send_passcode = [](const coder_users::Passcode&) {};
        });
    }

    void restore() { stage_->begin_anew(); }
    int port() { return stage_->service().port(); }

    Response ask(const coder_users::Request& request) { return stage_->service().handle(request); }

    /// The good request of every operation, and what is refused or asks for more.
    std::vector<Step> steps() const {
        const std::string owner = stage_->scene().owner;
        std::vector<Step> all;
        for (const OperationRow& row : operations())
            if (!row.elsewhere && !row.on_empty_server)
                all.emplace_back(good_request(row, stage_->scene()),
                                 row.changes == Changes::recorded);
        for (
            const GoodRequest& each : std::vector<GoodRequest>{
                {"GET", "/users/me", owner, ""},
                {"GET", "/users?q=bob&limit=10", owner, ""},
                {"GET", "/users/me/keys/tokens?include_all=true", owner, ""},
                {"GET", "/audit?limit=5", owner, ""},
                {"GET", "/nowhere", owner, ""},
                {"GET", "/users/nobody", owner, ""},
                {"GET", "/users/me", "abcdefghij-abcdefghijklmnopqrstuv", ""},
                {"DELETE", "/users/me", owner, ""},
                {"POST", "/users", owner, R"({"email":"x","username":"x y","password":"x"})"},
                {"PUT", "/users/bob/roles", owner, R"({"roles":["nosuch"]})"},
                {"POST", "/users/login", "", R"({"email":"bob@example.org","password":"wrong"})"},
                {"POST", "/users/otp/change-password", "",
                 R"({"email":"bob@example.org","password":"an0ther-Horse","one_time_passcode":"x"})"},
            })
            all.emplace_back(each, false);
        return all;
    }

    /// Whether the file has the acknowledged change.
    bool holds(const std::string& request_id) const {
        return stage_->sql("SELECT count(*) FROM audit_logs WHERE request_id = '" + request_id +
                           "'") == "1";
    }
    std::string checked() const {
        return stage_->sql("PRAGMA integrity_check") + stage_->sql("PRAGMA foreign_key_check");
    }

 private:
    std::optional<OperationStage> stage_;
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
        INFO(step.method << " " << step.target << " " << step.body);
        const coder_users::Request request = step.request();
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
                if (step.recorded)
                    CHECK(place.holds(header_of(answer.headers, "X-Coder-Request-Id")));
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
                INFO(step.method << " " << step.target << " " << step.body);
                const std::string text =
                    request_text(step.method, step.target, step.headers(), step.body);
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
                    INFO(answer.status << " " << answer.body);
                    CHECK((answer.status == 0 || answer.status == 503 || answer.status == usual));
                }
            }
    CHECK(place.checked() == "ok");
    CHECK(refused > 0);
    CHECK(ended > 0);
    WARN(attempts << " attempts, " << refused << " requests refused, " << ended
                  << " connections ended");
}
