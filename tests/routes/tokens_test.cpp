// docs/contract/keys.md, "Kinds of keys", "POST /users/{user}/keys" and
// "POST /users/{user}/keys/tokens"; threats T3, T6, T14, T16.
#include <cctype>
#include <set>

#include "coder_users/internal/rules/crypto.hpp"
#include "people.hpp"

using namespace coder_users_test;

namespace {

const std::string invalid = "Failed to validate create API key request.";
const std::string not_positive =
    detailed(invalid, "lifetime must be positive number greater than 0");
const std::string bad_name =
    with_validations(invalid, {{"token_name", "must be 1 to 64 bytes without control characters"}});
const std::string max_lifetime = "3155760000000000000";  // 876600 hours

std::string too_long(const std::string& max) {
    return detailed(invalid, "lifetime must be less than " + max);
}
std::string bad_scope(const std::string& scope) {
    return with_validations(invalid, {{"scope", "invalid API key scope: \"" + scope + "\""}});
}
std::string named(const std::string& name) { return "{\"token_name\":" + json_text(name) + "}"; }
std::string lasting(const std::string& lifetime) { return "{\"lifetime\":" + lifetime + "}"; }

/// Returns the text of the key in a 201. Its id is the part before the dash.
std::string key_of(const Answer& answer) {
    INFO(answer.status << " " << answer.body);
    REQUIRE(answer.status == 201);
    const std::string key = answer.body.substr(0, 41).substr(8);
    REQUIRE(answer.body == "{\"key\":\"" + key + "\"}\n");
    for (std::size_t i = 0; i < key.size(); ++i)
        REQUIRE((i == 10 ? key[i] == '-' : std::isalnum(static_cast<unsigned char>(key[i])) != 0));
    REQUIRE(key.size() == 33);
    return key;
}
std::string stored_key(const World& world, const std::string& key, const std::string& columns) {
    return world.sql("SELECT " + columns + " FROM api_keys WHERE id = '" + key.substr(0, 10) + "'");
}

}  // namespace

TEST_CASE("who may make keys and tokens for whom") {
    const People world;
    for (const std::string path : {"/keys", "/keys/tokens"}) {
        const auto of = [&](const std::string& name) { return "/users/" + name + path; };
        check_rows(
            world,
            {
                {"without a session", "POST", of("bob"), "", "{}", 401, no_session},
                {"a member, another", "POST", of("carl"), world.bob, "{}", 404, no_user("carl")},
                {"an organization admin", "POST", of("bob"), world.oda, "{}", 404, no_user("bob")},
                {"an auditor", "POST", of("bob"), world.anna, "{}", 403, forbidden_answer},
                {"a template-admin", "POST", of("bob"), world.tina, "{}", 403, forbidden_answer},
                {"a user-admin", "POST", of("bob"), world.udo, "{}", 403, forbidden_answer},
                {"a user-admin, an owner", "POST", of("owner"), world.udo, "{}", 403,
                 forbidden_answer},
            });
        for (const auto& [token, user] : std::vector<std::pair<std::string, std::string>>{
                 {world.bob, "me"}, {world.udo, "UDO"}, {world.owner, "bob"}, {world.owner, "me"}})
            key_of(world.server.send("POST", of(user), token, "{}"));
    }
    check_rows(world, {{"decoding comes first", "POST", "/users/bob/keys/tokens", world.anna, "",
                        400, detailed("Request body must be valid JSON.", "EOF")},
                       {"meaning comes later", "POST", "/users/bob/keys/tokens", world.anna,
                        R"({"scope":"x","lifetime":-1,"token_name":"tokenconfig"})", 403,
                        forbidden_answer}});
}

TEST_CASE("a new session key lives seven days") {
    const People world;
    const std::string entry = world.last_entry(), bob = world.id_of("bob");
    const Answer answer = world.server.send("POST", "/users/bob/keys", world.owner, "ignored {");
    const std::string key = key_of(answer);
    CHECK_FALSE(answer.has("set-cookie"));
    CHECK(stored_key(world, key,
                     "user_id, hashed_secret, updated_at - created_at, expires_at - created_at, "
                     "last_used, login_type, substr(scopes, 7), token_name, lifetime_seconds") ==
          bob + "|" + coder_users::rules::sha256_hex(key.substr(11)) + "|0|604800000000|" +
              std::to_string(coder_users::micros(coder_users::never)) + "|password|all||604800");
    CHECK(parse(world.server.send("GET", "/users/me", key).body)["username"].text() == "bob");
    CHECK(world.entries_since(entry) == "api_key|create||201");
    CHECK(newest_entry(world) == nil_id + "|" + world.id_of("owner") +
                                     "|127.0.0.1|api_key|create|" + bob + "||201|{" +
                                     diff_field("user_id", "\"\"", json_text(bob)) + "," +
                                     diff_field("created_at", "\"0001-01-01T00:00:00Z\"",
                                                "\"2026-01-02T03:04:05.678901Z\"") +
                                     "," +
                                     diff_field("expires_at", "\"0001-01-01T00:00:00Z\"",
                                                "\"2026-01-09T03:04:05.678901Z\"") +
                                     "}");

    world.server.send("POST", "/users", world.owner,
                      R"({"email":"bot@example.org","username":"bot","login_type":"none"})");
    const std::string bot = key_of(world.server.send("POST", "/users/bot/keys", world.owner));
    CHECK(stored_key(world, bot, "login_type") == "password");
    CHECK(world.server.send("GET", "/users/me", bot).status == 200);
}

TEST_CASE("the lifetime of a token is asked in nanoseconds and told in seconds") {
    const People world;
    const std::string path = "/users/me/keys/tokens";
    for (const auto& [lifetime, seconds, micros] :
         std::vector<std::tuple<std::string, std::string, std::string>>{
             {"0", "2592000", "2592000000000"},
             {"-0", "2592000", "2592000000000"},
             {"null", "2592000", "2592000000000"},
             {"1", "0", "0"},
             {"999", "0", "0"},
             {"1000", "0", "1"},
             {"999999999", "0", "999999"},
             {"1000000000", "1", "1000000"},
             {"1999999999", "1", "1999999"},
             {"86400000000000", "86400", "86400000000"},
             {"3155759999999999999", "3155759999", "3155759999999999"},
             {max_lifetime, "3155760000", "3155760000000000"}}) {
        INFO(lifetime);
        const std::string key =
            key_of(world.server.send("POST", path, world.bob, lasting(lifetime)));
        CHECK(stored_key(world, key, "lifetime_seconds, expires_at - created_at, login_type") ==
              seconds + "|" + micros + "|token");
        CHECK(world.server.send("GET", "/users/me", key).status == (micros == "0" ? 401 : 200));
        if (micros == "0")
            CHECK(world.server.send("GET", "/users/me", key).body ==
                  detailed(signed_out, "API key expired at \"2026-01-02T03:04:05.678901Z\"."));
    }
    check_rows(world, {
                          {"-1", "POST", path, world.bob, lasting("-1"), 400, not_positive},
                          {"-2^63", "POST", path, world.bob, lasting("-9223372036854775808"), 400,
                           not_positive},
                          {"max + 1", "POST", path, world.bob, lasting("3155760000000000001"), 400,
                           too_long("876600h0m0s")},
                          {"2^63 - 1", "POST", path, world.bob, lasting("9223372036854775807"), 400,
                           too_long("876600h0m0s")},
                      });
    check_undecodable(
        world, "POST", path, world.bob,
        {"", " \n", "[]", "{", lasting("9223372036854775808"), lasting("-9223372036854775809"),
         lasting("1.5"), lasting("1.0"), lasting("1e9"), lasting("1e30"), lasting("\"1h\""),
         lasting("\"3600\""), lasting("true"), lasting("[]"), R"({"scope":1})",
         R"({"token_name":7})", R"({"token_name":"a\u0000b"})"});
}

TEST_CASE("the longest lifetime is an option") {
    for (const auto& [max, text, nanoseconds] :
         std::vector<std::tuple<std::chrono::seconds, std::string, std::string>>{
             {std::chrono::hours(1), "1h0m0s", "3600000000000"},
             {std::chrono::seconds(90), "1m30s", "90000000000"},
             {std::chrono::seconds(1), "1s", "1000000000"},
             {std::chrono::hours(24 * 365 * 292), "2557920h0m0s", "9208512000000000000"}}) {
        INFO(text);
        coder_users::Options options;
        options.max_token_lifetime = max;
        World world(options);
        const std::string path = "/users/me/keys/tokens";
        CHECK(world.server.send("GET", path + "/tokenconfig", world.owner).body ==
              "{\"max_token_lifetime\":" + nanoseconds + "}\n");
        const std::string standard = key_of(world.server.send("POST", path, world.owner, "{}"));
        const auto expected = (std::min)(max, std::chrono::seconds(std::chrono::hours(720)));
        CHECK(stored_key(world, standard, "lifetime_seconds") == std::to_string(expected.count()));
        const std::string longest =
            key_of(world.server.send("POST", path, world.owner, lasting(nanoseconds)));
        CHECK(stored_key(world, longest, "lifetime_seconds") == std::to_string(max.count()));
        const std::string more = nanoseconds.substr(0, nanoseconds.size() - 1) + "1";
        check_rows(world,
                   {{"above", "POST", path, world.owner, lasting(more), 400, too_long(text)}});
    }
}

TEST_CASE("the first broken rule of a token answers alone") {
    const People world;
    const std::string path = "/users/me/keys/tokens", &bob = world.bob;
    check_rows(
        world,
        {
            {"scope first", "POST", path, bob,
             R"({"scope":"x","lifetime":-1,"token_name":"tokenconfig"})", 400, bad_scope("x")},
            {"letter case", "POST", path, bob, R"({"scope":"ALL"})", 400, bad_scope("ALL")},
            {"a space", "POST", path, bob, R"({"scope":" all"})", 400, bad_scope(" all")},
            {"another type's name", "POST", path, bob, R"({"scope":"a\"b<"})", 400,
             bad_scope("a\"b<")},
            {"then lifetime", "POST", path, bob, R"({"lifetime":-1,"token_name":"tokenconfig"})",
             400, not_positive},
            {"then its maximum", "POST", path, bob,
             R"({"lifetime":9223372036854775807,"token_name":"a\n"})", 400,
             too_long("876600h0m0s")},
            {"then the name", "POST", path, bob, R"({"lifetime":1,"token_name":"tokenconfig"})",
             400,
             with_validations(invalid, {{"token_name", "\"tokenconfig\" is a reserved name"}})},
        });
    const std::string limited =
        key_of(world.server.send("POST", path, bob, R"({"scope":"application_connect"})"));
    CHECK(stored_key(world, limited, "substr(scopes, 7)") == "application_connect");
    CHECK(world.server.send("GET", "/users/me", limited).status == 200);
    CHECK(world.server.send("GET", "/users/me/keys/tokens", limited).body == forbidden_answer);
    for (const std::string all : {R"({"scope":""})", R"({"scope":null})", R"({"scope":"all"})"})
        CHECK(stored_key(world, key_of(world.server.send("POST", path, bob, all)),
                         "substr(scopes, 7)") == "all");
}

TEST_CASE("what would narrow a token and is not understood is refused") {
    const People world;
    const std::string path = "/users/me/keys/tokens", &bob = world.bob;
    const auto scope = [&](const std::string& field, const std::string& name) {
        return with_validations(invalid, {{field, "invalid API key scope: \"" + name + "\""}});
    };
    const auto undecodable = [&](const std::string& why) {
        return detailed("Request body must be valid JSON.", why);
    };
    const auto refused = [&](const std::string& why) {
        return detailed("Failed to create API key.", why);
    };
    std::vector<Row> rows;
    const auto row = [&](const std::string& body, const std::string& answer) {
        rows.push_back({body.substr(0, 60), "POST", path, bob, body, 400, answer});
    };
    row(R"({"scope":"x"})", scope("scope", "x"));
    row(R"({"scopes":["all","user:write"]})", scope("scopes", "user:write"));
    row(R"({"scopes":["coder:all","x","y"]})", scope("scopes", "x"));
    row(R"({"scopes":[""]})", scope("scopes", ""));
    row(R"({"scopes":["ALL"]})", scope("scopes", "ALL"));
    row(R"({"scopes":["user:read "]})", scope("scopes", "user:read "));
    row(R"({"scope":"x","scopes":["y"]})", scope("scopes", "y"));
    const std::string contradict = refused("scope and scopes contradict each other");
    row(R"({"scope":"application_connect","scopes":["all"]})", contradict);
    row(R"({"scope":"user:read","scopes":["user:read","file:read"]})", contradict);
    row(R"({"scope":"x","scopes":["user:read"]})", contradict);
    row(R"({"allow_list":[""]})", undecodable("invalid allow_list entry \"\": want <type>:<id>"));
    row(R"({"allow_list":["user"]})",
        undecodable("invalid allow_list entry \"user\": want <type>:<id>"));
    row(R"({"allow_list":["*:*","x:y"]})", undecodable("unknown resource type \"x\""));
    row(R"({"allow_list":["user:me"]})", undecodable("invalid user ID (must be UUID): \"me\""));
    row(R"({"scopes":["x"],"allow_list":["x:y"],"lifetime":-1})",
        undecodable("unknown resource type \"x\""));
    row(R"({"scopes":["x"],"lifetime":-1,"token_name":"tokenconfig"})", scope("scopes", "x"));
    const auto list_of = [](int entries) {
        std::string body = R"({"allow_list":["user:*")";
        for (int i = 1; i < entries; ++i) body += R"(,"user:*")";
        return body + "]}";
    };
    row(list_of(129), refused("allow_list has 129 entries; max allowed is 128"));
    check_rows(world, rows);
    check_undecodable(world, "POST", path, bob,
                      {R"({"scopes":"all"})", R"({"scopes":[1]})", R"({"scopes":{}})",
                       R"({"allow_list":"*:*"})", R"({"allow_list":[null]})"});
    CHECK(stored_key(world, key_of(world.server.send("POST", path, bob, list_of(128))),
                     "allow_list") == "user:*");
}

TEST_CASE("scopes and allow lists are stored in their normal form") {
    const People world;
    const std::string path = "/users/me/keys/tokens", &bob = world.bob;
    const std::string id = "AAAAAAAA-1111-4111-8111-111111111111";
    for (const auto& [body, kept] : std::vector<std::pair<std::string, std::string>>{
             {R"({"scope":"coder:all"})", "coder:all|*:*"},
             {R"({"scopes":null,"allow_list":null})", "coder:all|*:*"},
             {R"({"scopes":[],"allow_list":[]})", "coder:all|*:*"},
             {R"({"scopes":["all"]})", "coder:all|*:*"},
             {R"({"scopes":["coder:all","coder:application_connect"]})",
              "coder:all coder:application_connect|*:*"},
             {R"({"allow_list":["*:*","*:*"]})", "coder:all|*:*"},
             {R"({"scope":"application_connect"})", "coder:application_connect|*:*"},
             {R"({"scopes":["application_connect"]})", "coder:application_connect|*:*"},
             {R"({"scope":"all","scopes":["application_connect"]})",
              "coder:application_connect|*:*"},
             {R"({"scope":"application_connect","scopes":["application_connect"]})",
              "coder:application_connect|*:*"},
             {R"({"scope":"user:read","scopes":["user:read"]})", "user:read|*:*"},
             {R"({"scopes":["user:read","api_key:*","user:read"]})", "user:read api_key:*|*:*"},
             {R"({"allow_list":[" user:)" + id + R"( ","organization:*"]})",
              "coder:all|organization:* user:aaaaaaaa-1111-4111-8111-111111111111"}}) {
        INFO(body);
        const std::string key = key_of(world.server.send("POST", path, bob, body));
        CHECK(stored_key(world, key, "scopes || '|' || allow_list") == kept);
    }
}

TEST_CASE("token names are read back exactly") {
    const People world;
    const std::string path = "/users/me/keys/tokens";
    for (const std::string& name :
         {std::string("a"), std::string("A"), std::string(64, 'x'), std::string("x/y"),
          std::string("../x"), std::string("."), std::string("%2f"), std::string("a b+c&d=e?f#g"),
          std::string("\"<'\\"), std::string("\xf0\x9f\x8d\xa3"), std::string("Key0000001"),
          std::string("tokens"), std::string("TokenConfig"), std::string("tokenconfig "),
          std::string("\xc2\xa0"), std::string(" "), std::string("\xe2\x80\xae"),
          std::string("1; DROP TABLE api_keys --"), std::string("me")}) {
        INFO(name);
        const std::string entry = world.last_entry();
        const std::string key = key_of(world.server.send("POST", path, world.bob, named(name)));
        CHECK(stored_key(world, key, "token_name") == name);
        CHECK(world.entries_since(entry) == "api_key|create|" + name + "|201");
        const Answer read = world.server.send("GET", path + "/" + percent_encoded(name), world.bob);
        CHECK(read.status == 200);
        CHECK(parse(read.body)["token_name"].text() == name);
        CHECK(parse(read.body)["id"].text() == key.substr(0, 10));
    }
}

TEST_CASE("token names have 1 to 64 bytes without control characters") {
    const People world;
    const std::string path = "/users/me/keys/tokens";
    std::string letters;
    for (int i = 0; i < 32; ++i) letters += "\xc3\xa4";
    key_of(world.server.send("POST", path, world.bob, named(letters)));
    std::vector<Row> rows{
        {"65 bytes", "POST", path, world.bob, named(std::string(65, 'x')), 400, bad_name},
        {"33 letters of 65 bytes", "POST", path, world.bob, named(letters + "a"), 400, bad_name},
        {"10 kB", "POST", path, world.bob, named(std::string(10240, 'x')), 400, bad_name}};
    const auto add = [&](int point) {
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(point));
        const std::string text = escaped;
        rows.push_back(
            {text, "POST", path, world.bob, "{\"token_name\":\"a" + text + "b\"}", 400, bad_name});
    };
    for (int point = 1; point < 0x20; ++point) add(point);
    for (int point = 0x7f; point <= 0x9f; ++point) add(point);
    check_rows(world, rows);
}
