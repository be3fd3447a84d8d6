// What the server does when a disk fails: after a failed sync, with damage, without room.
#include <sched.h>
#include <sys/mount.h>

#include <fstream>
#include <string>

#include "catch.hpp"
#include "changes.hpp"
#include "fault_vfs.hpp"
#include "route_table.hpp"
#include "store_fixture.hpp"

using namespace faults;
using store_test::Child;
using store_test::file_bytes;
using store_test::put;

namespace {

int theme(coder_users::Service& service, const std::string& token, const std::string& value) {
    return ask(service, "PUT", "/users/bob/appearance", token,
               "{\"theme_preference\":\"" + value + "\"}")
        .status;
}

int read_bob(coder_users::Service& service, const std::string& token) {
    return ask(service, "GET", "/users/bob", token).status;
}

std::string theme_in(const std::string& path) {
    return stored(path, "SELECT theme_preference FROM users WHERE username = 'bob'");
}

/// Mounts a disk of 6 MiB at `path`, for this process alone. Returns false without the right to.
bool mount_small_disk(const std::string& path) {
    if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=6m") == 0;
}

/// Fills the disk.
struct Disk {
    explicit Disk(const std::string& path) : path_(path + "/ballast") {}
    void fill() const {
        std::ofstream file(path_, std::ios::binary | std::ios::app);
        const std::string block(4096, 'x');
        while (file.write(block.data(), 4096).flush()) continue;
    }
    void clear() const { std::filesystem::remove(path_); }

 private:
    std::string path_;
};

}  // namespace

TEST_CASE("after a failed sync nothing is acknowledged before the database was opened anew") {
    install();
    const Prepared prepared;
    TempFolder folder;
    const std::string path = folder.file("a.db");
    prepared.copy(path);
    auto service = coder_users::start(repeatable(path));
    REQUIRE(theme(service, prepared.owner, "a") == 200);

    // Lets the sync of a commit fail, and then those that empty the log.
    plan().arm(sync_calls, 1);
    for (int i = 0; i < 3; ++i) {
        CHECK(theme(service, prepared.owner, "b") == 503);
        CHECK(read_bob(service, prepared.owner) == 200);
    }
    plan().arm(open_calls, LONG_MAX);
    CHECK(theme(service, prepared.owner, "c") == 200);
    CHECK(plan().count > 0);
    CHECK(theme_in(path) == "c");
    CHECK(read_bob(service, prepared.owner) == 200);
    plan().arm(open_calls, LONG_MAX);
    CHECK(theme(service, prepared.owner, "d") == 200);
    CHECK(plan().count == 0);
    plan().disarm();
}

TEST_CASE(
    "a revocation whose sync failed holds for sessions that were looked up from when it shows") {
    install();
    const Prepared prepared;
    TempFolder folder;
    const std::string path = folder.file("a.db");
    prepared.copy(path);
    auto service = coder_users::start(repeatable(path));
    const auto me = [&] { return ask(service, "GET", "/users/me", prepared.session).status; };
    REQUIRE(theme(service, prepared.owner, "a") == 200);  // the log has begun: one sync a commit
    REQUIRE(me() == 200);
    const std::string bob = "SELECT status FROM users WHERE username = 'bob'";
    REQUIRE(eventually([&] { return stored(path, bob) == "active"; }));  // no other change follows

    // The sync of the commit fails, and then that of the log when it is closed.
    plan().arm(sync_calls, 1, 2);
    REQUIRE(ask(service, "POST", "/users/logout", prepared.session).status == 503);
    CHECK(me() == 200);  // kept in memory again, while the log holds the revocation
    const auto other = ask(service, "POST", "/users/me/keys/tokens", prepared.owner, "{}");
    plan().disarm();
    REQUIRE(other.status == 201);
    const std::string key = prepared.session.substr(0, prepared.session.find('-'));
    const bool there =
        stored(path, "SELECT COUNT(*) FROM api_keys WHERE id = '" + key + "'") == "1";
    CHECK(me() == (there ? 200 : 401));
    CHECK_FALSE(there);  // otherwise this test proves nothing
}

TEST_CASE("at the first sign of damage serving stops and the file is left as it is") {
    const Prepared prepared;
    TempFolder folder;
    const std::string path = folder.file("a.db");
    prepared.copy(path);
    const std::string table =
        stored(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'organizations'");
    std::string bytes = file_bytes(path);
    bytes.replace((std::stoul(table) - 1) * 4096, 4096, 4096, '\xa5');
    put(path, bytes);

    auto service = coder_users::start(repeatable(path));
    const auto status = [&](const std::string& target) {
        return service.handle({"GET", target, {{"Coder-Session-Token", prepared.owner}}, "", ""})
            .status;
    };
    CHECK(status("/readyz") == 200);
    CHECK(theme(service, prepared.owner, "a") == 200);
    CHECK(status("/api/v2/organizations") == 503);
    // Requests that do not need the damaged page could be answered, but must not be.
    CHECK(status("/readyz") == 503);
    CHECK(status("/api/v2/users/me") == 503);
    CHECK(theme(service, prepared.owner, "b") == 503);
    CHECK(status("/healthz") == 200);
    CHECK((file_bytes(path) == bytes));
    const std::string log = file_bytes(path + "-wal");
    service.stop();
    CHECK((file_bytes(path) == bytes));
    CHECK((file_bytes(path + "-wal") == log));
    CHECK_FALSE(log.empty());
}

TEST_CASE("what works on a full disk is logging in and what ends sessions, keys and accounts") {
    const auto those = [](coder_users::store::Need need) {
        std::string all;
        for (const auto& route : coder_users_test::route_table())
            if (route.operation.need() == need) all += std::string(route.operation_id()) + " ";
        return all;
    };
    CHECK(those(coder_users::store::Need::login) == "log-in-user ");
    CHECK(those(coder_users::store::Need::revocation) ==
          "log-out-user change-password-with-a-one-time-passcode delete-user update-user-password "
          "suspend-user-account delete-api-key expire-api-key "
          "delete-user-sessions delete-organization remove-organization-member ");
}

TEST_CASE("on a full disk logins and revocations go on from the reserve, and space heals all",
          "[alone]") {
    const Prepared prepared;
    TempFolder folder;
    Child child([&](const Child& self) {
        if (!mount_small_disk(folder.path())) return self.say("cannot mount");
        const std::string path = folder.file("a.db");
        prepared.copy(path);
        auto service = coder_users::start(repeatable(path));
        const Disk disk(folder.path());
        const auto say = [&](const std::string& what, int status) {
            self.say(what + " " + std::to_string(status));
        };
        const auto log_in = [&] {
            return ask(service, "POST", "/users/login", "",
                       R"({"email":"bob@example.org","password":")" + good_password + "\"}");
        };
        say("before", theme(service, prepared.owner, "a"));
        disk.fill();
        int status = 0;
        for (int i = 0; i < 2000 && status != 503; ++i)  // until the room in the log is used
            status = theme(service, prepared.owner, std::to_string(i));
        say("ordinary", status);
        int logins = 0, reads = 0;
        for (int i = 0; i < 50; ++i) {
            const auto answer = log_in();
            logins += answer.status == 201;
            const std::string token =
                answer.status == 201 ? parse(answer.body)["session_token"].text() : "";
            reads += ask(service, "GET", "/users/me", token).status == 200;
            if (i % 2) status = ask(service, "POST", "/users/logout", token).status;
        }
        say("logins", logins), say("reads with them", reads), say("logout", status);
        say("ordinary", theme(service, prepared.owner, "b"));
        say("suspend", ask(service, "PUT", "/users/bob/status/suspend", prepared.owner).status);
        say("suspended", ask(service, "GET", "/users/me", prepared.session).status);
        say("reads", read_bob(service, prepared.owner));
        const auto begin = std::chrono::steady_clock::now();
        disk.clear();
        const bool healed = eventually([&] { return theme(service, prepared.owner, "c") == 200; });
        say("healed", healed && std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
        self.say(theme_in(path) + " " + stored(path, "PRAGMA integrity_check"));
        say("reserve", static_cast<int>(std::filesystem::file_size(path + ".reserve")));
        service.stop();
        self.say(folder.listing());
    });
    const std::string first = child.heard();
    if (first == "cannot mount") {
        WARN("no right to mount a small disk: not tested");
        return;
    }
    CHECK(first == "before 200");
    CHECK(child.heard() == "ordinary 503");
    CHECK(child.heard() == "logins 50");
    CHECK(child.heard() == "reads with them 50");
    CHECK(child.heard() == "logout 200");
    CHECK(child.heard() == "ordinary 503");
    CHECK(child.heard() == "suspend 200");
    CHECK(child.heard() == "suspended 401");
    CHECK(child.heard() == "reads 200");
    CHECK(child.heard() == "healed 1");
    CHECK(child.heard() == "c ok");
    CHECK(child.heard() == "reserve 1048576");
    CHECK(child.heard() == "a.db a.db.key a.db.lock");
}

TEST_CASE("on a full disk logins end with their part of the reserve, and revocations go on",
          "[alone]") {
    const Prepared prepared;
    TempFolder folder;
    Child child([&](const Child& self) {
        if (!mount_small_disk(folder.path())) return self.say("cannot mount");
        const std::string path = folder.file("a.db");
        prepared.copy(path);
        auto service = coder_users::start(repeatable(path));
        const auto status = [&](const char* method, const std::string& where,
                                const std::string& token, const std::string& body = "") {
            return ask(service, method, where, token, body).status;
        };
        const std::string password = ",\"password\":\"" + good_password + "\"}";
        const auto log_in = [&] {
            return status("POST", "/users/login", "", R"({"email":"bob@example.org")" + password);
        };
        for (const char* name : {"carl", "dora", "emil"})
            if (status("POST", "/users", prepared.owner,
                       std::string(R"({"email":")") + name + R"(@example.org","username":")" +
                           name + '"' + password) != 201)
                self.say("no user");
        std::vector<std::string> tokens;
        for (int i = 0; i < 50; ++i)
            tokens.push_back(
                parse(
                    ask(service, "POST", "/users/me/keys/tokens", prepared.owner, "{}").body)["key"]
                    .text());
        const Disk disk(folder.path());
        disk.fill();
        int last = 0, logins = 0;
        for (int i = 0; i < 20000 && last != 503; ++i)
            last = theme(service, prepared.owner, std::to_string(i));
        for (int i = 0; i < 20000 && (last = log_in()) == 201; ++i) ++logins;
        self.say("logins end with " + std::to_string(last));
        self.say(logins > 50 ? "after many" : "after " + std::to_string(logins));

        int deleted = 0, dead = 0;
        for (const std::string& token : tokens) {
            deleted += status("DELETE", "/users/me/keys/" + token.substr(0, token.find('-')),
                              prepared.owner) == 204;
            dead += status("GET", "/users/me", token) == 401;
            last = log_in();
        }
        self.say("deleted " + std::to_string(deleted) + ", dead " + std::to_string(dead));
        self.say("login " + std::to_string(last));
        const std::vector<int> others{
            status("POST", "/users/logout", prepared.session),
            status("PUT", "/users/carl/password", prepared.owner,
                   R"({"password":"an0ther-Horse"})"),
            status("PUT", "/users/dora/status/suspend", prepared.owner),
            status("DELETE", "/users/emil", prepared.owner),
            status("GET", "/users/me", prepared.session),
            log_in(),
        };
        std::string all;
        for (const int each : others) all += std::to_string(each) + ' ';
        self.say(all);
        disk.clear();
        self.say(eventually([&] { return log_in() == 201; }) ? "healed" : "not healed");
        self.say(eventually([&] { return theme(service, prepared.owner, "z") == 200; })
                     ? "healed"
                     : "not healed");
        self.say(stored(path, "PRAGMA integrity_check"));
        self.say(std::to_string(std::filesystem::file_size(path + ".reserve")));
    });
    const std::string first = child.heard();
    if (first == "cannot mount") {
        WARN("no right to mount a small disk: not tested");
        return;
    }
    CHECK(first == "logins end with 503");
    CHECK(child.heard() == "after many");
    CHECK(child.heard() == "deleted 50, dead 50");
    CHECK(child.heard() == "login 503");
    CHECK(child.heard() == "200 204 200 200 401 503 ");
    CHECK(child.heard() == "healed");
    CHECK(child.heard() == "healed");
    CHECK(child.heard() == "ok");
    CHECK(child.heard() == "1048576");
}
