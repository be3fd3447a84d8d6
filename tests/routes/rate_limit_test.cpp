#include "coder_users/internal/http/rate_limit.hpp"

#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "sanitized.hpp"

namespace rate_limit_test {

using namespace coder_users;
using namespace coder_users::http;
using coder_users_test::sanitized;

constexpr Time start = from_micros(1'767'323'045'678'901);

Options limits(int all, int tight, bool off = false) {
    Options options;
    options.api_rate_limit = all;
    options.login_rate_limit = tight;
    options.disable_rate_limits = off;
    return options;
}

TEST_CASE("a window starts with its first request and lasts a minute") {
    WindowCounters counters;
    for (int used = 1; used <= 3; ++used) {
        const LimitState state = counters.count("a", 2, start + std::chrono::seconds(used));
        CHECK(state.used == used);
        CHECK(state.limit == 2);
        CHECK(state.ends == start + std::chrono::seconds(61));
        CHECK(state.exceeded() == (used == 3));
        CHECK(state.remaining() == (used == 1 ? 1 : 0));
        CHECK(state.reset() == 1'767'323'107);
    }
    CHECK(counters.count("b", 2, start + std::chrono::seconds(3)).used == 1);
    const Time end = start + std::chrono::seconds(61);
    CHECK(counters.count("a", 2, end - Duration(1)).used == 4);
    CHECK(counters.count("a", 2, end).used == 1);
    CHECK(counters.count("a", 2, end).ends == end + std::chrono::seconds(60));
    CHECK(counters.count("b", 2, end).used == 2);
}

TEST_CASE("windows that have ended take no memory") {
    WindowCounters counters;
    for (int i = 0; i < 100; ++i) counters.count(std::to_string(i), 1, start);
    CHECK(counters.size() == 100);
    counters.count("x", 1, start + std::chrono::seconds(60));
    CHECK(counters.size() == 1);
}

TEST_CASE("what others have counted is known until its window ends") {
    WindowCounters counters(2);
    CHECK_FALSE(counters.find("a", 2, start));
    counters.note("a", start, 3, start + std::chrono::seconds(1));
    counters.note("a", start, 2, start + std::chrono::seconds(2));  // is late
    counters.note("a", start - std::chrono::seconds(60), 9, start);
    const auto known = counters.find("a", 2, start + std::chrono::seconds(59));
    REQUIRE(known);
    CHECK(known->used == 3);
    CHECK(known->exceeded());
    CHECK(known->ends == start + std::chrono::seconds(60));
    CHECK_FALSE(counters.is_full(start));
    counters.note("b", start, 1, start);
    CHECK(counters.is_full(start));
    counters.note("a", start + std::chrono::seconds(60), 1, start + std::chrono::seconds(60));
    CHECK(counters.find("a", 2, start + std::chrono::seconds(60))->used == 1);
    CHECK_FALSE(counters.find("b", 2, start + std::chrono::seconds(60)));
}

TEST_CASE("a million callers stay within the bound") {
    constexpr std::size_t most = 1000;
    constexpr int callers = sanitized ? 50'000 : 1'000'000;
    const auto name = [](int i) { return "caller " + std::to_string(i); };
    WindowCounters counters(most);
    std::size_t largest = 0;
    for (int i = 0; i < callers; ++i) {
        counters.count(name(i), 1, start + Duration(i));
        largest = (std::max)(largest, counters.size());
    }
    CHECK(largest == most);
    CHECK(counters.size() == most);
    const Time now = start + Duration(callers);
    CHECK(counters.count(name(callers - 1), 1, now).used == 2);  // the newest are kept
    CHECK(counters.count(name(callers - 999), 1, now).used == 2);
    CHECK(counters.count(name(0), 1, now).used == 1);
    CHECK(WindowCounters().size() == 0);
}

TEST_CASE("a clock that was set back keeps no caller out for long") {
    WindowCounters counters;
    CHECK(counters.count("a", 1, start + std::chrono::hours(24)).used == 1);
    CHECK(counters.count("a", 1, start).used == 1);
    CHECK(counters.count("a", 1, start - std::chrono::seconds(30)).used == 2);
    CHECK(counters.count("a", 1, start - std::chrono::seconds(61)).used == 1);
}

TEST_CASE("counters are safe from any thread") {
    WindowCounters counters(10);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 5'000; ++i) {
                counters.count("same", 1, start);
                counters.count(std::to_string(i % 20), 1, start + Duration(i));
                counters.size();
            }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(counters.size() <= 10);
}

struct Row {
    const char* title;
    int all, tight;
    bool is_tight;
    std::vector<std::string> states;  ///< of each request: "limit remaining", "!limit" if exceeded
};

TEST_CASE("the groups of a request") {
    const std::vector<Row> rows{
        {"one group", 2, 1, false, {"2 1", "2 0", "2 0 !2", "2 0 !2"}},
        {"the tight one", 3, 1, true, {"1 0", "1 0 !1", "1 0 !1", "1 0 !1"}},
        {"a tie", 2, 2, true, {"2 1", "2 0", "2 0 !2"}},
        {"the other one is tighter", 1, 2, true, {"1 0", "1 0 !1", "1 0 !1"}},
        {"everything is off", 0, 1, true, {"1 0", "1 0 !1"}},
        {"everything is off, no tight route", 0, 1, false, {"", ""}},
        {"tight is off", 1, 0, true, {"1 0", "1 0 !1"}},
        {"negative", -1, -5, true, {"", ""}},
    };
    for (const Row& row : rows) {
        RateLimits groups(limits(row.all, row.tight));
        CHECK(groups.on() == (row.all > 0 || row.tight > 0));
        for (const std::string& expected : row.states) {
            INFO(row.title);
            const auto states = groups.count("caller", "/route", row.is_tight, start);
            std::string shown;
            if (states)
                shown = std::to_string(states->tightest.limit) + " " +
                        std::to_string(states->tightest.remaining()) +
                        (states->exceeded ? " !" + std::to_string(states->exceeded->limit) : "");
            CHECK(shown == expected);
        }
    }
}

TEST_CASE("the limit that was hit need not be the tightest one") {
    RateLimits groups(limits(2, 1));
    groups.count("a", "/r", false, start);
    groups.count("a", "/r", false, start);
    const auto states = groups.count("a", "/r", true, start + std::chrono::seconds(30));
    REQUIRE(states.has_value());
    CHECK(states->tightest.limit == 1);
    CHECK_FALSE(states->tightest.exceeded());
    REQUIRE(states->exceeded.has_value());
    CHECK(states->exceeded->limit == 2);
    CHECK(states->exceeded->ends == start + std::chrono::seconds(60));
}

TEST_CASE("counters belong to a caller and a route") {
    RateLimits groups(limits(1, 0));
    for (const char* caller : {"a", "b", "a b"})
        for (const char* route : {"/", "/x", "*"})
            CHECK_FALSE(groups.count(caller, route, false, start)->exceeded.has_value());
    CHECK(groups.count("a", "/x", true, start)->exceeded.has_value());
    RateLimits off(limits(1, 1, true));
    CHECK_FALSE(off.on());
    CHECK_FALSE(off.count("a", "/", true, start).has_value());
}

}  // namespace rate_limit_test
