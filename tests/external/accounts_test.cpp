// Which account a login finds or creates (docs/contract/external_login.md, "Account of a login";
// threats O2 to O4, O15, O16).
#include "../test_database.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "login_world.hpp"

using namespace coder_users_test;

namespace {

using coder_users::Options;
using namespace std::string_literals;

std::string text(const std::string& value) { return '"' + value + '"'; }

Members person(const std::string& subject, const std::string& email, const std::string& name) {
    return {{"sub", text(subject)}, {"email", text(email)}, {"preferred_username", text(name)}};
}
const std::string signups_off_title = "Signups are disabled";
const std::string linked_title = "Account already linked";
const std::string linked_text = "This account is linked to another identity of the login provider.";

/// Lets an admin create an account with the login type oidc, which has never logged in.
std::string made_by_admin(const OidcWorld& oidc, const std::string& name,
                          const std::string& login_type = "oidc") {
    const Answer made =
        oidc.world.server.send("POST", "/users", oidc.world.owner,
                               R"({"email":")" + name + R"(@corp.example","username":")" + name +
                                   R"(","login_type":")" + login_type + "\"}");
    REQUIRE(made.status == 201);
    return parse(made.body)["id"].text();
}

}  // namespace

TEST_CASE("a first login creates the account, a second one finds it") {
    OidcWorld oidc;
    const std::string entry = oidc.world.last_entry();
    const Answer first = oidc.log_in("?redirect=%2Fhome");
    CHECK(first.status == 307);
    CHECK(first.header("location") == "/home");
    check_cookies_cleared(first);
    const std::string token = session_of(first);
    const auto cookies = first.all("set-cookie");
    CHECK(std::find(cookies.begin(), cookies.end(),
                    "coder_session_token=" + token + "; Path=/; HttpOnly; SameSite=Lax") !=
          cookies.end());
    CHECK(oidc.login.newest_user() == "ada|ada@corp.example|oidc|active|");
    const std::string ada = oidc.world.id_of("ada");
    CHECK(oidc.world.sql("SELECT count(*) FROM user_roles WHERE user_id = '" + ada + "'") == "0");
    CHECK(oidc.world.sql("SELECT organization_id FROM organization_members WHERE user_id = '" +
                         ada + "'") == oidc.world.organization);
    CHECK(oidc.world.sql("SELECT count(*) FROM git_ssh_keys WHERE user_id = '" + ada + "'") == "1");
    CHECK(oidc.world.sql("SELECT login_type, linked_id FROM user_links WHERE user_id = '" + ada +
                         "'") == "oidc|" + oidc.provider.url() + "||ada-1");
    CHECK(oidc.world.sql("SELECT login_type, scopes, token_name, lifetime_seconds FROM api_keys "
                         "WHERE user_id = '" +
                         ada + "'") == "oidc|coder:all||86400");
    const Answer me = oidc.world.server.send("GET", "/users/me", token);
    CHECK(me.status == 200);
    CHECK(parse(me.body)["login_type"].text() == "oidc");
    CHECK(parse(me.body)["status"].text() == "active");
    CHECK(oidc.world.sql("SELECT resource_type, action, resource_id, actor_id, status_code FROM "
                         "audit_logs WHERE entry > " +
                         entry + " ORDER BY entry LIMIT 1") ==
          "api_key|register|" + ada + "|" + ada + "|307");
    CHECK(oidc.world.entries_since(entry) == "api_key|register||307");

    const std::string second_entry = oidc.world.last_entry();
    const Answer second = oidc.log_in();
    CHECK(second.status == 307);
    CHECK(session_of(second) != token);
    CHECK(oidc.world.server.send("GET", "/users/me", session_of(second)).status == 200);
    CHECK(oidc.world.server.send("GET", "/users/me", token).status == 200);
    CHECK(oidc.login.count("users") == "2");
    CHECK(oidc.login.count("user_links") == "1");
    CHECK(oidc.world.entries_since(second_entry) == "api_key|login||307");
    const Value diff =
        parse(oidc.world.sql("SELECT diff FROM audit_logs ORDER BY entry DESC LIMIT 1"));
    CHECK(diff["user_id"]["new"].text() == ada);
    CHECK(diff["user_id"]["old"].text().empty());
    CHECK(diff.has("created_at"));
    CHECK(diff.has("expires_at"));
    CHECK(diff.size() == 3);

    INFO("the description of a sign-up");
    const Value log =
        parse(oidc.world.server.send("GET", "/audit?q=action:register", oidc.world.owner).body);
    CHECK(log["count"].text() == "1");
    CHECK(log["audit_logs"][0]["description"].text() == "{user} registered");
    CHECK(log["audit_logs"][0]["user"]["username"].text() == "ada");
}

TEST_CASE("tokens of the provider are sealed, and no secret gets into log or audit") {
    OidcWorld oidc;
    const Flow flow = oidc.login.begin();
    const std::string query = oidc.provider.authorize(flow.location);
    OidcFace face = oidc.provider.good();
    face.token["refresh_token"] = "true";
    oidc.provider.show(face);
    const Answer answer = oidc.login.back(flow, query);
    REQUIRE(answer.status == 307);
    const std::string link =
        oidc.world.sql("SELECT sealed_access_token, sealed_refresh_token FROM user_links");
    CHECK(link.find("NULL") == std::string::npos);
    CHECK(link.find('|') > 20);
    CHECK(link.size() - link.find('|') > 20);
    CHECK(link.find("access-") == std::string::npos);
    CHECK(link.find("refresh-") == std::string::npos);
    CHECK(oidc.world.sql("SELECT token_expires_at FROM user_links") ==
          std::to_string(coder_users::micros(start_of_test) + 300'000'000));

    std::string said = oidc.world.server.log();
    said += oidc.world.sql("SELECT * FROM audit_logs");
    const auto form = parse_form(query);
    for (const std::string& secret :
         {form.at("code"), form.at("state"), std::string("access-"), std::string("refresh-"),
          std::string("client secret"), flow.cookies["oauth_nonce"],
          flow.cookies["oauth_pkce_verifier"], session_of(answer).substr(11), std::string("eyJ")})
        CHECK(said.find(secret) == std::string::npos);
}

TEST_CASE("a deleted account's owner comes back as somebody new") {
    OidcWorld oidc;
    const std::string token = session_of(oidc.log_in());
    const std::string before = oidc.world.id_of("ada");
    REQUIRE(oidc.world.server.send("DELETE", "/users/ada", oidc.world.owner).status == 200);
    CHECK(oidc.world.server.send("GET", "/users/me", token).status == 401);
    CHECK(oidc.log_in().status == 307);
    CHECK(oidc.login.newest_user() == "ada|ada@corp.example|oidc|active|");
    CHECK(oidc.world.id_of("ada") != before);
    CHECK(oidc.world.sql("SELECT user_id FROM user_links") == oidc.world.id_of("ada"));
}

TEST_CASE("a dormant account becomes active, a suspended one stays out") {
    OidcWorld oidc;
    REQUIRE(oidc.log_in().status == 307);
    const std::string id = oidc.world.id_of("ada");
    oidc.world.execute("UPDATE users SET status = 'dormant' WHERE id = '" + id + "'");
    CHECK(oidc.log_in().status == 307);
    CHECK(oidc.world.sql("SELECT status FROM users WHERE id = '" + id + "'") == "active");

    REQUIRE(oidc.world.server.send("PUT", "/users/ada/status/suspend", oidc.world.owner).status ==
            200);
    oidc.login.check_page_refused(
        "Account suspended",
        "Your account is suspended. Contact an admin to reactivate your account.",
        [&] { return oidc.log_in(); });
    CHECK(oidc.world.sql("SELECT actor_id, resource_id FROM audit_logs ORDER BY entry DESC "
                         "LIMIT 1") == id + "|" + id);
    REQUIRE(oidc.world.server.send("PUT", "/users/ada/status/activate", oidc.world.owner).status ==
            200);
    CHECK(oidc.log_in().status == 307);
}

TEST_CASE("while sign-ups are off, only those who are there come in") {
    SECTION("with the usual text") {
        OidcWorld oidc([](Options& options) { options.oidc.allow_signups = false; });
        oidc.login.check_page_refused(signups_off_title,
                                      "Please contact your Coder administrator to request access.",
                                      [&] { return oidc.log_in(); });
        CHECK(oidc.world.sql("SELECT actor_id, resource_id FROM audit_logs ORDER BY entry DESC "
                             "LIMIT 1") == "NULL|" + nil_id);
        const std::string ada = made_by_admin(oidc, "ada");
        CHECK(oidc.log_in().status == 307);
        CHECK(oidc.world.sql("SELECT user_id FROM user_links") == ada);
    }
    SECTION("with a text of one's own, which is shown as text") {
        OidcWorld oidc([](Options& options) {
            options.oidc.allow_signups = false;
            options.oidc.signups_disabled_text = "Ask <b>Bob</b> & \"Carl\".<img src=x onerror=y>";
        });
        const Answer answer = oidc.log_in();
        CHECK(answer.status == 403);
        CHECK(answer.body.find("<b>Bob") == std::string::npos);
        CHECK(answer.body.find("<img") == std::string::npos);
        CHECK(answer.body.find("&lt;b&gt;Bob&lt;/b&gt; &amp; ") != std::string::npos);
    }
}

TEST_CASE("[O2] [O3] an account found by its address needs a verified one, and no other link",
          "[O2][O3]") {
    OidcWorld oidc;
    const std::string ada = made_by_admin(oidc, "ada");
    oidc.check_refused(
        refusal(403,
                "Verify the \"ada@corp.example\" email address on your OIDC provider to "
                "authenticate!"),
        [](OidcFace& face) { face.claims["email_verified"] = ""; });
    CHECK(oidc.world.sql("SELECT actor_id FROM audit_logs ORDER BY entry DESC LIMIT 1") == ada);

    INFO("verified, in other letters: linked, and its name stays");
    CHECK(oidc.log_in_as(person("ada-1", "ADA@corp.example", "countess")).status == 307);
    CHECK(oidc.world.sql("SELECT user_id FROM user_links") == ada);
    CHECK(oidc.world.sql("SELECT username FROM users WHERE id = '" + ada + "'") == "ada");

    INFO("the same address from another subject");
    oidc.login.check_page_refused(linked_title, linked_text, [&] {
        return oidc.log_in_as(person("eve-1", "ada@corp.example", "eve"));
    });
    INFO("once linked, the identity counts and not the address");
    CHECK(oidc.log_in_with([](OidcFace& face) {
                  face.claims["email_verified"] = "";
                  face.claims["email"] = text("elsewhere@corp.example");
              })
              .status == 307);
    CHECK(oidc.login.count("users") == "2");
}

TEST_CASE("[O3] a link of another issuer is replaced") {
    OidcWorld oidc;
    const std::string ada = made_by_admin(oidc, "ada");
    const auto put_link = [&](const std::string& linked_id) {
        oidc.world.execute("DELETE FROM user_links");
        oidc.world.execute(
            "INSERT INTO user_links (user_id, login_type, linked_id, token_expires_at) VALUES ('" +
            ada + "', 'oidc', '" + linked_id + "', 0)");
    };
    put_link("https://old.example||ada-1");
    CHECK(oidc.log_in().status == 307);
    CHECK(oidc.world.sql("SELECT user_id, linked_id FROM user_links") ==
          ada + "|" + oidc.provider.url() + "||ada-1");

    INFO("an issuer that only begins alike is another one; this issuer's is not replaced");
    put_link(oidc.provider.url() + "0||eve-1");
    CHECK(oidc.log_in().status == 307);
    put_link(oidc.provider.url() + "||eve-1");
    oidc.login.check_page_refused(linked_title, linked_text, [&] { return oidc.log_in(); });
}

TEST_CASE("[O4] nobody's account of another login type is taken over", "[O4]") {
    OidcWorld oidc;
    REQUIRE(oidc.world.server
                .send("POST", "/users", oidc.world.owner,
                      R"({"email":"ada@corp.example","username":"ada","password":")" +
                          good_password + "\"}")
                .status == 201);
    made_by_admin(oidc, "bot", "none");
    made_by_admin(oidc, "gil", "github");
    const auto refused = [&](const Members& who, const std::string& type, const std::string& hint) {
        oidc.login.check_page_refused(
            "Incorrect login type",
            "Attempting to use login type \"oidc\", but the user has the login type \"" + type +
                "\"." + hint,
            [&] { return oidc.log_in_as(who); });
    };
    const std::string hint =
        " You can convert your account to use this login type by visiting your account settings.";
    refused(person("ada-1", "ada@corp.example", "ada"), "password", hint);
    refused(person("bot-1", "bot@corp.example", "bot"), "none", "");
    refused(person("gil-1", "gil@corp.example", "gil"), "github", "");
    refused(person("own-1", "OWNER@example.org", "x"), "password", hint);
    INFO("whether or not the address is verified");
    Members unverified = person("ada-1", "ada@corp.example", "ada");
    unverified["email_verified"] = "";
    refused(unverified, "password", hint);
    CHECK(oidc.login.count("user_links") == "0");

    INFO("a deleted user's address is free");
    REQUIRE(oidc.world.server.send("DELETE", "/users/ada", oidc.world.owner).status == 200);
    CHECK(oidc.log_in_as(person("ada-1", "ada@corp.example", "ada")).status == 307);
    CHECK(oidc.world.sql("SELECT count(*) FROM users WHERE username = 'ada'") == "2");
}

TEST_CASE("a login takes over address and avatar, never the user name") {
    OidcWorld oidc;
    const auto ada = [&](const std::string& email, const std::string& verified,
                         const std::string& picture) {
        Members claims = person("ada-1", email, "countess");
        claims["email_verified"] = verified;
        claims["picture"] = picture;
        CHECK(oidc.log_in_as(claims).status == 307);
        return oidc.world.sql("SELECT username, email, avatar_url FROM users WHERE id = '" +
                              oidc.world.sql("SELECT user_id FROM user_links") + "'");
    };
    REQUIRE(oidc.log_in().status == 307);
    CHECK(ada("ada@corp.example", "true", text("https://p.example/1")) ==
          "ada|ada@corp.example|https://p.example/1");
    CHECK(ada("ada@new.example", "true", text("https://p.example/2")) ==
          "ada|ada@new.example|https://p.example/2");
    INFO("[O11] an avatar is shown by its address, and never fetched");
    const std::string picture = oidc.provider.url() + "/avatar.png";
    CHECK(ada("ada@new.example", "true", text(picture)) == "ada|ada@new.example|" + picture);
    CHECK(oidc.provider.count("/avatar.png") == 0);
    CHECK(ada("ada@third.example", "", "") == "ada|ada@new.example|");
    CHECK(ada("OWNER@example.org", "true", "1") == "ada|ada@new.example|");
    INFO("an avatar that is no short http or https URL is none");
    const std::string longest = "https://p.example/" + std::string(2048 - 18, 'x');
    CHECK(ada("ada@new.example", "", text(longest)) == "ada|ada@new.example|" + longest);
    for (const std::string& odd :
         {longest + "x", "https://p.example/" + std::string(400'000, 'x'), "javascript:alert(1)"s,
          "data:image/png;base64,AAAA"s, "//p.example/1"s, "https://"s, "https:///1"s,
          R"(https://p.example/\u0085)"s, R"(https://p.example/\n)"s}) {
        INFO(odd.substr(0, 40));
        CHECK(ada("ada@new.example", "", text(odd)) == "ada|ada@new.example|");
    }
    CHECK(ada("ada@new.example", "", text("HTTP://p.example")) ==
          "ada|ada@new.example|HTTP://p.example");
    INFO("an address that the rule for addresses would refuse is taken as it is");
    CHECK(ada("ada@localhost", "true", "") == "ada|ada@localhost|");
    CHECK(oidc.world.sql("SELECT email FROM users WHERE username = 'owner'") ==
          "owner@example.org");
}

TEST_CASE("an address that a login has taken over is found, and the one before it is not") {
    OidcWorld oidc;
    REQUIRE(oidc.log_in().status == 307);
    REQUIRE(oidc.log_in_as(person("ada-1", "Lovelace@new.example", "ada")).status == 307);
    const auto found = [&](const std::string& words) {
        const Answer answer = oidc.world.server.send("GET", "/users?q=" + words, oidc.world.owner);
        CHECK(answer.status == 200);
        return parse(answer.body)["count"].text();
    };
    CHECK(found("lovelace@new.example") == "1");
    CHECK(found("ada@corp.example") == "0");
    INFO("the texts to search say what the rows say, and go with them");
    if (!on_postgres())
        CHECK_NOTHROW(oidc.world.execute(
            "INSERT INTO users_text (users_text, rank) VALUES ('integrity-check', 1)"));
    CHECK(oidc.world.server.send("DELETE", "/users/ada", oidc.world.owner).status == 200);
    if (on_postgres()) return;  // its index follows the rows
    for (const std::string domain : {"corp.example", "new.example"})
        CHECK(oidc.world.sql("SELECT count(*) FROM users_text WHERE users_text MATCH '\"" + domain +
                             "\"'") == "0");
}

TEST_CASE("[O15] a name that is invalid is made valid; one that is taken gets a suffix", "[O15]") {
    OidcWorld oidc;
    int people = 0;
    const auto named = [&](const std::string& name, std::string email = "") {
        const std::string number = std::to_string(++people);
        if (email.empty()) email = "person" + number + "@corp.example";
        Members claims = person("subject-" + number, email, name);
        if (name.empty()) claims["preferred_username"] = "";
        const Answer answer = oidc.log_in_as(claims);
        CHECK(answer.status == 307);
        return oidc.world.sql("SELECT username FROM users WHERE email = '" + email + "'");
    };
    CHECK(named("Ada-Lovelace") == "Ada-Lovelace");
    CHECK(named("ada.lovelace") == "adalovelace");
    CHECK(named("ada_l@corp.example") == "adal");
    CHECK(named("a@b@c") == "ab");
    CHECK(named("\xc3\xa4"
                "da!") == "da");
    CHECK(named("", "grace.hopper@corp.example") == "gracehopper");
    INFO("two random words and a digit when nothing is left");
    for (const std::string hopeless : {"me", "OIDC", "---", "\xf0\x9f\x98\x80", "-a", "a--b"}) {
        const std::string name = named(hopeless);
        INFO(hopeless << " became " << name);
        CHECK(name.size() <= 32);
        const std::size_t digit = name.find_first_of("0123456789");
        CHECK(digit == name.size() - 1);
        const std::size_t dash = name.find('-');
        CHECK(dash > 0);
        CHECK(dash < digit - 1);
    }
    const std::string long_one = named(std::string(100, 'x'));
    CHECK(long_one.size() <= 32);
    CHECK(long_one.find("xx") == std::string::npos);

    INFO("taken");
    const std::vector<std::string> names{"owner", "OWNER", "Ada-Lovelace", std::string(32, 'z')};
    for (const std::string& taken : names) {
        named(taken);
        const std::string name = named(taken);
        INFO(taken << " became " << name);
        const std::size_t dash = name.rfind('-');
        REQUIRE(dash != std::string::npos);
        CHECK(taken.substr(0, dash) == name.substr(0, dash));
        CHECK(name.size() <= 32);
        CHECK(name.size() > dash + 1);
    }
    CHECK(oidc.world.sql("SELECT email FROM users WHERE username = 'owner'") ==
          "owner@example.org");
}

TEST_CASE("[O15] after ten taken alternatives the login is refused", "[O15]") {
    // While it is on, all random values repeat, so that every alternative name is taken.
    const auto stuck = std::make_shared<std::atomic<bool>>(false);
    OidcWorld oidc([stuck](Options& options) {
        options.env.random = [stuck](unsigned char* bytes, std::size_t count) {
            if (*stuck)
                std::fill(bytes, bytes + count, static_cast<unsigned char>(0));
            else
                coder_users::rules::system_random(bytes, count);
        };
    });
    CHECK(oidc.log_in().status == 307);
    *stuck = true;
    CHECK(oidc.log_in_as(person("two", "two@corp.example", "ada")).status == 307);
    CHECK(oidc.world.sql("SELECT username FROM users WHERE email LIKE 'two@%'").substr(0, 4) ==
          "ada-");
    if (on_postgres()) return;  // there a state is used once, and what is stuck makes it again
    INFO("the next entry gets the same id");
    oidc.world.execute("UPDATE audit_logs SET id = '" + nil_id +
                       "' WHERE entry = " + oidc.world.last_entry());
    oidc.check_refused(
        refusal(409, "exhausted alternatives for taken username \"ada\""), [](OidcFace& face) {
            face.claims = changed(face.claims, person("three", "three@corp.example", "ada"));
        });
}

TEST_CASE("an account that goes while its owner logs in is made anew only if the host allows it") {
    using coder_users::EventKind;
    std::atomic<bool> allowed{true}, deletes{false};
    std::mutex mutex;
    std::string asked;
    std::function<void()> remove_ada;
    OidcWorld oidc([&](Options& options) {
        options.before = [&](const coder_users::Event& event) -> std::optional<coder_users::Veto> {
            if (event.user.username != "ada" || event.kind == EventKind::deleted)
                return std::nullopt;
            {
                const std::lock_guard<std::mutex> lock(mutex);
                (asked += to_string(event.kind)) += ' ';
            }
            if (event.kind == EventKind::created && !allowed)
                return coder_users::Veto{"no more users"};
            if (deletes.exchange(false)) remove_ada();
            return std::nullopt;
        };
    });
    remove_ada = [&] {
        CHECK(oidc.world.server.send("DELETE", "/users/ada", oidc.world.owner).status == 200);
    };
    const auto log_in_while_deleted = [&] {
        {
            const std::lock_guard<std::mutex> lock(mutex);
            asked.clear();
        }
        deletes = true;
        return oidc.log_in();
    };
    REQUIRE(oidc.log_in().status == 307);
    const std::string first = oidc.world.id_of("ada");
    const Answer answer = log_in_while_deleted();
    CHECK(answer.status == 307);
    CHECK(asked == "logged_in created logged_in ");
    CHECK(oidc.world.id_of("ada") != first);
    CHECK(oidc.world.server.send("GET", "/users/me", session_of(answer)).status == 200);

    allowed = false;
    const Answer refused = log_in_while_deleted();
    CHECK(refused.status == 403);
    CHECK(parse(refused.body)["message"].text() == "no more users");
    check_no_session(refused);
    CHECK(oidc.world.sql("SELECT count(*) FROM users WHERE deleted = 0") == "1");
}

TEST_CASE("first logins of one person at once make one account") {
    OidcWorld oidc;
    constexpr std::size_t count = 6;
    std::vector<Flow> flows;
    std::vector<std::string> queries;
    for (std::size_t i = 0; i < count; ++i) {
        flows.push_back(oidc.login.begin());
        queries.push_back(oidc.provider.authorize(flows.back().location));
    }
    const auto answers =
        all_at_once(count, [&](std::size_t i) { return oidc.login.back(flows[i], queries[i]); });
    CHECK(count_statuses(answers) == StatusCounts{{307, static_cast<int>(count)}});
    CHECK(oidc.login.count("users") == "2");
    CHECK(oidc.login.count("user_links") == "1");
}

TEST_CASE("a full name comes with the sign-up and is renewed by each login") {
    OidcWorld oidc([](Options& options) { options.coder_version = "2.35"; });
    const auto ada = [&](const std::string& name) {
        Members claims = person("ada-1", "ada@corp.example", "ada");
        claims["name"] = name;
        oidc.world.server.advance(std::chrono::seconds(1));
        const Answer answer = oidc.log_in_as(claims);
        CHECK(answer.status == 307);
        return parse(oidc.world.server.send("GET", "/users/ada", oidc.world.owner).body);
    };
    const Value first = ada(text(" Ada Lovelace\\n"));
    CHECK(first["name"].text() == "Ada Lovelace");
    CHECK(first["updated_at"].text() == first["created_at"].text());
    INFO("what is no name changes nothing, and is no update");
    for (const std::string& none :
         {""s, "1"s, text(""), text(" "), "null"s, text("Ada Lovelace")}) {
        CAPTURE(none);
        const Value again = ada(none);
        CHECK(again["name"].text() == "Ada Lovelace");
        CHECK(again["updated_at"].text() == first["updated_at"].text());
    }
    const Value second = ada(text("Countess"));
    CHECK(second["name"].text() == "Countess");
    CHECK(second["updated_at"].text() != first["updated_at"].text());
    CHECK(oidc.world.sql("SELECT name, name_folded FROM users WHERE username = 'ada'") ==
          "Countess|countess");
    INFO("cut to 128 bytes, at the end of a character");
    CHECK(ada(text(std::string(127, 'x') + "\u00E4"))["name"].text() == std::string(127, 'x'));

    INFO("its own change lasts until the next login");
    REQUIRE(oidc.world.server
                .send("PUT", "/users/ada/profile", oidc.world.owner,
                      R"({"username":"ada","name":"Own"})")
                .status == 200);
    CHECK(ada("")["name"].text() == "Own");
    CHECK(ada(text("Ada"))["name"].text() == "Ada");

    INFO("a picture is an update, too");
    const Value before = ada(text("Ada"));
    Members claims = person("ada-1", "ada@corp.example", "ada");
    claims["picture"] = text("https://p.example/1");
    oidc.world.server.advance(std::chrono::seconds(1));
    REQUIRE(oidc.log_in_as(claims).status == 307);
    const Value after = parse(oidc.world.server.send("GET", "/users/ada", oidc.world.owner).body);
    CHECK(after["avatar_url"].text() == "https://p.example/1");
    CHECK(after["updated_at"].text() != before["updated_at"].text());
}

TEST_CASE("nobody gets into a service account through a provider") {
    OidcWorld oidc;
    REQUIRE(oidc.world.server
                .send("POST", "/users", oidc.world.owner,
                      R"({"username":"robot","service_account":true})")
                .status == 201);
    Members claims = person("robot-1", "", "robot");
    CHECK(oidc.log_in_as(claims).status == 400);
    claims["email"] = text("robot@corp.example");
    CHECK(oidc.log_in_as(claims).status == 307);
    CHECK(oidc.world.sql("SELECT count(*) FROM user_links l JOIN users u ON u.id = l.user_id "
                         "WHERE u.is_service_account = 1") == "0");
}
