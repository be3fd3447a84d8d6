// Lets calls into the file system fail, one after the other, while a script of 60 requests runs.
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "changes.hpp"
#include "fault_vfs.hpp"
#include "rounds.hpp"

using namespace faults;

namespace {

/// 60 requests that do not depend on each other, so that each must succeed unless its own access to
/// the disk fails.
class Script {
 public:
    Script(const Prepared& prepared, const std::string& path) : prepared_(prepared), path_(path) {
        open();
    }
    void open() {
        service_.reset();
        service_ = std::make_unique<coder_users::Service>(coder_users::start(repeatable(path_)));
    }
    void close() { service_.reset(); }

    /// Sends all requests and returns what went wrong, a line each.
    std::string run(bool reads_must_go_on) {
        std::string wrong;
        ++round_;
        refused_ = 0;
        for (int i = 0; i < 60; ++i) {
            const bool read = i % 3 == 2;
            const auto answer = read ? ask_to_read(i) : ask_to_change(i);
            const std::string what = "request " + std::to_string(i) + " is answered " +
                                     std::to_string(answer.status) + " " + answer.body;
            last_status_ = answer.status;
            if (answer.status == 503) {
                ++refused_;
                if (read && reads_must_go_on) wrong += what;
                if (answer.body != unavailable_answer ||
                    header_of(answer.headers, "Retry-After") != "1")
                    wrong += what;
            } else if (answer.status != (read ? 200 : i % 3 == 0 ? 201 : 200)) {
                wrong += what;
            } else if (!read) {
                acknowledged_.insert(
                    *new_.insert(header_of(answer.headers, "X-Coder-Request-Id")).first);
            }
        }
        return wrong;
    }

    /// Counts the changes that were acknowledged since the last call but are not in the file.
    std::size_t newly_lost() { return missing(std::exchange(new_, {}), 1000); }
    std::size_t ever_lost() const { return missing(acknowledged_, -1); }
    std::size_t acknowledged() const { return acknowledged_.size(); }
    int refused() const { return refused_; }
    int last_status() const { return last_status_; }

    static inline const std::string unavailable_answer =
        message("The server is temporarily unable to answer.");

 private:
    /// Counts the ids that none of the latest `rows` audit entries has; -1 means all entries.
    std::size_t missing(std::set<std::string> ids, int rows) const {
        const std::string stored_ids =
            stored(path_, "SELECT request_id FROM audit_logs ORDER BY entry DESC LIMIT " +
                              std::to_string(rows));
        for (const std::string_view id : coder_users::split(stored_ids, '\n'))
            ids.erase(std::string(id));
        return ids.size();
    }
    coder_users::Response ask_to_read(int i) {
        return ask(*service_, "GET", i % 2 ? "/users" : "/users/bob", prepared_.owner);
    }
    coder_users::Response ask_to_change(int i) {
        const std::string name = std::to_string(round_) + "." + std::to_string(i);
        if (i % 3 == 0)
            return ask(*service_, "POST", "/users/bob/keys/tokens", prepared_.owner,
                       "{\"token_name\":\"" + name + "\"}");
        return ask(*service_, "PUT", "/users/bob/appearance", prepared_.owner,
                   "{\"theme_preference\":\"" + name + "\"}");
    }

    const Prepared& prepared_;
    const std::string path_;
    std::unique_ptr<coder_users::Service> service_;
    std::set<std::string> acknowledged_, new_;  // ids of requests; new: not looked for yet
    int round_ = 0, refused_ = 0, last_status_ = 0;
};

struct Sort {
    const char* name;
    unsigned kinds;
    int code;
    bool reads_go_on;
};

constexpr unsigned storing = write_calls | sync_calls | truncate_calls;
constexpr Sort sorts[] = {
    {"input and output errors", storing, 0, true},
    {"a full disk", write_calls, SQLITE_FULL, true},
    {"errors of the shared memory", shm_map_calls | shm_lock_calls, 0, false},
};

}  // namespace

TEST_CASE("calls into the file system fail: nothing acknowledged is lost and service goes on",
          "[io]") {
    install();
    const Prepared prepared;
    TempFolder folder;
    const std::string path = folder.file("a.db");
    prepared.copy(path);
    Script script(prepared, path);
    long injected = 0, refused = 0, runs = 0;
    for (const Sort& sort : sorts) {
        plan().arm(sort.kinds, LONG_MAX);
        REQUIRE(script.run(true) == "");
        const long calls = plan().count;
        plan().disarm();
        const long step = rounds_asked_for() ? 1 : (std::max)(1L, calls / (sanitized ? 2 : 6));
        for (const bool for_ever : {false, true})
            for (long n = 1; n <= calls; n += step) {
                INFO(sort.name << ", call " << n << " of " << calls
                               << (for_ever ? " and all others" : ""));
                plan().arm(sort.kinds, n, for_ever ? LONG_MAX : n, Plan::Act::fail, sort.code);
                CHECK(script.run(sort.reads_go_on) == "");
                injected += plan().hits;
                refused += script.refused();
                // A single failure may cost one request or two, no more.
                if (!for_ever) CHECK(script.refused() <= 2);
                plan().disarm();
                CHECK(script.run(true) == "");
                CHECK(script.refused() == 0);
                CHECK(script.newly_lost() == 0);
                ++runs;
            }
        CHECK(stored(path, "PRAGMA integrity_check") == "ok");
        script.open();
        CHECK(script.ever_lost() == 0);
    }
    script.close();
    CHECK(script.ever_lost() == 0);
    CHECK(refused > 0);
    WARN(runs << " runs, " << injected << " calls failed, " << refused << " requests refused, "
              << script.acknowledged() << " changes acknowledged and found");
}
