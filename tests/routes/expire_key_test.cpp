// docs/contract/keys.md, "PUT /users/{user}/keys/{keyid}/expire".
#include <functional>
#include <mutex>
#include <utility>

#include "coder_users/internal/base/rfc3339.hpp"
#include "people.hpp"

using namespace coder_users_test;
using coder_users::Event;
using coder_users::EventKind;

namespace {

/// A new token of its user, and its id.
struct Made {
    std::string text, id;
};

Made make_token(const World& world, const std::string& by, const std::string& body = "{}") {
    const Answer made = world.server.send("POST", "/users/me/keys/tokens", by, body);
    REQUIRE(made.status == 201);
    const std::string key = parse(made.body)["key"].text();
    return {key, key.substr(0, 10)};
}

std::string path_of(const std::string& user, const std::string& id) {
    return "/users/" + user + "/keys/" + id + "/expire";
}

std::string end_of(const World& world, const std::string& id) {
    return world.sql("SELECT expires_at FROM api_keys WHERE id = '" + id + "'");
}

std::string number(Time time) { return std::to_string(coder_users::micros(time)); }

std::string expired_at(Time time) {
    return detailed(signed_out, "API key expired at \"" + coder_users::to_rfc3339(time) + "\".");
}

}  // namespace

TEST_CASE("an expired key is refused from then on, and is still there") {
    for (const std::string release : {"2.6", "2.8", "2.21", "2.35"}) {
        CAPTURE(release);
        coder_users::Options options = in_memory();
        options.coder_version = release;
        World world(options);
        const std::string bob = world.member("bob");
        const Made token = make_token(world, bob, R"({"token_name":"ci"})");
        REQUIRE(world.server.send("GET", "/users/me", token.text).status == 200);
        const std::string rest =
            "SELECT user_id, created_at, updated_at, login_type, scopes, allow_list, token_name, "
            "lifetime_seconds FROM api_keys WHERE id = '" +
            token.id + "'";
        const std::string before = world.sql(rest), entry = world.last_entry();
        const Time made = world.server.now();
        world.server.advance(std::chrono::minutes(5));

        const Answer answer = world.server.send("PUT", path_of("me", token.id), bob, "ignored {");
        CHECK(answer.status == 204);
        CHECK(answer.body.empty());
        CHECK(end_of(world, token.id) == number(world.server.now()));
        CHECK(world.sql(rest) == before);
        CHECK(world.server.send("GET", "/users/me", token.text).body ==
              expired_at(world.server.now()));
        const Answer shown = world.server.send("GET", "/users/me/keys/" + token.id, bob);
        CHECK(parse(shown.body)["expires_at"].text() ==
              coder_users::to_rfc3339(world.server.now()));
        CHECK(world.entries_since(entry) == "api_key|write|ci|204");
        CHECK(newest_entry(world) ==
              nil_id + "|" + world.id_of("bob") + "|127.0.0.1|api_key|write|" + world.id_of("bob") +
                  "|ci|204|{" +
                  diff_field("expires_at",
                             "\"" + coder_users::to_rfc3339(made + std::chrono::hours(720)) + "\"",
                             "\"" + coder_users::to_rfc3339(world.server.now()) + "\"") +
                  "}");

        INFO("again it changes nothing, and is not recorded");
        const std::string ended = end_of(world, token.id);
        world.server.advance(std::chrono::minutes(5));
        const std::string all = world.snapshot(), last = world.last_entry();
        CHECK(world.server.send("PUT", path_of("BOB", token.id), world.owner).status == 204);
        CHECK(world.snapshot() == all);
        CHECK(end_of(world, token.id) == ended);
        CHECK(world.entries_since(last).empty());
        make_token(world, bob, R"({"token_name":"ci"})");  // its name is free
    }
}

TEST_CASE("a key may expire itself") {
    World world;
    const std::string session = world.member("bob");
    const Made token = make_token(world, session);
    CHECK(world.server.send("PUT", path_of("me", token.id), token.text).status == 204);
    CHECK(world.server.send("PUT", path_of("me", token.id), token.text).status == 401);
    CHECK(world.server.send("PUT", path_of("bob", session.substr(0, 10)), session).status == 204);
    CHECK(world.server.send("GET", "/users/me", session).body == expired_at(world.server.now()));
    CHECK(parse(world.server.send("GET", "/users/bob/sessions", world.owner).body).size() == 0);
}

TEST_CASE("a use that is not stored yet does not bring an expired key back") {
    for (const bool restarts : {false, true}) {
        CAPTURE(restarts);
        World world;
        const std::string session = world.member("bob");
        const Made token = make_token(world, session);
        world.server.advance(std::chrono::hours(2));  // long enough for the session to be prolonged
        const Time used = world.server.now();
        REQUIRE(world.server.send("GET", "/users/me", session).status == 200);
        REQUIRE(world.server.send("GET", "/users/me", token.text).status == 200);
        for (const std::string& id : {token.id, session.substr(0, 10)})
            CHECK(world.server.send("PUT", path_of("bob", id), world.owner).status == 204);
        CHECK(world.server.send("GET", "/users/me", session).body == expired_at(used));
        CHECK(world.server.send("GET", "/users/me", token.text).body == expired_at(used));
        if (restarts)
            world.server.service().stop();  // stores what is pending
        else
            CHECK(world.comes_to_hold(
                "SELECT last_used FROM api_keys WHERE id = '" + token.id + "'", number(used)));
        CHECK(world.sql("SELECT DISTINCT last_used, expires_at FROM api_keys WHERE user_id = '" +
                        world.id_of("bob") + "'") == number(used) + "|" + number(used));
    }
}

TEST_CASE("a session whose longest life is over is left as it is") {
    coder_users::Options options = in_memory();
    options.session_max_life = std::chrono::hours(3);
    World world(options);
    const std::string session = world.member("bob");
    world.execute("UPDATE api_keys SET expires_at = expires_at + 86400000000 WHERE id = '" +
                  session.substr(0, 10) + "'");
    world.server.advance(std::chrono::hours(3));
    const std::string owner = world.server.log_in("owner@example.org");
    const std::string before = end_of(world, session.substr(0, 10)), entry = world.last_entry();
    CHECK(world.server.send("PUT", path_of("bob", session.substr(0, 10)), owner).status == 204);
    CHECK(end_of(world, session.substr(0, 10)) == before);
    CHECK(world.entries_since(entry).empty());
}

TEST_CASE("who may expire which key") {
    const People world;
    const Made token = make_token(world, world.bob);
    const std::string path = path_of("bob", token.id);
    std::vector<Row> rows{
        {"nobody", "PUT", path, "", "", 401, no_session},
        {"another member", "PUT", path, world.carl, "", 404, not_found_answer},
        {"an organization admin", "PUT", path, world.oda, "", 404, not_found_answer},
        {"an auditor", "PUT", path, world.anna, "", 404, not_found_answer},
        {"a template-admin", "PUT", path, world.tina, "", 404, not_found_answer},
        {"a user-admin", "PUT", path, world.udo, "", 404, not_found_answer},
        {"of another user", "PUT", path_of("carl", token.id), world.owner, "", 404,
         not_found_answer},
        {"unknown", "PUT", path_of("bob", "0123456789"), world.bob, "", 404, not_found_answer},
        {"letter case of the id", "PUT", path_of("bob", "x" + token.id.substr(1)), world.bob, "",
         404, not_found_answer},
        {"another method", "GET", path, world.bob, "", 405, bad_method},
        {"below it", "PUT", path + "/x", world.bob, "", 404, route_not_found},
    };
    check_rows(world, rows);
    CHECK(world.server.send("GET", "/users/me", token.text).status == 200);
    CHECK(world.server.send("PUT", path, world.owner).status == 204);
    CHECK(world.server.send("GET", "/users/me", token.text).status == 401);
}

TEST_CASE("a key that is expired in the middle of its change changes nothing") {
    std::function<void()> meanwhile;
    coder_users::Options options = in_memory();
    options.before = [&](const Event&) -> std::optional<coder_users::Veto> {
        if (meanwhile) std::exchange(meanwhile, nullptr)();
        return std::nullopt;
    };
    const People world(options);
    const Made token = make_token(world, world.bob);
    meanwhile = [&] {
        CHECK(world.server.send("PUT", path_of("bob", token.id), world.owner).status == 204);
    };
    const Answer late =
        world.server.send("PUT", "/users/me/profile", token.text, R"({"username":"late"})");
    CHECK(late.status == 401);
    CHECK(late.body == expired_at(world.server.now()));
    CHECK_FALSE(meanwhile);
    CHECK(world.sql("SELECT count(*) FROM users WHERE username = 'late'") == "0");
}

TEST_CASE("the host is asked before a key expires, and told of it") {
    std::mutex mutex;
    std::vector<Event> told;
    bool refuses = true;
    coder_users::Options options = in_memory();
    options.before = [&](const Event& event) -> std::optional<coder_users::Veto> {
        if (event.kind != EventKind::token_revoked || !refuses) return std::nullopt;
        return coder_users::Veto{"Keys stay."};
    };
    options.on_event = [&](const Event& event) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (event.kind == EventKind::token_revoked) told.push_back(event);
    };
    const People world(options);
    const Made token = make_token(world, world.bob, R"({"token_name":"ci"})");
    check_rows(world, {{"refused by the host", "PUT", path_of("bob", token.id), world.bob, "", 403,
                        message("Keys stay."), "api_key|write|ci|403"}});
    refuses = false;
    CHECK(world.server.send("PUT", path_of("bob", token.id), world.bob).status == 204);
    CHECK(world.server.send("PUT", path_of("bob", token.id), world.bob).status == 204);
    const auto& service = world.server;
    CHECK(eventually([&] {
        const std::lock_guard<std::mutex> lock(mutex);
        return !told.empty();
    }));
    const std::lock_guard<std::mutex> lock(mutex);
    REQUIRE(told.size() == 1);
    CHECK(told[0].key.id == token.id);
    CHECK(told[0].key.expires_at == service.now());
    CHECK(told[0].user.username == "bob");
}

TEST_CASE("a program expires keys by the same rules") {
    People world;
    coder_users::Service& service = world.server.service();
    const Made token = make_token(world, world.bob, R"({"token_name":"ci"})");
    try {
        service.as(service.authenticate(world.udo)).expire_key("bob", token.id);
        FAIL("not refused");
    } catch (const coder_users::ApiError& error) {
        CHECK(error.status() == 404);
    }
    const std::string entry = world.last_entry();
    const auto system = service.as(coder_users::Identity::system());
    system.expire_key("bob", token.id);
    CHECK(world.entries_since(entry) == "api_key|write|ci|204");
    system.expire_key("bob", token.id);
    CHECK(world.entries_since(entry) == "api_key|write|ci|204");
    CHECK(system.list_tokens("bob").at(0).expires_at == world.server.now());
    CHECK(world.server.send("GET", "/users/me", token.text).status == 401);
}
