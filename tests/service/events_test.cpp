// Options::before, which is asked before a change, and Options::on_event, which is told after it.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "coder_users/internal/service/host_queue.hpp"
#include "people.hpp"
#include "test_database.hpp"

using namespace coder_users_test;
using coder_users::ApiError;
using coder_users::Event;
using coder_users::EventKind;
using coder_users::Identity;
using coder_users::Options;
using coder_users::Veto;

namespace {

/// Receives events, and can be made slow.
class Listener {
 public:
    Options options() {
        Options options;
        options.on_event = [this](const Event& event) { take(event); };
        return options;
    }
    std::vector<Event> events() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return events_;
    }
    /// Returns the events after the first `skip` ones as "kind user by actor", once there are
    /// `count`.
    std::string told(std::size_t skip, std::size_t count) const {
        CHECK(eventually([&] { return events().size() >= skip + count; }));
        std::string out;
        const std::vector<Event> all = events();
        for (std::size_t i = skip; i < all.size(); ++i) {
            if (!out.empty()) out += "\n";
            out += std::string(to_string(all[i].kind)) + " " + all[i].user.username + " by " +
                   (all[i].actor ? all[i].actor->username : "the host");
        }
        return out;
    }
    void hold() {
        const std::lock_guard<std::mutex> lock(mutex_);
        held_ = true;
    }
    void release() {
        const std::lock_guard<std::mutex> lock(mutex_);
        held_ = false;
        released_.notify_all();
    }

 private:
    void take(const Event& event) {
        std::unique_lock<std::mutex> lock(mutex_);
        released_.wait(lock, [this] { return !held_; });
        events_.push_back(event);
    }
    mutable std::mutex mutex_;
    std::condition_variable released_;
    bool held_ = false;
    std::vector<Event> events_;
};

}  // namespace

TEST_CASE("the host is told of every change, by whom and how it was before") {
    Listener listener;
    World world(listener.options());
    CHECK(listener.told(0, 2) == "created owner by owner\nlogged_in owner by owner");
    const auto send = [&](const char* method, const char* path, const char* body, int status) {
        CHECK(world.server.send(method, path, world.owner, body).status == status);
    };
    world.server.create(world.owner, "bob");
    send("PUT", "/users/bob/profile", R"({"username":"robert"})", 200);
    send("PUT", "/users/robert/roles", R"({"roles":["auditor"]})", 200);
    send("PUT", "/users/robert/status/suspend", "", 200);
    send("PUT", "/users/robert/status/activate", "", 200);
    send("PUT", "/users/robert/password", R"({"password":"an0ther-Horse"})", 204);
    send("PUT", "/users/robert/appearance", R"({"theme_preference":"dark"})", 200);
    send("PUT", "/users/robert/gitsshkey", "", 200);
    send("POST", "/users/robert/keys", "", 201);
    send("POST", "/users/me/keys/tokens", R"({"token_name":"ci"})", 201);
    const std::string id = world.sql("SELECT id FROM api_keys WHERE token_name = 'ci'");
    send("DELETE", ("/users/me/keys/" + id).c_str(), "", 204);
    const std::string bob = world.server.log_in("bob@example.org", "an0ther-Horse");
    CHECK(world.server.send("POST", "/users/logout", bob).status == 200);
    world.server.service().as(Identity::system()).delete_user("robert");
    CHECK(listener.told(2, 14) ==
          "created bob by owner\nrenamed robert by owner\nroles_changed robert by owner\n"
          "suspended robert by owner\nactivated robert by owner\n"
          "password_changed robert by owner\nappearance_changed robert by owner\n"
          "git_ssh_key_changed robert by owner\ntoken_made robert by owner\n"
          "token_made owner by owner\ntoken_revoked owner by owner\n"
          "logged_in robert by robert\nlogged_out robert by robert\ndeleted robert by the host");

    const std::vector<Event> all = listener.events();
    const Event& renamed = all[3];
    CHECK(renamed.before->username == "bob");
    CHECK(renamed.address == "127.0.0.1");
    CHECK(renamed.time == world.server.now());
    CHECK(renamed.request_id ==
          world.sql("SELECT request_id FROM audit_logs WHERE resource_target = 'robert' "
                    "ORDER BY entry LIMIT 1"));
    CHECK(all[4].user.roles == std::vector<std::string>{"auditor"});
    CHECK(all[4].before->roles.empty());
    CHECK(all[11].key.id == id);
    CHECK(all[11].key.token_name == "ci");
    CHECK(all[15].address.empty());
}

TEST_CASE("the end of sessions is told once, with the one that stays") {
    Listener listener;
    World world(listener.options());
    const std::string second = world.log_in("owner");
    CHECK(listener.told(0, 3).find("sessions_ended") == std::string::npos);
    REQUIRE(world.server.send("DELETE", "/users/me/sessions", second).status == 204);
    world.server.service().as(Identity::system()).end_sessions("owner");
    CHECK(listener.told(3, 2) == "sessions_ended owner by owner\nsessions_ended owner by the host");
    CHECK(listener.events()[3].key.id == second.substr(0, 10));
    CHECK(listener.events()[4].key.id.empty());
}

TEST_CASE("a host may keep sessions from being ended") {
    Options options;
    options.before = [](const Event& event) -> std::optional<Veto> {
        if (event.kind != EventKind::sessions_ended) return std::nullopt;
        return Veto{"Not now.", 409};
    };
    World world(options);
    const std::string second = world.log_in("owner");
    const Answer refused = world.server.send("DELETE", "/users/me/sessions", second);
    CHECK(refused.status == 409);
    CHECK(refused.body == message("Not now."));
    CHECK(world.server.send("GET", "/users/me", world.owner).status == 200);
}

TEST_CASE("nothing is told of what was refused or not committed") {
    Listener listener;
    People world(listener.options());
    check_edit_is_refused(world, "/profile", R"({"username":"x"})");
    CHECK(world.server.send("PUT", "/users/bob/profile", world.owner, R"({"username":"carl"})")
              .status == 409);
    world.execute(on_postgres() ? "CREATE FUNCTION broken() RETURNS TRIGGER LANGUAGE plpgsql AS "
                                  "'BEGIN RAISE EXCEPTION SQLSTATE ''P0001''; END'; "
                                  "CREATE TRIGGER broken BEFORE UPDATE ON users FOR EACH ROW "
                                  "EXECUTE FUNCTION broken()"
                                : "CREATE TRIGGER broken BEFORE UPDATE ON users BEGIN "
                                  "SELECT RAISE(ABORT, 'no'); END");
    CHECK(world.server.send("PUT", "/users/bob/status/suspend", world.owner).status >= 500);
    world.execute(on_postgres() ? "DROP TRIGGER broken ON users" : "DROP TRIGGER broken");
    CHECK(world.server.send("PUT", "/users/bob/status/suspend", world.owner).status == 200);
    CHECK(eventually([&] {  // those of before are told first
        const std::vector<Event> told = listener.events();
        return !told.empty() && told.back().kind == EventKind::suspended;
    }));
    world.server.service().stop();
    std::size_t suspended = 0;
    for (const Event& event : listener.events())
        suspended += event.kind == EventKind::suspended || event.kind == EventKind::renamed;
    CHECK(suspended == 1);
}

TEST_CASE("a slow host slows no request; what it cannot take is counted") {
    Listener listener;
    Options options = listener.options();
    options.limits.waiting_events = 4;
    World world(options);
    CHECK(eventually([&] { return listener.events().size() == 2; }));
    listener.hold();
    const auto rename = [&](int i) {
        CHECK(world.server
                  .send("PUT", "/users/me/profile", world.owner,
                        "{\"username\":\"name" + std::to_string(i) + "\"}")
                  .status == 200);
    };
    for (int i = 0; i < 12; ++i) rename(i);  // one is taken, four wait, the rest is dropped
    listener.release();
    CHECK(eventually([&] { return listener.events().size() >= 6; }));
    // The next event is told after everything that waited has been taken.
    std::size_t known = 0;
    CHECK(eventually([&] {
        const std::size_t now = listener.events().size();
        const bool same = now == known;
        known = now;
        return same;
    }));
    rename(99);
    CHECK(eventually([&] { return listener.events().back().user.username == "name99"; }));
    std::size_t missed = 0;
    const std::vector<Event> all = listener.events();
    for (const Event& event : all) missed += event.missed;
    CHECK(all.size() + missed == 2 + 12 + 1);
    CHECK(missed >= 7);
}

TEST_CASE("events come in the order of the commits, whoever made them") {
    Listener listener;
    World world(listener.options());
    all_at_once(6, [&](std::size_t i) {
        Answer last;
        for (int round = 0; round < 10; ++round)
            last = world.server.send(
                "PUT", "/users/me/appearance", world.owner,
                "{\"theme_preference\":\"t" + std::to_string(i * 100 + std::size_t(round)) + "\"}");
        return last;
    });
    world.server.service().stop();
    std::string theme;
    int changes = 0;
    for (const Event& event : listener.events()) {
        if (event.kind != EventKind::appearance_changed) continue;
        CHECK(event.before->theme_preference == theme);
        theme = event.user.theme_preference;
        ++changes;
    }
    CHECK(changes == 60);
}

TEST_CASE("a listener that throws, or calls the service, breaks nothing") {
    std::atomic<int> told{0};
    coder_users::Service* service = nullptr;
    std::atomic<bool> ready{false};
    Options options;
    options.on_event = [&](const Event& event) {
        ++told;
        if (event.user.username == "nested") return;
        if (event.kind == EventKind::renamed && ready)
            service->as(Identity::system()).rename_user(event.user.id, "nested");
        if (told % 2) throw 7;
        throw std::runtime_error("the host is unwell");
    };
    World world(options);
    service = &world.server.service();
    ready = true;
    CHECK(
        world.server.send("PUT", "/users/me/profile", world.owner, R"({"username":"x"})").status ==
        200);
    CHECK(eventually([&] { return world.id_of("nested") != ""; }));
    CHECK(eventually([&] { return told == 4; }));
    CHECK(eventually([&] {
        return world.server.log().find("on_event failed reason=\"the host is unwell\"") !=
               std::string::npos;
    }));
}

TEST_CASE("stop() waits no longer than its deadline for a listener that hangs") {
    Listener listener;
    Options options = listener.options();
    options.deadlines.stop = std::chrono::milliseconds(100);
    World world(options);
    CHECK(eventually([&] { return listener.events().size() == 2; }));
    listener.hold();
    for (const char* theme : {"a", "b"})
        CHECK(world.server
                  .send("PUT", "/users/me/appearance", world.owner,
                        std::string("{\"theme_preference\":\"") + theme + "\"}")
                  .status == 200);
    world.server.service().stop();
    CHECK(world.server.service().handle({"GET", "/healthz"}).status == 503);
    listener.release();
}

TEST_CASE("the host may refuse a change before it is made") {
    std::atomic<int> asked{0};
    std::atomic<bool> closed{false};
    Options options;
    options.before = [&](const Event& event) -> std::optional<Veto> {
        ++asked;
        if (event.user.username == "rude") return Veto{"This name is not wanted."};
        if (event.user.username == "later") return Veto{"Come back tomorrow.", 409};
        if (event.user.username == "odd") return Veto{"Odd.", 200};
        if (event.user.username == "thrower") throw ApiError(422, "Thrown.");
        if (event.user.username == "broken") throw std::runtime_error("secret of the host");
        if (event.user.username == "strange") throw 7;
        if (event.kind == EventKind::deleted) return Veto{"Nobody leaves."};
        if (event.kind == EventKind::logged_in && closed) return Veto{"Not today."};
        return std::nullopt;
    };
    People world(options);
    closed = true;
    const auto rename = [&](const std::string& name) {
        return Row{"", "PUT", "/users/bob/profile", world.owner, "{\"username\":\"" + name + "\"}",
                   0,  ""};
    };
    const auto refused = [&](Row row, int status, const std::string& text,
                             const std::string& audit) {
        row.status = status;
        row.answer = message(text);
        row.audit = audit;
        return row;
    };
    const std::string broken = "An internal server error occurred.";
    check_rows(world,
               {
                   refused(rename("rude"), 403, "This name is not wanted.", "user|write|bob|403"),
                   refused(rename("later"), 409, "Come back tomorrow.", "user|write|bob|409"),
                   refused(rename("odd"), 403, "Odd.", "user|write|bob|403"),
                   refused(rename("thrower"), 422, "Thrown.", ""),
                   refused(rename("broken"), 500, broken, ""),
                   refused(rename("strange"), 500, broken, ""),
                   {"delete", "DELETE", "/users/bob", world.owner, "", 403,
                    message("Nobody leaves."), "user|delete|bob|403"},
                   {"log in", "POST", "/users/login", "",
                    R"({"email":"carl@example.org","password":")" + good_password + "\"}", 403,
                    message("Not today."), "api_key|login||403"},
               });
    CHECK(world.server.log().find("secret of the host") != std::string::npos);
    // It is also asked about calls in the process.
    try {
        world.server.service().as(Identity::system()).rename_user("bob", "rude");
        FAIL("not refused");
    } catch (const ApiError& error) {
        CHECK(error.status() == 403);
        CHECK(error.message() == "This name is not wanted.");
    }
    CHECK(world.server.send("PUT", "/users/bob/profile", world.owner, R"({"username":"rob"})")
              .status == 200);
    const int before = asked;
    CHECK(world.server.send("GET", "/users", world.owner).status == 200);
    CHECK(world.server.send("PUT", "/users/rob/profile", world.bob, R"({"username":"-"})").status ==
          400);
    CHECK(asked == before);  // neither about reads nor about changes that are refused anyway
}

TEST_CASE("the host is asked while it may still read through the service") {
    coder_users::Service* service = nullptr;
    std::string seen;
    Options options;
    options.before = [&](const Event& event) -> std::optional<Veto> {
        if (service && event.kind == EventKind::renamed)
            seen = service->as(Identity::system()).find_user(event.user.id).username;
        return std::nullopt;
    };
    World world(options);
    service = &world.server.service();
    CHECK(
        world.server.send("PUT", "/users/me/profile", world.owner, R"({"username":"x"})").status ==
        200);
    CHECK(seen == "owner");
}

TEST_CASE("places in the queue keep their order, whatever becomes of them") {
    std::mutex mutex;
    std::string told;
    coder_users::service::HostQueue<Event> queue(
        [&](const Event& event, std::size_t) {
            const std::lock_guard<std::mutex> lock(mutex);
            told += event.user.username;
        },
        3, [](coder_users::service::QueueTrouble, const std::string&) {});
    const auto event = [](const char* name) {
        Event made;
        made.user.username = name;
        return made;
    };
    const auto first = queue.reserve(), second = queue.reserve(), third = queue.reserve();
    CHECK(queue.reserve() == 0);
    queue.publish(third, event("c"));
    queue.cancel(second);
    queue.publish(first, event("a"));
    CHECK(eventually([&] {
        const std::lock_guard<std::mutex> lock(mutex);
        return told == "ac";
    }));
    queue.publish(queue.reserve(), event("d"));
    queue.close(std::chrono::steady_clock::now() + std::chrono::seconds(60));
    CHECK(told == "acd");
}
