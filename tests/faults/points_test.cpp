// A process that ends at every call into the file system, for every route that changes something.
#include <set>
#include <string>

#include "catch.hpp"
#include "changes.hpp"
#include "fault_vfs.hpp"
#include "rounds.hpp"
#include "route_table.hpp"
#include "store_fixture.hpp"

using namespace faults;
using store_test::Child;

namespace {

// Calls that read change nothing, and how many there are varies.
constexpr unsigned changing_calls = every_call & ~read_calls;

/// Makes one change in another process, which ends at the n-th call. Returns what it said: the
/// status, or "" when it ended before. With n = 0 nothing disturbs it, and it also says how many
/// calls it made.
std::string run(const std::string& path, const Change& change, long n, Plan::Act act) {
    Child child([&](const Child& self) {
        auto service = coder_users::start(repeatable(path));
        if (n > 0) plan().arm(changing_calls, n, LONG_MAX, act);
        if (n == 0) plan().arm(changing_calls, LONG_MAX, LONG_MAX, act);
        const int status =
            ask(service, change.method, change.path, change.token, change.body).status;
        const long calls = plan().count;
        plan().disarm();
        self.say(std::to_string(status) + (n == 0 ? " " + std::to_string(calls) : ""));
        coder_users_test::end_process_at_once();  // without closing anything
    });
    std::string said = child.heard();
    child.wait();
    return said;
}

std::string checks(const std::string& path) {
    return stored(path, "PRAGMA integrity_check") + stored(path, "PRAGMA foreign_key_check");
}

}  // namespace

TEST_CASE("a change whose process ends at any call is there as a whole or not at all", "[crash]") {
    install();
    const Prepared prepared;
    TempFolder folder;
    const std::string path = folder.file("a.db");
    const int step = rounds_asked_for() ? 1 : sanitized ? 11 : 7;
    int points = 0, kept = 0, undone = 0;
    std::set<std::string> driven;
    for (const Change& change : prepared.changes()) {
        driven.insert(change.id);
        INFO(change.method << " " << change.path << " " << change.body);
        const auto fresh = [&] { prepared.copy(path, change.in_empty_file); };
        fresh();
        const std::string before = whole_of(path);
        const std::string undisturbed = run(path, change, 0, Plan::Act::exit_before);
        const std::string after = whole_of(path);
        const std::string status = undisturbed.substr(0, undisturbed.find(' '));
        const long calls = std::stol("0" + undisturbed.substr(undisturbed.find(' ') + 1));
        REQUIRE(status.size() == 3);
        REQUIRE(after != before);
        REQUIRE(calls >= 5);
        for (const Plan::Act act : {Plan::Act::exit_before, Plan::Act::exit_within})
            for (long n = 1 + points % step; n <= calls; n += step) {
                fresh();
                const std::string said = run(path, change, n, act);
                INFO("ended at call " << n << " of " << calls << ", answered \"" << said << '"');
                const std::string left = whole_of(path);
                CHECK((left == before || left == after));
                if (!said.empty()) CHECK((said == status && left == after));
                CHECK(checks(path) == "ok");
                ++points;
                ++(left == after ? kept : undone);
            }
    }
    // A GET route that changes something ends a login at a provider; the tests of external logins
    // cover it.
    for (const auto& route : coder_users_test::route_table()) {
        CAPTURE(route.operation_id());
        if (route.operation.audit().resource_type && route.verb != coder_users::http::Verb::get)
            CHECK(driven.count(route.operation_id()) == 1);
    }
    WARN(points << " points, " << kept << " kept, " << undone << " undone");
    CHECK(kept > 0);
    CHECK(undone > 0);
}
