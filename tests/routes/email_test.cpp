// docs/contract/users.md, "PUT /users/{user}/email": who may change whose address, and what that
// leaves behind.
#include <mutex>
#include <optional>

#include "people.hpp"

using namespace coder_users_test;
using coder_users::Event;
using coder_users::EventKind;

namespace {

std::string address(const std::string& text) { return "{\"email\":" + json_text(text) + "}"; }

const std::string taken = with_validations(
    "User already exists.", {{"email", "this value is already in use and should be unique"}});

std::string of_bob(const std::string& columns) {
    return "SELECT " + columns + " FROM users WHERE username = 'bob'";
}

}  // namespace

TEST_CASE("who may change whose address") {
    const People world;
    check_edit_is_refused(world, "/email", address("new@example.org"));
    const auto row = [&](const std::string& title, const std::string& token,
                         const std::string& body, int status, const std::string& answer,
                         const std::string& audit = "") {
        return Row{title, "PUT", "/users/bob/email", token, body, status, answer, audit};
    };
    check_rows(
        world,
        {
            row("itself", world.bob, address("new@example.org"), 403, forbidden_answer,
                "user|write|bob|403"),
            row("a bad address comes before permission", world.anna, address("bob"), 400,
                broken({{"email", "email", "bob"}})),
            row("permission comes before what is taken", world.bob, address("carl@example.org"),
                403, forbidden_answer, "user|write|bob|403"),
            row("no address", world.owner, "{}", 400, broken({{"email", "required", ""}})),
            row("an empty one", world.owner, address(""), 400, broken({{"email", "required", ""}})),
            row("taken", world.owner, address("CARL@Example.org"), 409, taken,
                "user|write|bob|409"),
        });
    check_undecodable(world, "PUT", "/users/bob/email", world.owner,
                      {"", "[]", R"({"email":1})", R"({"email":"a@b.c"} x)"});
    for (const std::string& token : {world.owner, world.udo}) {
        const std::string to = token == world.udo ? "by.udo@x.org" : "by.owner@x.org";
        const Answer answer = world.server.send("PUT", "/users/bob/email", token, address(to));
        CHECK(answer.status == 200);
        CHECK(parse(answer.body)["email"].text() == to);
        CHECK(world.sql(of_bob("email")) == to);
    }
    INFO("who manages itself");
    CHECK(world.server.send("PUT", "/users/me/email", world.udo, address("u@x.org")).status == 200);
    CHECK(world.server.send("PUT", "/users/me/email", world.owner, address("o@x.org")).status ==
          200);
}

TEST_CASE("a new address counts at once, and nothing else of the user changes") {
    World world;
    const std::string bob = world.member("bob");
    REQUIRE(world.server.send("GET", "/users/me", bob).status == 200);
    const std::string others =
        "SELECT username, hashed_password, created_at, status, login_type, name, avatar_url, roles "
        "FROM users ORDER BY id";
    const std::string before = world.sql(others), entry = world.last_entry();
    world.server.advance(std::chrono::seconds(5));
    const Answer answer =
        world.server.send("PUT", "/users/bob/email", world.owner, address("Robert@Example.com"));
    CHECK(answer.status == 200);
    UserJson expected{world.id_of("bob"), "bob", "Robert@Example.com", world.organization,
                      "active"};
    expected.last_seen_at = expected.created_at;
    CHECK(answer.body == expected.answer());
    CHECK(world.sql(others) == before);
    CHECK(world.sql(of_bob("email, email_folded, updated_at")) ==
          "Robert@Example.com|robert@example.com|" +
              std::to_string(coder_users::micros(world.server.now())));
    CHECK(world.entries_since(entry) == "user|write|bob|200");
    CHECK(world.sql("SELECT diff FROM audit_logs ORDER BY entry DESC LIMIT 1") ==
          "{" + diff_field("email", "\"bob@example.org\"", "\"Robert@Example.com\"") + "}");

    INFO("sessions stay and show it; a login needs it; lists find it");
    CHECK(parse(world.server.send("GET", "/users/me", bob).body)["email"].text() ==
          "Robert@Example.com");
    const auto log_in = [&](const std::string& email) {
        return world.server
            .send("POST", "/users/login", "",
                  R"({"email":")" + email + R"(","password":")" + good_password + "\"}")
            .status;
    };
    CHECK(log_in("bob@example.org") == 401);
    CHECK(log_in("ROBERT@example.com") == 201);
    const auto found = [&](const std::string& text) {
        return parse(world.server.send("GET", "/users?q=" + text, world.owner).body)["count"]
            .text();
    };
    CHECK(found("robert") == "1");
    CHECK(found("email:robert@example.com") == "1");
    CHECK(found("bob@example") == "0");
}

TEST_CASE("the own address again, or that of a deleted user, is free") {
    World world;
    for (const char* name : {"bob", "carl"}) world.server.create(world.owner, name);
    for (const std::string to : {"bob@example.org", "BOB@example.org", "bob@example.org"}) {
        CHECK(world.server.send("PUT", "/users/bob/email", world.owner, address(to)).status == 200);
        CHECK(world.sql(of_bob("email, email_folded")) == to + "|bob@example.org");
    }
    REQUIRE(world.server.send("DELETE", "/users/carl", world.owner).status == 200);
    CHECK(world.server.send("PUT", "/users/bob/email", world.owner, address("Carl@example.org"))
              .status == 200);
    CHECK(world.server.create(world.owner, "bob2").size() == 36);
}

TEST_CASE("a new address ends the code that was sent to the old one") {
    World world;
    world.server.create(world.owner, "bob");
    world.execute(give_passcode("bob"));
    const std::string expires = world.sql("SELECT expires_at FROM one_time_passcodes");
    REQUIRE(world.server.send("PUT", "/users/bob/email", world.owner, address("robert@example.org"))
                .status == 200);
    CHECK(world.sql("SELECT count(*) FROM one_time_passcodes") == "0");
    const Value diff = parse(world.sql("SELECT diff FROM audit_logs ORDER BY entry DESC LIMIT 1"));
    CHECK(diff["one_time_passcode_expires_at"]["new"].text() == "0001-01-01T00:00:00Z");
    CHECK(diff["one_time_passcode_expires_at"]["old"].text() != "0001-01-01T00:00:00Z");
    for (const std::string email : {"bob@example.org", "robert@example.org"}) {
        const Answer redeemed = world.server.send(
            "POST", "/users/otp/change-password", "",
            R"({"email":")" + email + R"(","password":"another-Horse-10","one_time_passcode":")" +
                some_passcode + "\"}");
        CHECK(redeemed.status == 400);
        CHECK(redeemed.body == message("Incorrect email or one-time passcode."));
    }
    CHECK(expires.size() == 16);
    INFO("a refused change does not end it");
    world.execute(give_passcode("bob"));
    CHECK(world.server.send("PUT", "/users/bob/email", world.owner, address("owner@example.org"))
              .status == 409);
    CHECK(world.sql("SELECT count(*) FROM one_time_passcodes") == "1");
}

TEST_CASE("service accounts have no address, and login providers set those of their users") {
    const World world;
    const auto make = [&](const std::string& body) {
        REQUIRE(world.server.send("POST", "/users", world.owner, body).status == 201);
    };
    make(R"({"username":"robot","service_account":true})");
    std::vector<Row> rows{{"a service account", "PUT", "/users/robot/email", world.owner,
                           address("robot@example.org"), 400,
                           message("Email cannot be set for service accounts."),
                           "user|write|robot|400"}};
    for (const std::string type : {"none", "github", "oidc"}) {
        make(R"({"username":"by-)" + type + R"(","email":")" + type +
             R"(@example.org","login_type":")" + type + "\"}");
        if (type == "none") continue;
        rows.push_back({type, "PUT", "/users/by-" + type + "/email", world.owner,
                        address("x@example.org"), 400,
                        message("Email is set by the login provider for users of login type \\\"" +
                                type + "\\\"."),
                        "user|write|by-" + type + "|400"});
    }
    check_rows(world, rows);
    CHECK(world.server.send("PUT", "/users/by-none/email", world.owner, address("n@example.org"))
              .status == 200);
}

TEST_CASE("of many changes to one address at once one succeeds") {
    const World world;
    for (int i = 0; i < 4; ++i) world.server.create(world.owner, "user" + std::to_string(i));
    const auto answers = all_at_once(4, [&](std::size_t i) {
        return world.server.send("PUT", "/users/user" + std::to_string(i) + "/email", world.owner,
                                 address("one@example.org"));
    });
    CHECK(count_statuses(answers) == StatusCounts{{200, 1}, {409, 3}});
    CHECK(world.sql("SELECT count(*) FROM users WHERE email_folded = 'one@example.org'") == "1");
}

TEST_CASE("the host is asked about a new address and told of it") {
    std::mutex mutex;
    std::vector<Event> told;
    coder_users::Options options;
    options.before = [](const Event& event) -> std::optional<coder_users::Veto> {
        if (event.kind != EventKind::email_changed || event.user.email == "good@example.org")
            return std::nullopt;
        return coder_users::Veto{"Not one of us, " + event.before->email + ".", 409};
    };
    options.on_event = [&](const Event& event) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (event.kind == EventKind::email_changed) told.push_back(event);
    };
    const World world(options);
    world.server.create(world.owner, "bob");
    check_rows(world,
               {{"vetoed", "PUT", "/users/bob/email", world.owner, address("bad@example.org"), 409,
                 message("Not one of us, bob@example.org."), "user|write|bob|409"}});
    REQUIRE(world.server.send("PUT", "/users/bob/email", world.owner, address("good@example.org"))
                .status == 200);
    CHECK(eventually([&] {
        const std::lock_guard<std::mutex> lock(mutex);
        return told.size() == 1;
    }));
    const std::lock_guard<std::mutex> lock(mutex);
    REQUIRE(told.size() == 1);
    CHECK(to_string(told[0].kind) == "email_changed");
    CHECK(told[0].user.email == "good@example.org");
    CHECK(told[0].before->email == "bob@example.org");
    CHECK(told[0].actor->username == "owner");
}
