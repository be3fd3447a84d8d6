// docs/contract/http.md, "Where the token is read", "Checks of a session" and "Scopes of keys".
#include "coder_users/internal/rules/crypto.hpp"
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

const std::string malformed = "Invalid API key format: ";

HeaderList cookie(const std::string& text) { return {{"Cookie", text}}; }

}  // namespace

TEST_CASE("the first source that holds a token counts") {
    World world;
    const std::string good = world.owner, other = world.member("bob");
    const std::string bad = "Wrong00000-0000000000000000000000";
    struct Case {
        std::string title;
        HeaderList headers;
        std::string who;  // "": none, 401
    };
    const std::string name = "coder_session_token=";
    const std::vector<Case> cases{
        {"own header", {{"Coder-Session-Token", good}}, "owner"},
        {"own header, letter case", {{"coder-session-TOKEN", good}}, "owner"},
        {"bearer", {{"Authorization", "Bearer " + good}}, "owner"},
        {"bearer, letter case", {{"Authorization", "bEARER " + good}}, "owner"},
        {"cookie", cookie(name + good), "owner"},
        {"cookie among others", cookie("a=b; " + name + good + "; c=d"), "owner"},
        {"the first non-empty cookie", cookie(name + "; " + name + good + "; " + name + bad),
         "owner"},
        {"a second Cookie field", {{"Cookie", "a=b"}, {"Cookie", name + good}}, "owner"},
        {"header ahead of bearer",
         {{"Authorization", "Bearer " + other}, {"Coder-Session-Token", good}},
         "owner"},
        {"bearer ahead of cookie",
         {{"Cookie", name + other}, {"Authorization", "Bearer " + good}},
         "owner"},
        {"an empty header is absent",
         {{"Coder-Session-Token", ""}, {"Authorization", "Bearer " + good}},
         "owner"},
        {"an empty bearer is absent",
         {{"Authorization", "Bearer"}, {"Cookie", name + good}},
         "owner"},
        {"another scheme is ignored",
         {{"Authorization", "Basic " + bad}, {"Cookie", name + good}},
         "owner"},
        {"of a repeated header the first counts",
         {{"Coder-Session-Token", good}, {"Coder-Session-Token", bad}},
         "owner"},
        {"of a repeated header the first counts, even if it is bad",
         {{"Coder-Session-Token", bad}, {"Coder-Session-Token", good}},
         ""},
        {"of a repeated bearer the first counts",
         {{"Authorization", "Bearer " + good}, {"Authorization", "Bearer " + bad}},
         "owner"},
        {"a bad header is not made up for",
         {{"Coder-Session-Token", bad}, {"Authorization", "Bearer " + good}},
         ""},
        {"a bad bearer is not made up for",
         {{"Authorization", "Bearer " + bad}, {"Cookie", name + good}},
         ""},
        {"a bad cookie is not made up for", cookie(name + bad + "; " + name + good), ""},
    };
    for (const Case& each : cases) {
        INFO(each.title);
        const Answer answer = world.server.send("GET", "/users/me", "", "", each.headers);
        CHECK(answer.status == (each.who.empty() ? 401 : 200));
        if (each.who.empty())
            CHECK(answer.body == bad_key);
        else
            CHECK(parse(answer.body)["username"].text() == each.who);
    }
    for (const HeaderList& none :
         {cookie("Coder_Session_Token=" + good), cookie("xcoder_session_token=" + good),
          cookie("coder_session_token"), HeaderList{{"Authorization", "Basic " + good}},
          HeaderList{{"Authorization", good}}, HeaderList{{"X-Coder-Session-Token", good}}})
        CHECK(world.server.send("GET", "/users/me", "", "", none).body == no_session);
    check_rows(world,
               {{"never the URL", "GET", "/users/me?coder_session_token=" + good + "&token=" + good,
                 "", "", 401, no_session}});
}

TEST_CASE("a token that is no good is refused with its reason") {
    World world;
    world.server.create(world.owner, "gone");
    const std::string gone = world.add_key("gone", {"GoneKey001"});
    REQUIRE(world.server.send("DELETE", "/users/gone", world.owner).status == 200);
    const std::string id = world.owner.substr(0, 10), secret = world.owner.substr(11);
    const std::string hash = coder_users::rules::sha256_hex(secret);
    const std::string other = world.server.log_in("owner@example.org");
    const std::string flipped = secret.substr(0, 21) + (secret[21] == 'x' ? "y" : "x");
    const auto parts = [](const std::string& n) {
        return detailed(signed_out,
                        malformed + "incorrect amount of API key parts, expected 2 got " + n);
    };
    const auto id_length = [](const std::string& n) {
        return detailed(signed_out, malformed + "invalid API key ID length, expected 10 got " + n);
    };
    const auto secret_length = [](const std::string& n) {
        return detailed(signed_out,
                        malformed + "invalid API key secret length, expected 22 got " + n);
    };
    const auto row = [](const std::string& title, const std::string& token,
                        const std::string& answer) {
        return Row{title, "GET", "/users/me", token, "", 401, answer};
    };
    check_rows(world, {
                          row("none", "", no_session),
                          row("one part", "nonsense", parts("1")),
                          row("three parts", id + "-" + secret + "-x", parts("3")),
                          row("an empty third part", id + "-" + secret + "-", parts("3")),
                          row("two dashes alone", "--", parts("3")),
                          row("a short id", id.substr(1) + "-" + secret, id_length("9")),
                          row("no id", "-" + secret, id_length("0")),
                          row("a long id and a short secret", id + "x-x", id_length("11")),
                          row("a short secret", id + "-" + secret.substr(1), secret_length("21")),
                          row("a long secret", id + "-" + secret + "x", secret_length("23")),
                          row("the hash as secret", id + "-" + hash, secret_length("64")),
                          row("no secret", id + "-", secret_length("0")),
                          row("a very long secret", id + "-" + std::string(20000, 'x'),
                              secret_length("20000")),
                          row("an unknown id", "Unknown000-" + secret, bad_key),
                          row("a wrong secret", id + "-" + flipped, bad_key),
                          row("another's secret", id + "-" + other.substr(11), bad_key),
                          row("wildcards", "%%%%%%%%%%-%%%%%%%%%%%%%%%%%%%%%%", bad_key),
                          row("underscores", "__________-______________________", bad_key),
                          row("quotes", "' OR '1'='-' OR '1'='1' OR '1'='1", bad_key),
                          row(
                              "letter case",
                              [&] {
                                  std::string text = world.owner;
                                  for (char& c : text)
                                      c = coder_users::is_lower(c)   ? static_cast<char>(c - 32)
                                          : coder_users::is_upper(c) ? static_cast<char>(c + 32)
                                                                     : c;
                                  return text;
                              }(),
                              bad_key),
                          row("of a deleted user", gone, bad_key),
                      });
}

TEST_CASE("a key ends at its time, and suspension comes after that") {
    World world;
    const std::string session = world.member("bob");
    const std::string token = world.add_key("bob", {});
    const std::string suspended = message(
        "User is not active (status = \\\"suspended\\\"). Contact an admin to reactivate "
        "your account.");
    world.execute("UPDATE users SET status = 'suspended' WHERE username = 'bob'");
    const auto row = [&](const std::string& title, const std::string& key,
                         const std::string& answer) {
        return Row{title, "GET", "/users/me", key, "", 401, answer};
    };
    check_rows(world,
               {row("suspended, session", session, suspended),
                row("suspended, token", token, suspended),
                {"suspended, unknown route", "GET", "/users/me/nosuch", token, "", 401, suspended},
                {"suspended, a public path", "GET", "/users/first", token, "", 200,
                 message("The initial user has already been created!")}});
    world.server.advance(std::chrono::hours(24) - std::chrono::microseconds(1));
    check_rows(world, {row("not expired yet", token, suspended)});
    world.server.advance(std::chrono::microseconds(1));
    const std::string expired =
        detailed(signed_out, "API key expired at \"2026-01-03T03:04:05.678901Z\".");
    check_rows(world,
               {row("expired now", token, expired), row("expired session", session, expired)});
    world.execute("UPDATE users SET status = 'active' WHERE username = 'bob'");
    check_rows(world, {row("expired, active", token, expired)});
    world.server.advance(std::chrono::hours(100000));
    check_rows(world, {row("long expired", token, expired)});
}

TEST_CASE("a key of a provider needs the link of that provider") {
    World world;
    world.server.create(world.owner, "bob");
    KeyRow key;
    key.login_type = "oidc";
    key.token_name = "";
    const auto new_key = [&](const std::string& id) {
        key.id = id;
        return world.add_key("bob", key);
    };
    const std::string missing =
        detailed(signed_out, "You must re-authenticate with the login provider.");
    const std::string first = new_key("Key0000001");
    check_rows(world, {{"no link", "GET", "/users/me", first, "", 401, missing}});
    world.execute("INSERT INTO user_links VALUES ('" + world.id_of("bob") +
                  "', 'github', '7', '', '', 0, '')");
    const std::string second = new_key("Key0000002");
    check_rows(world, {{"another's link", "GET", "/users/me", second, "", 401, missing}});
    world.execute("UPDATE user_links SET login_type = 'oidc'");
    CHECK(world.server.send("GET", "/users/me", new_key("Key0000003")).status == 200);
}

TEST_CASE("a key for applications reads its own user and nothing else") {
    World world;
    world.member("Bob", "owner");
    KeyRow limited;
    limited.scope = "application_connect";
    const std::string key = world.add_key("Bob", limited);
    std::string id = world.id_of("Bob"), upper = id;
    for (char& c : upper)
        if (coder_users::is_lower(c)) c = static_cast<char>(c - 'a' + 'A');
    for (const std::string& own : {std::string("me"), id, upper, std::string("Bob"),
                                   std::string("bOB"), std::string("me/")}) {
        INFO(own);
        const Answer answer = world.server.send("GET", "/users/" + own, key);
        CHECK(answer.status == 200);
        CHECK(parse(answer.body)["username"].text() == "Bob");
        CHECK(world.server.send("HEAD", "/users/" + own, key).status == 200);
    }
    const std::string other = world.id_of("owner");
    const auto row = [&](const std::string& method, const std::string& path) {
        return Row{"limited", method, path, key, "", 403, method == "HEAD" ? "" : forbidden_answer};
    };
    check_rows(world,
               {
                   row("GET", "/users"),
                   row("HEAD", "/users"),
                   row("POST", "/users"),
                   row("GET", "/users/owner"),
                   row("GET", "/users/" + other),
                   row("GET", "/users/nobody"),
                   row("GET", "/users/ME"),
                   row("DELETE", "/users/me"),
                   row("DELETE", "/users/owner"),
                   row("PUT", "/users/me/profile"),
                   row("GET", "/users/me/profile"),
                   row("GET", "/users/me/nosuch"),
                   row("POST", "/users/me"),
                   row("POST", "/users/logout"),
                   row("GET", "/organizations/x/y/z"),
                   row("GET", "/audit/nosuch"),
                   {"public", "GET", "/users/first", key, "", 200,
                    message("The initial user has already been created!")},
                   {"unknown and not guarded", "GET", "/nosuch", key, "", 404, route_not_found},
               });
    CHECK(world.server.send("OPTIONS", "/users", key).status == 204);
    CHECK(world.server.send("GET", "/users/me", key).status == 200);
}
