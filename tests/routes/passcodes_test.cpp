// docs/contract/passcodes.md, "POST /users/otp/request" and "POST /users/otp/change-password": the
// checks of both in their order, what is stored and recorded, and that nothing but the host's
// function ever learns a code.
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include "coder_users/data.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "people.hpp"
#include "test_database.hpp"

using namespace coder_users_test;
using coder_users::ApiError;
using coder_users::Event;
using coder_users::EventKind;
using coder_users::Options;
using coder_users::Passcode;
using std::chrono::minutes;

namespace {

const std::string new_password = "another-Horse-10";
const std::string ask = "/users/otp/request", redeem = "/users/otp/change-password";
const std::string wrong = message("Incorrect email or one-time passcode.");
const std::string switched_off = message("Password authentication is disabled.");
const std::string unclaimed_in_file =
    "SELECT COALESCE((SELECT value FROM counters WHERE name = 'unclaimed_passcodes'), 0)";
const std::string unclaimed =
    unclaimed_in_file + (on_postgres()
                             ? " + COALESCE((SELECT sum(value) FROM counter_changes WHERE name = "
                               "'unclaimed_passcodes'), 0)"
                             : "");
const std::string codes = "SELECT count(*) FROM one_time_passcodes";

std::string weak(const std::string& detail) {
    return with_validations("Invalid password.", {{"password", detail}});
}
std::string asks_for(const std::string& email) { return "{\"email\":" + json_text(email) + "}"; }
std::string presents(const std::string& email, const std::string& password,
                     const std::string& code) {
    return "{\"email\":" + json_text(email) + ",\"password\":" + json_text(password) +
           ",\"one_time_passcode\":" + json_text(code) + "}";
}

/// Receives codes, and can be made slow.
class Sent {
 public:
    Options options(Options options = {}) {
        options.send_passcode = [this](const Passcode& passcode) {
            std::unique_lock<std::mutex> lock(mutex_);
            released_.wait(lock, [this] { return !held_; });
            sent_.push_back(passcode);
        };
        return options;
    }
    std::vector<Passcode> all() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return sent_;
    }
    /// Returns the code with this number, once it is there.
    Passcode at(std::size_t index) const {
        REQUIRE(eventually([&] { return all().size() > index; }));
        return all()[index];
    }
    void hold(bool held) {
        const std::lock_guard<std::mutex> lock(mutex_);
        held_ = held;
        released_.notify_all();
    }

 private:
    mutable std::mutex mutex_;
    std::condition_variable released_;
    bool held_ = false;
    std::vector<Passcode> sent_;
};

int log_in(const TestServer& server, const std::string& name, const std::string& password) {
    return server
        .send("POST", "/users/login", "",
              R"({"email":")" + name + R"(@example.org","password":)" + json_text(password) + "}")
        .status;
}

/// Accounts of every login type beside those of People.
void add_others(const People& world) {
    for (const std::string type : {"none", "github", "oidc"})
        REQUIRE(world.server
                    .send("POST", "/users", world.owner,
                          R"({"email":")" + type + R"(@example.org","username":"user-)" + type +
                              R"(","login_type":")" + type + "\"}")
                    .status == 201);
    world.server.create(world.owner, "gone");
    REQUIRE(world.server.send("DELETE", "/users/gone", world.owner).status == 200);
}

}  // namespace

TEST_CASE("a code is made for an account with a password, stored as its digest, and sent") {
    Sent sent;
    People world(sent.options());
    const std::string bob = world.id_of("bob"), entry = world.last_entry();
    const Answer answer = world.server.send("POST", ask, world.carl, asks_for("BOB@example.ORG"));
    CHECK(answer.status == 204);
    CHECK(answer.body.empty());
    CHECK_FALSE(answer.has("content-type"));
    CHECK_FALSE(answer.has("set-cookie"));

    const Passcode first = sent.at(0);
    const Time expires = start_of_test + minutes(20);
    CHECK(first.user_id == bob);
    CHECK(first.username == "bob");
    CHECK(first.email == "bob@example.org");
    CHECK(first.expires_at == expires);
    REQUIRE(coder_users::parse_uuid(first.code).value_or("") == first.code);
    CHECK(first.code[14] == '4');
    CHECK(std::string("89ab").find(first.code[19]) != std::string::npos);
    const std::string rows = "SELECT * FROM one_time_passcodes";
    CHECK(world.sql(rows) == bob + "|" + coder_users::rules::sha256_hex(first.code) + "|" +
                                 std::to_string(coder_users::micros(expires)));
    CHECK(world.entries_since(entry) == "user|request_password_reset|bob|204");
    const auto shown = [](Time time) { return json_text(coder_users::to_rfc3339(time)); };
    const std::string field = "one_time_passcode_expires_at",
                      kind = nil_id + "|" + bob + "|127.0.0.1|user|request_password_reset|" + bob +
                             "|bob|204|{";
    CHECK(newest_entry(world) ==
          kind + diff_field(field, shown(coder_users::never), shown(expires)) + "}");

    INFO("another one replaces it");
    world.server.advance(minutes(1));
    CHECK(world.server.send("POST", ask, "", asks_for("bob@example.org")).status == 204);
    const Passcode second = sent.at(1);
    CHECK(second.code != first.code);
    CHECK(world.sql(codes) == "1");
    CHECK(newest_entry(world) ==
          kind + diff_field(field, shown(expires), shown(expires + minutes(1))) + "}");
    CHECK(
        world.server.send("POST", redeem, "", presents("bob@example.org", new_password, first.code))
            .body == wrong);
    CHECK(world.server
              .send("POST", redeem, "", presents("bob@example.org", new_password, second.code))
              .status == 204);
}

TEST_CASE("the audit log describes both, at every release, and finds them") {
    for (const std::string release : {"2.6", "2.8", "2.21", "2.35"}) {
        INFO(release);
        Sent sent;
        Options options = sent.options();
        options.coder_version = release;
        const World world(options);
        world.server.create(world.owner, "bob");
        CHECK(world.server.send("POST", ask, "", asks_for("bob@example.org")).status == 204);
        CHECK(world.server.send("POST", redeem, "", presents("bob@example.org", new_password, "x"))
                  .body == wrong);
        const auto entry = [&](const std::string& q) {
            const Value list = parse(world.server.send("GET", "/audit?q=" + q, world.owner).body);
            REQUIRE(list["audit_logs"].size() == 1);
            return list["audit_logs"][0];
        };
        const Value asked = entry("action:request_password_reset");
        CHECK(asked["description"].text() == "password reset requested for {target}");
        CHECK(asked["resource_type"].text() == "user");
        CHECK(asked["resource_target"].text() == "bob");
        CHECK(asked["resource_link"].text() == "/users?filter=bob");
        CHECK(asked["status_code"].text() == "204");
        CHECK(asked["user"]["username"].text() == "bob");
        const Value refused = entry("action:write");
        CHECK(refused["description"].text() ==
              (release == "2.6" || release == "2.8"
                   ? "{user} updated user {target}"
                   : "{user} unsuccessfully attempted to write user {target}"));
        CHECK(refused["user"]["username"].text() == "bob");
        CHECK(refused["diff"].text() == "{}");
    }
}

TEST_CASE("a code is asked for with an address alone") {
    Sent sent;
    const People world(sent.options());
    const std::string missing = broken({{"email", "required", ""}});
    check_rows(world,
               {
                   {"missing", "POST", ask, "", "{}", 400, missing},
                   {"null", "POST", ask, "", R"({"email":null})", 400, missing},
                   {"empty", "POST", ask, "", asks_for(""), 400, missing},
                   {"no address", "POST", ask, "", asks_for("bob"), 400,
                    broken({{"email", "email", "bob"}})},
                   {"another method", "GET", ask, world.owner, "", 405, bad_method},
                   {"above both", "POST", "/users/otp", world.owner, "{}", 404, route_not_found},
                   {"below", "POST", ask + "/x", world.owner, "{}", 404, route_not_found},
                   {"above, nobody", "POST", "/users/otp", "", "{}", 401, no_session},
               });
    check_undecodable(world, "POST", ask, "",
                      {"", "{", "[]", R"({"email":1})", R"({"email":"a\u0000b"})"});
    CHECK(world.sql(unclaimed) == "0");
    CHECK(sent.all().empty());
}

TEST_CASE("for any other address nothing but a number is stored, and the answer is the same") {
    Sent sent;
    const People world(sent.options());
    add_others(world);
    REQUIRE(world.server.send("PUT", "/users/carl/status/suspend", world.owner).status == 200);
    int count = 0;
    for (const std::string name : {"nobody", "none", "github", "oidc", "gone"}) {
        check_rows(world, {{name, "POST", ask, "", asks_for(name + "@example.org"), 204, ""}});
        CHECK(world.sql(unclaimed) == std::to_string(++count));
    }
    CHECK(world.sql(codes) == "0");

    INFO("suspended accounts get one");
    CHECK(world.server.send("POST", ask, "", asks_for("carl@example.org")).status == 204);
    CHECK(sent.at(0).username == "carl");
    CHECK(sent.all().size() == 1);
    CHECK(world.sql(unclaimed) == std::to_string(count));
}

TEST_CASE("every address costs one commit where codes are sent, and none where they are not") {
    for (const bool sends : {true, false}) {
        int commits = 0;
        std::mutex mutex;
        bool fail = false;
        Sent sent;
        Options options = sends ? sent.options() : Options();
        options.env.fail_write = [&] {
            const std::lock_guard<std::mutex> lock(mutex);
            ++commits;
            return fail;
        };
        const World world(options);
        world.server.create(world.owner, "bob");
        for (const std::string name : {"bob", "nobody"}) {
            INFO(name << (sends ? " with" : " without"));
            const auto requested = [&](bool fails) {
                const std::lock_guard<std::mutex> lock(mutex);
                commits = 0, fail = fails;
            };
            requested(false);
            CHECK(world.server.send("POST", ask, "", asks_for(name + "@example.org")).status ==
                  204);
            CHECK(commits == (sends ? 1 : 0));
            requested(true);
            CHECK(world.server.send("POST", ask, "", asks_for(name + "@example.org")).status ==
                  (sends ? 503 : 204));
            requested(true);
            CHECK(world.server
                      .send("POST", redeem, "",
                            presents(name + "@example.org", new_password, "wrong"))
                      .status == 503);
            CHECK(commits == 1);
        }
        CHECK(world.sql(codes) == (sends ? "1" : "0"));
        CHECK(world.sql(unclaimed) == (sends ? "1" : "0"));
    }
}

TEST_CASE("without a function that sends codes none are made") {
    const People world;
    const std::string bob = world.id_of("bob");
    check_rows(world, {{"known", "POST", ask, "", asks_for("bob@example.org"), 204, ""},
                       {"unknown", "POST", ask, "", asks_for("nobody@example.org"), 204, ""}});
    CHECK(world.sql(codes) == "0");
    CHECK(world.sql(unclaimed) == "0");
    const std::string log = world.server.log();
    const auto line = log.find("password reset requested user=" + bob);
    REQUIRE(line != std::string::npos);
    CHECK(log.find("password reset requested", line + 1) == std::string::npos);
    CHECK(log.find("no password to reset id=") != std::string::npos);
}

TEST_CASE("while logins with a password are off, so are codes") {
    Sent sent;
    Options options = sent.options();
    const TempFolder folder;
    options.database = folder.file("a.db");
    {
        TestServer server(options);
        server.owner();
    }
    options.disable_password_auth = true;
    const TestServer server(options);
    const std::string before = snapshot_of(options.database);
    for (const std::string name : {"owner", "nobody"}) {
        const std::string email = name + "@example.org";
        const auto status = [&](const std::string& path, const std::string& body) {
            const Answer answer = server.send("POST", path, "", body);
            if (answer.status == 403) CHECK(answer.body == switched_off);
            return answer.status;
        };
        CHECK(status(ask, asks_for(email)) == 403);
        CHECK(status(redeem, presents(email, "weak", "x")) == 403);  // 1 ahead of 2
        CHECK(status(ask, "{}") == 400);
        CHECK(status(redeem, "{}") == 400);
    }
    CHECK(snapshot_of(options.database) == before);
    CHECK(stored(options.database, unclaimed_in_file) == "0");
    CHECK(stored(options.database, "SELECT count(*) FROM audit_logs") == "2");
    CHECK(sent.all().empty());
}

TEST_CASE("the checks of a code answer in their order and change nothing") {
    const People world;
    add_others(world);
    for (const std::string name : {"bob", "user-oidc"}) world.execute(give_passcode(name));
    const std::string hints = weak(
        "insecure password, try including more special characters, using lowercase letters, "
        "using uppercase letters or using a longer password");
    const std::string own = weak("password must not contain your user name or e-mail address");
    const std::string &good = good_password, &code = some_passcode;
    const std::string bob = "bob@example.org", on_bob = "user|write|bob|400";
    world.member("lovelace");
    world.execute(give_passcode("lovelace"));
    std::string shouted = code;
    for (char& c : shouted) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    const auto row = [&](const char* title, const std::string& email, const std::string& password,
                         const std::string& passcode, const std::string& answer,
                         const std::string& audit = "") {
        return Row{title, "POST", redeem, "", presents(email, password, passcode),
                   400,   answer, audit};
    };
    check_rows(
        world,
        {
            {"0: nothing", "POST", redeem, "", "{}", 400,
             broken({{"email", "required", ""},
                     {"password", "required", ""},
                     {"one_time_passcode", "required", ""}})},
            row("0: no address", "bob", "", "",
                broken({{"email", "email", "bob"},
                        {"password", "required", ""},
                        {"one_time_passcode", "required", ""}})),
            row("2: weak", bob, "12345678", code, hints),
            row("2 ahead of 3", "nobody@example.org", "12345678", "x", hints),
            row("2 of 65 bytes", bob, "aB3!" + std::string(61, 'x') + "yZ9-", code,
                weak("password must be no more than 64 characters")),
            row("3: nobody", "nobody@example.org", new_password, code, wrong),
            row("3: deleted", "gone@example.org", new_password, code, wrong),
            row("3: no code", "carl@example.org", new_password, code, wrong, "user|write|carl|400"),
            row("3: another login type, with the right code", "oidc@example.org", new_password,
                code, wrong, "user|write|user-oidc|400"),
            row("3: no login at all", "none@example.org", new_password, code, wrong,
                "user|write|user-none|400"),
            row("3: wrong", bob, new_password, "x", wrong, on_bob),
            row("3: letter case", bob, new_password, shouted, wrong, on_bob),
            row("3: more", bob, new_password, code + " ", wrong, on_bob),
            row("3: the digest", bob, new_password, coder_users::rules::sha256_hex(code), wrong,
                on_bob),
            row("3 ahead of 4: nobody's name", "lovelace@example.org", "Lovelace-123456", "x",
                wrong, "user|write|lovelace|400"),
            row("3 ahead of 5", bob, good, "x", wrong, on_bob),
            row("4: the own name", "lovelace@example.org", "Lovelace-123456", code, own),
            row("5: the present one", bob, good, code,
                message("New password cannot match old password."), on_bob),
            {"another method", "PUT", redeem, world.owner, "{}", 405, bad_method},
        });
    check_undecodable(world, "POST", redeem, "",
                      {"", "{", "[]", presents(bob, new_password, code) + "x",
                       R"({"email":"bob@example.org","password":1,"one_time_passcode":"x"})",
                       R"({"email":"bob@example.org","password":"x","one_time_passcode":1})"});
    CHECK(world.sql(unclaimed) == "2");

    INFO("the code is still good");
    for (const std::string& email : {bob, std::string("lovelace@example.org")})
        CHECK(world.server.send("POST", redeem, "", presents(email, new_password, code)).status ==
              204);
}

TEST_CASE("the answers are the same at every release") {
    for (const std::string release : {"2.6", "2.8", "2.21", "2.35"}) {
        INFO(release);
        Options options;
        options.coder_version = release;
        const World world(options);
        world.execute(give_passcode("owner"));
        const auto answer = [&](const std::string& path, const std::string& body) {
            const Answer given = world.server.send("POST", path, "", body);
            return std::to_string(given.status) + " " + given.body;
        };
        const std::string owner = "owner@example.org";
        CHECK(answer(ask, asks_for(owner)) == "204 ");
        CHECK(answer(redeem, presents(owner, "weak", "x")).substr(0, 34) ==
              "400 {\"message\":\"Invalid password.\"");
        CHECK(answer(redeem, presents(owner, new_password, "x")) == "400 " + wrong);
        CHECK(answer(redeem, presents(owner, new_password, some_passcode)) == "204 ");
    }
}

TEST_CASE("a code expires after twenty minutes, at that very moment") {
    for (const bool late : {false, true}) {
        World world;
        world.execute(give_passcode("owner"));
        world.server.advance(minutes(20) - coder_users::Duration(late ? 0 : 1));
        CHECK(world.server
                  .send("POST", redeem, "",
                        presents("owner@example.org", new_password, some_passcode))
                  .status == (late ? 400 : 204));
    }
}

TEST_CASE("a code sets a password once, and ends every key of its user and of nobody else") {
    std::mutex mutex;
    std::vector<Event> told;
    Options options;
    options.on_event = [&](const Event& event) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (event.kind == EventKind::password_changed) told.push_back(event);
    };
    const People world(options);
    const std::string second = world.server.log_in("bob@example.org");
    const std::string token = world.add_key("bob", {});
    const std::string others =
        "SELECT id, hashed_secret, updated_at, expires_at FROM api_keys WHERE user_id <> '" +
        world.id_of("bob") + "' ORDER BY id";
    const std::string before = world.sql(others), bob = world.id_of("bob"),
                      entry = world.last_entry();
    world.execute(give_passcode("bob"));
    world.execute(give_passcode("carl"));
    const std::string body = presents("Bob@Example.org", new_password, some_passcode);
    const Answer answer = world.server.send("POST", redeem, world.bob, body);
    CHECK(answer.status == 204);
    CHECK(answer.body.empty());
    CHECK_FALSE(answer.has("content-type"));
    CHECK_FALSE(answer.has("set-cookie"));
    for (const std::string& key : {world.bob, second, token})
        CHECK(world.server.send("GET", "/users/me", key).body == bad_key);
    CHECK(world.sql("SELECT count(*) FROM api_keys WHERE user_id = '" + bob + "'") == "0");
    CHECK(world.sql(others) == before);
    CHECK(world.sql("SELECT user_id FROM one_time_passcodes") == world.id_of("carl"));
    CHECK(world.entries_since(entry) == "user|write|bob|204");
    CHECK(newest_entry(world) ==
          nil_id + "|" + bob + "|127.0.0.1|user|write|" + bob +
              R"(|bob|204|{"hashed_password":{"old":"","new":"","secret":true},)" +
              diff_field("one_time_passcode_expires_at",
                         json_text(coder_users::to_rfc3339(start_of_test + minutes(20))),
                         "\"0001-01-01T00:00:00Z\"") +
              "}");
    CHECK(log_in(world.server, "bob", good_password) == 401);
    CHECK(log_in(world.server, "bob", new_password) == 201);

    INFO("once");
    CHECK(world.server.send("POST", redeem, "", body).body == wrong);
    CHECK(eventually([&] {
        const std::lock_guard<std::mutex> lock(mutex);
        return told.size() == 1 && told[0].user.username == "bob" && told[0].actor &&
               told[0].actor->username == "bob";
    }));
}

TEST_CASE("a code changes no status") {
    const People world;
    world.server.create(world.owner, "lazy");
    REQUIRE(world.server.send("PUT", "/users/carl/status/suspend", world.owner).status == 200);
    for (const auto& [name, status] : std::vector<std::pair<std::string, std::string>>{
             {"bob", "active"}, {"carl", "suspended"}, {"lazy", "dormant"}}) {
        INFO(name);
        world.execute(give_passcode(name));
        CHECK(world.server
                  .send("POST", redeem, "",
                        presents(name + "@example.org", new_password, some_passcode))
                  .status == 204);
        CHECK(world.sql("SELECT status FROM users WHERE username = '" + name + "'") == status);
    }
    CHECK(log_in(world.server, "carl", new_password) == 401);
    CHECK(world.sql("SELECT status FROM users WHERE username = 'carl'") == "suspended");
}

TEST_CASE("a code goes with a new password and with its user") {
    const People world;
    const std::string field =
        diff_field("one_time_passcode_expires_at",
                   json_text(coder_users::to_rfc3339(start_of_test + minutes(20))),
                   "\"0001-01-01T00:00:00Z\"");
    const auto gone = [&](const std::string& name) {
        return world.sql(
                   "SELECT count(*) FROM one_time_passcodes p JOIN users u ON u.id = "
                   "p.user_id WHERE u.username = '" +
                   name + "'") == "0" &&
               newest_entry(world).find(field) != std::string::npos;
    };
    for (const std::string name : {"bob", "carl", "anna"}) world.execute(give_passcode(name));
    CHECK(world.server
              .send("PUT", "/users/me/password", world.bob,
                    R"({"old_password":")" + good_password + R"(","password":")" + new_password +
                        "\"}")
              .status == 204);
    CHECK(gone("bob"));
    CHECK(world.server
              .send("POST", redeem, "",
                    presents("bob@example.org", "a-third-Horse-11", some_passcode))
              .body == wrong);
    CHECK(world.server
              .send("PUT", "/users/carl/password", world.owner,
                    R"({"password":")" + new_password + "\"}")
              .status == 204);
    CHECK(gone("carl"));
    CHECK(world.server.send("DELETE", "/users/anna", world.owner).status == 200);
    CHECK(gone("anna"));
    CHECK(world.sql(codes) == "0");
}

TEST_CASE("what the host refuses leaves the code good") {
    Options options;
    options.check_password = [](const std::string& password,
                                const coder_users::User& user) -> std::optional<std::string> {
        if (password == "leaked-Horse-99") return "known, " + user.username;
        return std::nullopt;
    };
    options.before = [](const Event& event) -> std::optional<coder_users::Veto> {
        if (event.kind == EventKind::password_changed && event.user.username == "carl")
            return coder_users::Veto{"Not today."};
        return std::nullopt;
    };
    const People world(options);
    for (const std::string name : {"bob", "carl"}) world.execute(give_passcode(name));
    check_rows(
        world,
        {{"the password", "POST", redeem, "",
          presents("bob@example.org", "leaked-Horse-99", some_passcode), 400, weak("known, bob")},
         {"not asked before the code", "POST", redeem, "",
          presents("bob@example.org", "leaked-Horse-99", "x"), 400, wrong, "user|write|bob|400"},
         {"the change", "POST", redeem, "",
          presents("carl@example.org", new_password, some_passcode), 403, message("Not today.")}});
    CHECK(world.sql(codes) == "2");
}

TEST_CASE("of many who present one code at once, one is taken") {
    const World world;
    world.execute(give_passcode("owner"));
    const auto answers = all_at_once(6, [&](std::size_t i) {
        return world.server.send(
            "POST", redeem, "",
            presents("owner@example.org", new_password + std::to_string(i), some_passcode));
    });
    CHECK(count_statuses(answers) == StatusCounts{{204, 1}, {400, 5}});
    CHECK(world.sql(codes) == "0");
    CHECK(world.sql("SELECT count(*) FROM audit_logs WHERE action = 'write'") == "6");
}

TEST_CASE("guesses at codes are limited by who makes them, and do not keep an account's user out") {
    Options options = in_memory();
    options.disable_rate_limits = false;
    options.failed_login_limit = 3;
    options.login_rate_limit = 60;
    TestServer server(options, true);
    server.owner();
    const auto post = [&](const std::string& path, const std::string& body,
                          const std::string& address) {
        return server.service().handle({"POST", "/api/v2" + path, {}, body, address});
    };
    for (int i = 0; i < 60; ++i) {
        CHECK(post(redeem, presents("owner@example.org", new_password, "x"), "10.0.0.1").status ==
              400);
        CHECK(post(ask, asks_for("owner@example.org"), "10.0.0.1").status == 204);
    }
    CHECK(post(redeem, presents("owner@example.org", new_password, "x"), "10.0.0.1").status == 429);
    CHECK(post(ask, asks_for("owner@example.org"), "10.0.0.1").status == 429);
    CHECK(post("/users/login",
               R"({"email":"owner@example.org","password":")" + good_password + "\"}", "10.0.0.2")
              .status == 201);
}

TEST_CASE("a function that sends codes may be slow, and may throw") {
    Sent sent;
    Options options = sent.options();
    options.limits.waiting_events = 2;
    options.deadlines.stop = std::chrono::milliseconds(100);
    const std::function<void(const Passcode&)> receive = options.send_passcode;
    std::string upper;
    options.send_passcode = [&](const Passcode& passcode) {
        receive(passcode);
        if (passcode.username == "odd") throw 7;
        upper = passcode.code;
        for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        throw std::runtime_error("no server takes " + passcode.code + ", nor " + upper);
    };
    World world(options);
    world.server.create(world.owner, "odd");
    const auto logged = [&](const std::string& text) {
        return eventually([&] { return world.server.log().find(text) != std::string::npos; });
    };
    sent.hold(true);
    for (int i = 0; i < 5; ++i)  // one is being sent, or about to be, and two wait
        CHECK(world.server.send("POST", ask, "", asks_for("owner@example.org")).status == 204);
    sent.hold(false);
    CHECK(logged("send_passcode failed reason=\"user " + world.id_of("owner") +
                 ": no server takes ***, nor ***\""));
    CHECK(eventually([&] { return sent.all().size() >= 2; }));
    CHECK(world.server.send("POST", ask, "", asks_for("odd@example.org")).status == 204);
    CHECK(logged("passcodes not sent reason="));
    CHECK(logged("send_passcode failed reason=\"not a std::exception\""));
    for (const Passcode& each : sent.all())
        CHECK(world.server.log().find(each.code) == std::string::npos);

    INFO("stop() does not wait for ever");
    sent.hold(true);
    CHECK(world.server.send("POST", ask, "", asks_for("owner@example.org")).status == 204);
    CHECK(world.server.send("POST", ask, "", asks_for("owner@example.org")).status == 204);
    world.server.service().stop();
    sent.hold(false);
}

TEST_CASE("no log, event, row of the audit log or export has a code") {
    Sent sent;
    std::mutex mutex;
    std::string events;
    Options options = sent.options();
    options.on_event = [&](const Event& event) {
        const std::lock_guard<std::mutex> lock(mutex);
        events += event.user.username + event.user.email + event.key.id + event.request_id;
    };
    const TempFolder folder;
    options.database = folder.file("a.db");
    std::string log;
    {
        TestServer server(options);
        server.owner();
        CHECK(server.send("POST", ask, "", asks_for("owner@example.org")).status == 204);
        const std::string code = sent.at(0).code;
        CHECK(server.send("POST", redeem, "", presents("owner@example.org", "weak", code)).status ==
              400);
        CHECK(server.send("POST", redeem, "", presents("owner@example.org", good_password, code))
                  .status == 400);
        CHECK(server.send("POST", redeem + "?one_time_passcode=" + code, "", "{" + code).status ==
              400);
        CHECK(server.send("POST", ask, "", asks_for("owner@example.org")).status == 204);
        sent.at(1);
        server.service().stop();
        log = server.log();
    }
    std::ostringstream exported;
    coder_users::data::export_to(options, exported);
    const std::string rows = stored(options.database, "SELECT * FROM audit_logs") +
                             stored(options.database, "SELECT * FROM one_time_passcodes");
    CHECK(exported.str().find("one_time_passcode") != std::string::npos);
    for (const Passcode& each : sent.all())
        for (const std::string& text : {log, events, rows, exported.str()})
            CHECK(text.find(each.code) == std::string::npos);
    CHECK(log.find("password reset requested") != std::string::npos);
}
