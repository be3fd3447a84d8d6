// docs/contract/users.md, "PUT /users/{user}/password": the checks in their order, and the keys
// that a change ends.
#include "people.hpp"

using namespace coder_users_test;

namespace {

const std::string new_password = "another-Horse-10";

std::string passwords(const std::string& old_one, const std::string& new_one) {
    return "{\"old_password\":" + json_text(old_one) + ",\"password\":" + json_text(new_one) + "}";
}
std::string weak(const std::string& detail) {
    return with_validations("Invalid password.", {{"password", detail}});
}

const std::string no_password_login =
    message("Users without password login type cannot change their password.");
const std::string old_required =
    with_validations("Old password is required.", {{"old_password", "Old password is required."}});
const std::string old_incorrect = with_validations(
    "Old password is incorrect.", {{"old_password", "Old password is incorrect."}});
const std::string not_new = message("New password cannot match old password.");
const std::string digits_only = weak(
    "insecure password, try including more special characters, using lowercase letters, "
    "using uppercase letters or using a longer password");

int log_in(const World& world, const std::string& name, const std::string& password) {
    return world.server
        .send("POST", "/users/login", "",
              R"({"email":")" + name + R"(@example.org","password":)" + json_text(password) + "}")
        .status;
}

}  // namespace

TEST_CASE("who may change whose password") {
    const People world;
    check_edit_is_refused(world, "/password", passwords(good_password, new_password));
    check_edit_is_refused(world, "/password", passwords("", "weak"));  // permission comes first
}

TEST_CASE("a password change is decoded ahead of the permission") {
    const People world;
    const std::string missing = broken({{"password", "required", ""}});
    const std::string path = "/users/me/password";
    check_rows(world, {
                          {"missing", "PUT", path, world.bob, "{}", 400, missing},
                          {"empty", "PUT", path, world.bob, passwords("x", ""), 400, missing},
                          {"null", "PUT", path, world.bob, R"({"password":null})", 400, missing},
                          {"ahead of the permission", "PUT", "/users/bob/password", world.anna,
                           R"({"old_password":"x"})", 400, missing},
                      });
    check_undecodable(world, "PUT", path, world.bob,
                      {"", "{", R"({"password":1})", R"({"password":"a\u0000b"})",
                       R"({"old_password":1,"password":"another-Horse-10"})", "[]"});
}

TEST_CASE("the checks of a new password answer in their order") {
    const People world;
    world.server.send("POST", "/users", world.owner,
                      R"({"email":"bot@example.org","username":"bot","login_type":"none"})");
    world.execute("UPDATE users SET status = 'active' WHERE username = 'bot'");
    const std::string bot = world.add_key("bot", {});
    const std::string of_me = "/users/me/password", of_bob = "/users/bob/password";
    const std::string long_old = good_password + std::string(65, 'x');
    const std::string &o = world.owner, &b = world.bob, &good = good_password;
    const std::string on_bob = "user|write|bob|400", on_owner = "user|write|owner|400",
                      on_bot = "user|write|bot|400", on_udo = "user|write|udo|400";
    check_rows(
        world,
        {
            {"2: no password login", "PUT", "/users/bot/password", o, passwords("", "weak"), 400,
             no_password_login, on_bot},
            {"2 ahead of 3: oneself", "PUT", of_me, bot, passwords("", new_password), 400,
             no_password_login, on_bot},
            {"3: oneself without the old one", "PUT", of_me, b, R"({"password":"weak"})", 400,
             old_required, on_bob},
            {"3: an empty one", "PUT", of_me, b, passwords("", new_password), 400, old_required,
             on_bob},
            {"3: null", "PUT", of_me, b, R"({"old_password":null,"password":"weak"})", 400,
             old_required, on_bob},
            {"3: an owner", "PUT", of_me, o, passwords("", new_password), 400, old_required,
             on_owner},
            {"3: an owner by name", "PUT", "/users/OWNER/password", o, passwords("", new_password),
             400, old_required, on_owner},
            {"3: a user-admin", "PUT", "/users/udo/password", world.udo,
             passwords("", new_password), 400, old_required, on_udo},
            {"4 ahead of 5", "PUT", of_me, b, passwords("wrong", "12345678"), 400, digits_only,
             on_bob},
            {"4: hints", "PUT", of_bob, o, passwords("", "password"), 400,
             weak("insecure password, try including more special characters, using uppercase "
                  "letters, using numbers or using a longer password"),
             on_bob},
            {"4: no hints", "PUT", of_bob, o, passwords("", "aA1!_#"), 400,
             weak("insecure password, try using a longer password"), on_bob},
            {"4: 65 bytes", "PUT", of_bob, o,
             passwords("", good + std::string("-Xy7_!") + std::string(44, '-') + "."), 400,
             weak("password must be no more than 64 characters"), on_bob},
            {"5: wrong", "PUT", of_me, b, passwords("wrong", new_password), 400, old_incorrect,
             on_bob},
            {"5: letter case", "PUT", of_me, b, passwords("Correct-Horse-9", new_password), 400,
             old_incorrect, on_bob},
            {"5: bytes more", "PUT", of_me, b, passwords(good + " ", new_password), 400,
             old_incorrect, on_bob},
            {"5: more than 64 bytes", "PUT", of_me, b, passwords(long_old, new_password), 400,
             old_incorrect, on_bob},
            {"5: a megabyte", "PUT", of_me, b, passwords(std::string(1000000, 'x'), new_password),
             400, old_incorrect, on_bob},
            {"5 ahead of 6", "PUT", of_me, b, passwords("wrong", good), 400, old_incorrect, on_bob},
            {"5: an owner", "PUT", of_me, o, passwords("wrong", new_password), 400, old_incorrect,
             on_owner},
            {"6: the same", "PUT", of_me, b, passwords(good, good), 400, not_new, on_bob},
            {"5: by another, sent and wrong", "PUT", of_bob, o, passwords("wrong", new_password),
             400, old_incorrect, on_bob},
            {"6: by another", "PUT", of_bob, o, passwords("", good), 400, not_new, on_bob},
            {"6: by another, sent and right", "PUT", of_bob, o, passwords(good, good), 400, not_new,
             on_bob},
        });
}

TEST_CASE("a changed password ends every key of its user and of nobody else") {
    const People world;
    const std::string second = world.server.log_in("bob@example.org");
    const std::string token = world.add_key("bob", {});
    KeyRow application;
    application.id = "Key0000002";
    application.scope = "application_connect";
    application.token_name = "app";
    const std::string limited = world.add_key("bob", application);
    const std::string others =  // but not when they were used, which is written later
        "SELECT id, hashed_secret, expires_at FROM api_keys WHERE user_id <> '" +
        world.id_of("bob") + "' ORDER BY id";
    const std::string before = world.sql(others), entry = world.last_entry();
    const std::string bob = world.id_of("bob");
    const std::string hash = "SELECT hashed_password FROM users WHERE username = 'bob'";
    const std::string old_hash = world.sql(hash);

    const Answer answer = world.server.send("PUT", "/users/me/password", world.bob,
                                            passwords(good_password, new_password));
    CHECK(answer.status == 204);
    CHECK(answer.body.empty());
    CHECK_FALSE(answer.has("set-cookie"));
    CHECK_FALSE(answer.has("content-type"));
    CHECK(world.sql("SELECT count(*) FROM api_keys WHERE user_id = '" + bob + "'") == "0");
    for (const std::string& key : {world.bob, second, token, limited})
        CHECK(world.server.send("GET", "/users/me", key).body == bad_key);
    CHECK(world.sql(others) == before);
    for (const std::string& key : {world.owner, world.carl, world.udo})
        CHECK(world.server.send("GET", "/users/me", key).status == 200);

    CHECK(world.entries_since(entry) == "user|write|bob|204");
    CHECK(newest_entry(world) == nil_id + "|" + bob + "|127.0.0.1|user|write|" + bob +
                                     R"(|bob|204|{"hashed_password":{"old":"","new":"",)" +
                                     R"("secret":true}})");
    CHECK(world.sql(hash).substr(0, 7) == "$2b$04$");
    CHECK(world.sql(hash) != old_hash);
    CHECK(log_in(world, "bob", good_password) == 401);
    CHECK(log_in(world, "bob", new_password) == 201);
    CHECK(log_in(world, "carl", good_password) == 201);
}

TEST_CASE("whoever manages a user sets its password without the old one") {
    const People world;
    CHECK(world.server.send("PUT", "/users/bob/password", world.owner, passwords("", new_password))
              .status == 204);
    CHECK(log_in(world, "bob", new_password) == 201);
    CHECK(world.server
              .send("PUT", "/users/carl/password", world.udo,
                    R"({"password":"another-Horse-10","hashed_password":"x","status":"active"})")
              .status == 204);
    CHECK(world.server.send("GET", "/users/me", world.carl).body == bad_key);
    CHECK(log_in(world, "carl", new_password) == 201);
    CHECK(world.server.send("GET", "/users/me", world.udo).status == 200);
    CHECK(world.server.send("GET", "/users/me", world.owner).status == 200);

    const std::string second = world.member("second", "owner");
    CHECK(world.server.send("PUT", "/users/owner/password", second, passwords("", new_password))
              .status == 204);
    CHECK(world.server.send("GET", "/users/me", world.owner).body == bad_key);
    CHECK(world.server
              .send("PUT", "/users/me/password", world.udo,
                    passwords(good_password, std::string(20, 'x') + "-Horse-10"))
              .status == 204);
    CHECK(world.server.send("GET", "/users/me", world.udo).body == bad_key);
}

TEST_CASE("a password is stored as sent, 64 bytes and letters of any script") {
    const People world;
    std::string letters;
    for (int i = 0; i < 8; ++i) letters += "\xc3\xa4\xe2\x82\xac \xf0\x9f\x90\x8e";
    const std::string cut = letters.substr(0, 60), full = cut + std::string("aB3!");
    std::string last = good_password;
    for (const std::string& next : {std::string("  spaces count, 2  "), full}) {
        REQUIRE(next.size() <= 64);
        REQUIRE(world.server.send("PUT", "/users/bob/password", world.owner, passwords("", next))
                    .status == 204);
        CHECK(log_in(world, "bob", next) == 201);
        CHECK(log_in(world, "bob", last) == 401);
        CHECK(log_in(world, "bob", next.substr(0, next.size() - 1)) == 401);
        last = next;
    }
}
