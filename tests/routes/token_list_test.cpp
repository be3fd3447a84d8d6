// docs/contract/keys.md, "GET /users/{user}/keys/tokens",
// "GET /users/{user}/keys/tokens/{keyname}" and
// "GET /users/{user}/keys/tokens/tokenconfig"; threats T1, T2, T17.
#include "people.hpp"

using namespace coder_users_test;

namespace {

const std::string listed = "2026-01-02T03:04:05.678901Z";
const std::string tomorrow = "2026-01-03T03:04:05.678901Z";
const std::string never = "0001-01-01T00:00:00Z";

/// An APIKey without its closing brace.
std::string key_members(const World& world, const std::string& user, const std::string& id,
                        const std::string& name, const std::string& scope = "all",
                        const std::string& expires = tomorrow, const std::string& used = never) {
    return "{\"id\":\"" + id + "\",\"user_id\":\"" + world.id_of(user) + "\",\"created_at\":\"" +
           listed + "\",\"updated_at\":\"" + listed + "\",\"expires_at\":\"" + expires +
           "\",\"last_used\":\"" + used + R"(","login_type":"token","scope":")" + scope +
           R"(","token_name":)" + json_text(name) + ",\"lifetime_seconds\":86400";
}
std::string with_name(const std::string& members, const std::string& user) {
    return members + ",\"username\":\"" + user + "\"}";
}

KeyRow token(const std::string& id, const std::string& name) {
    KeyRow row;
    row.id = id;
    row.token_name = name;
    return row;
}

/// One token for Bob, Anna and the owner each. Bob also has an expired and a limited one.
struct Tokens : People {
    Tokens() {
        add_key("anna", token("Key0000003", "of anna"));
        add_key("bob", token("Key0000002", "second"));
        KeyRow app = token("Key0000004", "limited");
        app.scope = "application_connect";
        add_key("bob", app);
        KeyRow past = token("Key0000001", "expired");
        past.expires_in = std::chrono::seconds(0);
        add_key("bob", past);
        add_key("owner", token("Key0000005", "of \"owner\""));
        KeyRow session = token("Key0000006", "");
        session.login_type = "password";
        add_key("bob", session);
    }
    std::string expired = key_members(*this, "bob", "Key0000001", "expired", "all", listed);
    std::string second = key_members(*this, "bob", "Key0000002", "second");
    std::string of_anna = key_members(*this, "anna", "Key0000003", "of anna");
    std::string limited = key_members(*this, "bob", "Key0000004", "limited", "application_connect");
    std::string of_owner = key_members(*this, "owner", "Key0000005", "of \"owner\"");
};

}  // namespace

TEST_CASE("the tokens of a user, as far as the caller may see them") {
    const Tokens world;
    const std::string bobs = "[" + with_name(world.expired, "bob") + "," +
                             with_name(world.second, "bob") + "," +
                             with_name(world.limited, "bob") + "]\n";
    const std::string annas = "[" + with_name(world.of_anna, "anna") + "]\n", none = "[]\n";
    const auto of = [](const std::string& name) { return "/users/" + name + "/keys/tokens"; };
    check_rows(world,
               {
                   {"without a session", "GET", of("bob"), "", "", 401, no_session},
                   {"a member, itself", "GET", of("me"), world.bob, "", 200, bobs},
                   {"a member, without any", "GET", of("me"), world.carl, "", 200, none},
                   {"a member, another", "GET", of("bob"), world.carl, "", 404, no_user("bob")},
                   {"an organization admin", "GET", of("bob"), world.oda, "", 404, no_user("bob")},
                   {"an auditor", "GET", of("bob"), world.anna, "", 200, none},
                   {"an auditor, itself", "GET", of("ANNA") + "/", world.anna, "", 200, annas},
                   {"a template-admin", "GET", of("bob"), world.tina, "", 200, none},
                   {"a user-admin", "GET", of("bob"), world.udo, "", 200, none},
                   {"a user-admin, an owner", "GET", of("owner"), world.udo, "", 200, none},
                   {"an owner", "GET", of("bob"), world.owner, "", 200, bobs},
                   {"an owner, itself", "GET", of("me"), world.owner, "", 200,
                    "[" + with_name(world.of_owner, "owner") + "]\n"},
                   {"another method", "DELETE", of("me"), world.bob, "", 405, bad_method},
               });
}

TEST_CASE("include_all shows whatever the caller may see") {
    const Tokens world;
    const std::string all =
        "[" + with_name(world.expired, "bob") + "," + with_name(world.second, "bob") + "," +
        with_name(world.of_anna, "anna") + "," + with_name(world.limited, "bob") + "," +
        with_name(world.of_owner, "owner") + "]\n";
    const std::string annas = "[" + with_name(world.of_anna, "anna") + "]\n", none = "[]\n";
    const std::string of_owner = "[" + with_name(world.of_owner, "owner") + "]\n";
    const auto asked = [](const std::string& name, const std::string& query) {
        return "/users/" + name + "/keys/tokens?" + query;
    };
    const std::string yes = "include_all=true";
    check_rows(
        world,
        {
            {"an owner", "GET", asked("me", yes), world.owner, "", 200, all},
            {"an owner, by way of another", "GET", asked("carl", yes), world.owner, "", 200, all},
            {"the user must resolve", "GET", asked("nobody", yes), world.owner, "", 404,
             no_user("nobody")},
            {"an auditor", "GET", asked("me", yes), world.anna, "", 200, annas},
            {"an auditor, by way of another", "GET", asked("bob", yes), world.anna, "", 200, annas},
            {"a user-admin", "GET", asked("bob", yes), world.udo, "", 200, none},
            {"a member", "GET", asked("me", yes), world.carl, "", 200, none},
            {"a member, by way of another", "GET", asked("bob", yes), world.carl, "", 404,
             no_user("bob")},
            {"the first counts", "GET", asked("me", "include_all=x&include_all=true"), world.owner,
             "", 200, of_owner},
            {"an empty first one counts", "GET", asked("me", "include_all=&include_all=1"),
             world.owner, "", 200, of_owner},
        });
    for (const std::string value : {"1", "t", "T", "TRUE", "true", "True", "%74rue"})
        CHECK(world.server.send("GET", asked("me", "include_all=" + value), world.owner).body ==
              all);
    for (const std::string value : {"0", "f", "false", "tRUE", "TrUe", "yes", "2", "", "true%20"})
        CHECK(world.server.send("GET", asked("me", "include_all=" + value), world.owner).body ==
              of_owner);
}

TEST_CASE("a token by its name") {
    const Tokens world;
    const auto of = [](const std::string& user, const std::string& name) {
        return "/users/" + user + "/keys/tokens/" + name;
    };
    const std::string second = world.second + "}\n";
    check_rows(
        world,
        {
            {"without a session", "GET", of("bob", "second"), "", "", 401, no_session},
            {"a member, itself", "GET", of("me", "second"), world.bob, "", 200, second},
            {"an expired one", "GET", of("me", "expired"), world.bob, "", 200,
             world.expired + "}\n"},
            {"an owner", "GET", of("bob", "second"), world.owner, "", 200, second},
            {"a space", "GET", of("me", "of%20anna"), world.anna, "", 200, world.of_anna + "}\n"},
            {"letter case", "GET", of("me", "Second"), world.bob, "", 404, not_found_answer},
            {"an id is no name", "GET", of("me", "Key0000002"), world.bob, "", 404,
             not_found_answer},
            {"another user's", "GET", of("me", "of%20anna"), world.bob, "", 404, not_found_answer},
            {"an owner by the wrong path", "GET", of("me", "second"), world.owner, "", 404,
             not_found_answer},
            {"wildcards", "GET", of("me", "%25"), world.bob, "", 404, not_found_answer},
            {"an auditor", "GET", of("bob", "second"), world.anna, "", 404, not_found_answer},
            {"a template-admin", "GET", of("bob", "second"), world.tina, "", 404, not_found_answer},
            {"a user-admin", "GET", of("bob", "second"), world.udo, "", 404, not_found_answer},
            {"a user-admin, an owner", "GET", of("owner", "of%20%22owner%22"), world.udo, "", 404,
             not_found_answer},
            {"a member, another", "GET", of("bob", "second"), world.carl, "", 404, no_user("bob")},
            {"another method", "DELETE", of("me", "second"), world.bob, "", 405, bad_method},
        });
}

TEST_CASE("the longest lifetime for everybody who can read the user") {
    const People world;
    const std::string max = "{\"max_token_lifetime\":3155760000000000000}\n";
    const std::string path = "/users/bob/keys/tokens/tokenconfig";
    check_rows(
        world,
        {
            {"without a session", "GET", path, "", "", 401, no_session},
            {"itself", "GET", "/users/me/keys/tokens/tokenconfig", world.bob, "", 200, max},
            {"encoded", "GET", "/users/me/keys/tokens/%74okenconfig", world.bob, "", 200, max},
            {"a member, another", "GET", path, world.carl, "", 404, no_user("bob")},
            {"an auditor", "GET", path, world.anna, "", 200, max},
            {"a template-admin", "GET", path, world.tina, "", 200, max},
            {"a user-admin", "GET", path, world.udo, "", 200, max},
            {"an owner", "GET", path, world.owner, "", 200, max},
        });
}

TEST_CASE("a list of tokens is linear in what it answers", "[alone]") {
    const People world;
    const std::string now = std::to_string(coder_users::micros(world.server.now()));
    world.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
        "INSERT INTO api_keys SELECT 't' || substr(CAST(1000000000 + i AS TEXT), 2), '" +
        world.id_of("carl") + "', '', " + now + " + i, " + now + " + i, " + now +
        ", 0, 'token', 'coder:all', '*:*', i, 0, '', '' "
        "FROM n");
    CHECK(parse(world.server.send("GET", "/users/me/keys/tokens", world.carl).body).size() ==
          20000);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
        CHECK(world.server.send("GET", "/users/me/keys/tokens", world.bob).body == "[]\n");
        CHECK(world.server.send("GET", "/users/me/keys/t000010000", world.carl).status == 200);
        CHECK(world.server.send("GET", "/users/me/keys/tokens/10000", world.carl).status == 200);
    }
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
}
