// Service::log_in(): what POST /users/login does, in the process.
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "coder_users/internal/wire/answers.hpp"
#include "limited_server.hpp"

using namespace coder_users_test;
using coder_users::ApiError;
using coder_users::Event;
using coder_users::EventKind;
using coder_users::LoggedIn;
using coder_users::LoginOrigin;
using coder_users::Options;

namespace {

/// What the call throws, as "status body".
template <class Call>
std::string refusal_of(Call&& call) {
    try {
        call();
        return "none";
    } catch (const ApiError& error) {
        return std::to_string(error.status()) + " " +
               coder_users::wire::response(error.message(), error.detail(), error.validations());
    }
}

std::string credentials(const std::string& email, const std::string& password) {
    return "{\"email\":" + json_text(email) + ",\"password\":" + json_text(password) + "}";
}

}  // namespace

TEST_CASE("a host logs somebody in with address and password") {
    World world;
    world.server.create(world.owner, "bob");
    coder_users::Service& service = world.server.service();
    const LoggedIn bob =
        service.log_in("BOB@example.org", good_password, {"192.0.2.7", std::string(600, 'a')});
    CHECK(bob.identity.user.id == world.id_of("bob"));
    CHECK(bob.identity.user.status == coder_users::UserStatus::active);
    CHECK(bob.identity.has_full_power());
    CHECK(bob.identity.key.login_type == coder_users::LoginType::password);
    CHECK(bob.token.substr(0, 10) == bob.identity.key.id);
    CHECK(world.sql("SELECT status FROM users WHERE username = 'bob'") == "active");
    CHECK(world.sql("SELECT ip, user_agent, user_id FROM api_keys WHERE id = '" +
                    bob.identity.key.id + "'") ==
          "192.0.2.7|" + std::string(512, 'a') + "|" + bob.identity.user.id);
    CHECK(world.sql("SELECT resource_type, action, actor_id, ip, user_agent, status_code FROM "
                    "audit_logs ORDER BY entry DESC LIMIT 1") ==
          "api_key|login|" + bob.identity.user.id + "|192.0.2.7|" + std::string(512, 'a') + "|201");

    INFO("the session is one like any other");
    CHECK(world.server.send("GET", "/users/me", bob.token).status == 200);
    CHECK(service.as(bob.identity).list_sessions("me").size() == 1);
    CHECK(service.authenticate(bob.token).user.username == "bob");
    CHECK(world.server.send("POST", "/users/logout", bob.token).status == 200);
    CHECK(refusal_of([&] { service.as(bob.identity).list_sessions("me"); }).substr(0, 3) == "401");
}

TEST_CASE("a login in the process is refused as over HTTP, and recorded the same") {
    World world;
    for (const char* name : {"bob", "lazy", "hub"}) world.server.create(world.owner, name);
    world.execute("UPDATE users SET status = 'suspended' WHERE username = 'lazy'");
    world.execute("UPDATE users SET login_type = 'github' WHERE username = 'hub'");
    struct Case {
        std::string email, password;
        int status;
    };
    for (const Case& each :
         {Case{"nobody@example.org", "x", 401}, Case{"bob@example.org", "wrong", 401},
          Case{"lazy@example.org", good_password, 401}, Case{"hub@example.org", good_password, 403},
          Case{"", "x", 400}, Case{"bob", "x", 400}, Case{"bob@example.org", "", 400}}) {
        CAPTURE(each.email, each.password);
        const std::string before = world.snapshot(), start = world.last_entry();
        const Answer http =
            world.server.send("POST", "/users/login", "", credentials(each.email, each.password));
        CHECK(http.status == each.status);
        const std::string recorded = world.entries_since(start), middle = world.last_entry();
        CHECK(refusal_of([&] { world.server.service().log_in(each.email, each.password); }) ==
              std::to_string(http.status) + " " + http.body);
        CHECK(world.entries_since(middle) == recorded);
        CHECK(world.snapshot() == before);
    }
}

TEST_CASE("failures in the process and over HTTP count together, by account") {
    Options options = limits(0, 0);
    options.failed_login_limit = 10;
    Limited server(options);
    server.member(server.owner(), "bob");
    const auto in_process = [&](const std::string& password) {
        return refusal_of([&] { server.service().log_in("bob@example.org", password); })
            .substr(0, 3);
    };
    for (int i = 0; i < 5; ++i) {
        CHECK(in_process("wrong") == "401");
        if (i == 4) break;
        CHECK(server
                  .ask("POST", "/users/login", "", {}, "1.2.3.4",
                       credentials("bob@example.org", "wrong"))
                  .status == 401);
    }
    CHECK(in_process("wrong") == "429");
    CHECK(in_process(good_password) == "429");
    CHECK(server
              .ask("POST", "/users/login", "", {}, "1.2.3.4",
                   credentials("bob@example.org", good_password))
              .status == 429);
    server.advance(std::chrono::minutes(1));
    CHECK(in_process(good_password) == "non");
}

TEST_CASE("attempts from a known address count with the requests of that client") {
    Limited server(limits(0, 3));
    server.owner();
    const auto from = [&](const std::string& address) {
        return refusal_of([&] {
            server.service().log_in("owner@example.org", good_password, LoginOrigin{address, ""});
        });
    };
    const auto over_http = [&](const std::string& address) {
        return server
            .ask("POST", "/users/login", "", {}, address,
                 credentials("owner@example.org", good_password))
            .status;
    };
    CHECK(from("2001:db8::1") == "none");
    CHECK(over_http("2001:db8::2") == 201);  // the same network of a client
    CHECK(from("2001:db8::3") == "none");
    CHECK(from("2001:db8::4") == "429 " + too_many("3"));
    CHECK(over_http("2001:db8::1") == 429);
    CHECK(from("2001:db8:1::1") == "none");
    for (int i = 0; i < 5; ++i) CHECK(from("") == "none");
    server.advance(std::chrono::minutes(1));
    CHECK(from("2001:db8::1") == "none");
}

TEST_CASE("the host's own rules hold for a login in the process") {
    Options options;
    options.before = [](const Event& event) -> std::optional<coder_users::Veto> {
        if (event.kind == EventKind::logged_in && event.address == "192.0.2.66")
            return coder_users::Veto{"Not from there.", 403};
        return std::nullopt;
    };
    World world(options);
    coder_users::Service& service = world.server.service();
    const auto from = [&](const std::string& address) {
        return refusal_of([&] {
            service.log_in("owner@example.org", good_password, {address, ""});
        });
    };
    CHECK(from("192.0.2.66") == "403 " + message("Not from there."));
    CHECK(from("192.0.2.67") == "none");
    service.stop();
    CHECK(from("192.0.2.67").substr(0, 3) == "503");

    options = {};
    options.disable_password_auth = true;
    TestServer closed(options);
    closed.service().create_first_user([] {
        coder_users::CreateUser owner;
        owner.email = "owner@example.org";
        owner.username = "owner";
        owner.password = good_password;
        return owner;
    }());
    CHECK(refusal_of([&] { closed.service().log_in("owner@example.org", good_password); }) ==
          "403 " + message("Password authentication is disabled."));
}
