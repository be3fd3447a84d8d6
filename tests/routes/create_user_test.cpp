// docs/contract/users.md, "POST /users" and "Duplicates".
#include "coder_users/internal/rules/crypto.hpp"
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

/// Makes a body with the given members after address and name.
std::string body(const std::string& name, const std::string& more = "") {
    return "{\"email\":\"" + name + "@example.org\",\"username\":\"" + name + "\"" + more + "}";
}
const std::string with_password = ",\"password\":\"" + good_password + "\"";

std::string with_type(const std::string& type) { return ",\"login_type\":\"" + type + "\""; }

const std::string may_not = message("You are not authorized to create users.");
const std::string weak = "Password not strong enough!";
const std::string in_use = "this value is already in use and should be unique";
std::string taken(const std::vector<std::string>& fields) {
    Fields list;
    for (const std::string& field : fields) list.emplace_back(field, in_use);
    return with_validations("User already exists.", list);
}
std::string no_organization(const std::string& id) {
    return message("Organization does not exist with the provided id \\\"" + id + "\\\".");
}
std::string no_password_for(const std::string& type) {
    return message("Password cannot be set for non-password (\\\"" + type +
                   "\\\") authentication.");
}
std::string unsupported(const std::string& type) {
    return message("Unsupported login type \\\"" + type + "\\\" for manually creating new users.");
}

}  // namespace

TEST_CASE("an owner creates a user") {
    World world;
    world.server.advance(std::chrono::seconds(1));
    const std::string entry = world.last_entry();
    const Answer made =
        world.server.send("POST", "/users", world.owner, body("Bob", with_password));
    REQUIRE(made.status == 201);
    const std::string id = parse(made.body)["id"].text();
    UserJson expected{id, "Bob", "Bob@example.org", world.organization};
    expected.created_at = "2026-01-02T03:04:06.678901Z";
    CHECK(made.body == expected.answer());

    const auto number = [](Time time) { return std::to_string(coder_users::micros(time)); };
    const std::string now = number(world.server.now());
    CHECK(world.sql("SELECT username, username_folded, email, email_folded, created_at, "
                    "last_seen_at, status, login_type, avatar_url, theme_preference, deleted, "
                    "substr(hashed_password, 1, 7) FROM users WHERE id = '" +
                    id + "'") == "Bob|bob|Bob@example.org|bob@example.org|" + now + "|" +
                                     number(coder_users::never) + "|dormant|password|||0|$2b$04$");
    CHECK(world.sql("SELECT count(*) FROM user_roles WHERE user_id = '" + id + "'") == "0");
    CHECK(world.sql("SELECT * FROM organization_members WHERE user_id = '" + id + "'") ==
          id + "|" + world.organization + "|" + now + "|" + now);
    CHECK(world.sql("SELECT count(*) FROM organization_member_roles WHERE user_id = '" + id +
                    "'") == "0");
    CHECK(world.sql("SELECT created_at, updated_at, substr(public_key, 1, 12) FROM git_ssh_keys "
                    "WHERE user_id = '" +
                    id + "'") == now + "|" + now + "|ssh-ed25519 ");
    CHECK(world.entries_since(entry) == "user|create|Bob|201");
    CHECK_FALSE(world.server.log_in("bob@example.org").empty());
}

TEST_CASE("who may create users") {
    World world;
    const std::string plain = world.member("plain");
    const std::string auditor = world.member("anna", "auditor");
    const std::string templates = world.member("tina", "template-admin");
    const std::string admin = world.member("udo", "user-admin");
    world.execute("INSERT INTO organization_member_roles VALUES ('" + world.id_of("plain") +
                  "', '" + world.organization + "', 'organization-admin:" + world.organization +
                  "')");
    const std::string good = body("new", with_password);
    check_rows(world,
               {
                   {"without a session", "POST", "/users", "", good, 401, no_session},
                   {"an organization admin", "POST", "/users", plain, good, 403, may_not},
                   {"an auditor", "POST", "/users", auditor, good, 403, may_not},
                   {"a template-admin", "POST", "/users", templates, good, 403, may_not},
                   {"behind decoding", "POST", "/users", plain, "{", 400,
                    detailed("Request body must be valid JSON.", "invalid JSON")},
                   {"behind the field rules", "POST", "/users", plain, "{}", 400,
                    broken({{"email", "required", ""}, {"username", "required", ""}})},
                   {"ahead of a password that may not be", "POST", "/users", plain,
                    body("new", with_password + with_type("none")), 403, may_not},
                   {"ahead of duplicates", "POST", "/users", plain, body("owner", with_password),
                    403, may_not},
                   {"ahead of the strength of the password", "POST", "/users", plain, body("new"),
                    403, may_not},
                   {"ahead of the organization", "POST", "/users", plain,
                    body("new", ",\"organization_id\":\"11111111-1111-1111-1111-111111111111\""),
                    403, may_not},
               });
    CHECK(world.server.send("POST", "/users", admin, good).status == 201);
}

TEST_CASE("the meaning of the body is checked in order") {
    World world;
    world.server.create(world.owner, "Bob");
    const std::string other = "11111111-1111-1111-1111-111111111111";
    const std::string elsewhere = ",\"organization_id\":\"" + other + "\"";
    const std::string hints =
        "insecure password, try including more special characters, using uppercase letters, using "
        "numbers or using a longer password";
    const std::string empty_hints =
        "insecure password, try including more special characters, using lowercase letters, using "
        "uppercase letters, using numbers or using a longer password";
    const auto row = [&](const std::string& title, const std::string& text, int status,
                         const std::string& answer) {
        return Row{title, "POST", "/users", world.owner, text, status, answer};
    };
    check_rows(
        world,
        {
            row("2: a password for none", body("x", with_password + with_type("none")), 400,
                no_password_for("none")),
            row("2: a password and no login", body("x", with_password + ",\"disable_login\":true"),
                400, no_password_for("none")),
            row("2 ahead of 4 and 7", body("bob", with_password + with_type("foo")), 400,
                no_password_for("foo")),
            row("4: the address",
                "{\"email\":\"BOB@example.ORG\",\"username\":\"x\"" + with_password + "}", 409,
                taken({"email"})),
            row("4: the name",
                "{\"email\":\"x@example.org\",\"username\":\"BOB\"" + with_password + "}", 409,
                taken({"username"})),
            row("4: both", body("bob", with_password), 409, taken({"email", "username"})),
            row("4 ahead of 5 and 6", body("bob", elsewhere), 409, taken({"email", "username"})),
            row("4 ahead of 7", body("bob", with_type("foo")), 409, taken({"email", "username"})),
            row("5: another organization", body("x", with_password + elsewhere), 404,
                no_organization(other)),
            row("5 ahead of 6", body("x", elsewhere), 404, no_organization(other)),
            row("5 ahead of 7", body("x", elsewhere + with_type("foo")), 404,
                no_organization(other)),
            row("6: no password", body("x"), 400,
                with_validations(weak, {{"password", empty_hints}})),
            row("6: an empty password", body("x", ",\"password\":\"\""), 400,
                with_validations(weak, {{"password", empty_hints}})),
            row("6: a weak password", body("x", ",\"password\":\"password\""), 400,
                with_validations(weak, {{"password", hints}})),
            row("6: login_type wins over disable_login",
                body("x", with_type("password") + ",\"disable_login\":true"), 400,
                with_validations(weak, {{"password", empty_hints}})),
            row("7: an unknown type", body("x", with_type("foo")), 400, unsupported("foo")),
            row("7: a type of keys", body("x", with_type("token")), 400, unsupported("token")),
            row("7: letter case", body("x", with_type("None")), 400, unsupported("None")),
        });
}

TEST_CASE("the login types that users can be made with") {
    World world;
    struct Case {
        std::string name, more, type;
    };
    for (const Case& each :
         {Case{"a", with_type("none"), "none"}, Case{"b", with_type("github"), "github"},
          Case{"c", with_type("oidc"), "oidc"}, Case{"d", ",\"disable_login\":true", "none"},
          Case{"e", with_type("oidc") + ",\"disable_login\":true,\"password\":\"\"", "oidc"},
          Case{"f", with_type("none") + ",\"password\":null", "none"},
          Case{"g", with_type("") + ",\"disable_login\":false" + with_password, "password"}}) {
        INFO(each.name);
        const Answer made =
            world.server.send("POST", "/users", world.owner, body(each.name, each.more));
        CHECK(made.status == 201);
        CHECK(parse(made.body)["login_type"].text() == each.type);
        CHECK(world.sql("SELECT login_type, hashed_password = '' FROM users WHERE username = '" +
                        each.name + "'") == each.type + (each.type == "password" ? "|0" : "|1"));
    }
}

TEST_CASE("what would narrow a new user is never dropped") {
    World world;
    const std::string plain = world.member("plain");
    const auto status = [](const std::string& name) { return ",\"user_status\":\"" + name + "\""; };
    const std::string service = ",\"service_account\":true";
    check_rows(world,
               {
                   {"an unknown status", "POST", "/users", world.owner,
                    body("x", with_password + status("banned")), 400,
                    broken({{"user_status", "oneof", "banned"}})},
                   {"letter case", "POST", "/users", world.owner,
                    body("x", with_password + status("Suspended")), 400,
                    broken({{"user_status", "oneof", "Suspended"}})},
                   {"a service account", "POST", "/users", world.owner, body("x", service), 400,
                    with_validations("Validation failed.",
                                     {{"service_account", "service accounts are not supported"}})},
                   {"ahead of a password for none", "POST", "/users", world.owner,
                    body("x", service + with_password + with_type("none")), 400,
                    with_validations("Validation failed.",
                                     {{"service_account", "service accounts are not supported"}})},
                   {"a service account, by a member", "POST", "/users", plain, body("x", service),
                    403, may_not},
               });
    struct Case {
        std::string name, more, kept;
    };
    for (const Case& each :
         {Case{"a", status("suspended"), "suspended"}, Case{"b", status("active"), "active"},
          Case{"c", status("dormant"), "dormant"}, Case{"d", status(""), "dormant"},
          Case{"e", ",\"user_status\":null,\"service_account\":false", "dormant"}}) {
        INFO(each.name);
        const Answer made = world.server.send("POST", "/users", world.owner,
                                              body(each.name, with_password + each.more));
        CHECK(made.status == 201);
        CHECK(parse(made.body)["status"].text() == each.kept);
        CHECK(world.sql("SELECT status FROM users WHERE username = '" + each.name + "'") ==
              each.kept);
        CHECK(world.server
                  .send("POST", "/users/login", "",
                        "{\"email\":\"" + each.name + "@example.org\",\"password\":\"" +
                            good_password + "\"}")
                  .status == (each.kept == "suspended" ? 401 : 201));
    }
}

TEST_CASE("with password login switched off only other users can be made") {
    TempFolder folder;
    coder_users::Options options{folder.file("users.db")};
    {
        TestServer server(options);
        server.owner();
    }
    // with a session from before
    const std::string path = options.database;
    SQLite::Database(path, SQLite::OPEN_READWRITE)
        .exec("INSERT INTO api_keys SELECT 'Key0000001', id, '" +
              coder_users::rules::sha256_hex("Secret0123456789abcdef") +
              "', created_at, created_at, created_at + 86400000000, last_seen_at, 'password', "
              "'coder:all', '*:*', '', 86400, '', '' FROM users");
    options.disable_password_auth = true;
    TestServer server(options);
    const std::string token = "Key0000001-Secret0123456789abcdef";
    const std::string off = message(
        "Password based authentication is disabled! Unable to provision new users with "
        "password authentication.");
    const Answer refused = server.send("POST", "/users", token, body("owner", with_password));
    CHECK(refused.status == 403);
    CHECK(refused.body == off);
    CHECK(server.send("POST", "/users", token, body("x")).body == off);
    CHECK(stored(path, "SELECT count(*) FROM users") == "1");
    CHECK(server.send("POST", "/users", token, body("x", with_type("none"))).status == 201);
    CHECK(stored(path, "SELECT username, login_type FROM users WHERE username = 'x'") == "x|none");
}

TEST_CASE("a user joins the organization asked for, or the oldest that the caller can read") {
    World world;
    const std::string admin = world.member("udo", "user-admin");
    const std::string younger = "abcdef00-1111-1111-1111-111111111111";
    world.execute(
        "INSERT INTO organizations (id, name, name_folded, created_at, updated_at) SELECT '" +
        younger + "', 'x', 'x', created_at + 1, created_at + 1 FROM organizations");
    const auto id = [](const std::string& text) { return ",\"organization_id\":\"" + text + "\""; };
    struct Case {
        std::string name, more, organization;
    };
    for (const Case& each :
         {Case{"a", "", world.organization}, Case{"b", id(nil_id), world.organization},
          Case{"c", id(world.organization), world.organization}, Case{"d", id(younger), younger},
          Case{"e", id("ABCDEF00-1111-1111-1111-111111111111"), younger},
          Case{"f", ",\"organization_id\":null", world.organization}}) {
        INFO(each.name);
        const Answer made = world.server.send("POST", "/users", world.owner,
                                              body(each.name, with_password + each.more));
        CHECK(made.status == 201);
        CHECK(parse(made.body)["organization_ids"][0].text() == each.organization);
        CHECK(world.sql("SELECT organization_id FROM organization_members m JOIN users u ON u.id "
                        "= m.user_id WHERE username = '" +
                        each.name + "'") == each.organization);
    }
    // A user-admin reads only its own organizations.
    check_rows(world, {{"one it cannot read", "POST", "/users", admin,
                        body("x", with_password + id(younger)), 404, no_organization(younger)}});
    world.execute("DELETE FROM organization_members WHERE user_id = '" + world.id_of("udo") + "'");
    check_rows(world, {{"none to read", "POST", "/users", admin, body("x", with_password), 404,
                        no_organization(nil_id)}});
}

TEST_CASE("fields that are none of the client's business are ignored") {
    World world;
    const Answer made = world.server.send(
        "POST", "/users", world.owner,
        body("bob",
             with_password +
                 R"(,"roles":["owner"],"id":"11111111-1111-1111-1111-111111111111",)"
                 R"("status":"active","hashed_password":"x","deleted":true,"Username":"eve",)"
                 R"("avatar_url":"x","theme_preference":"x","created_at":"2000-01-01T00:00:00Z")"));
    REQUIRE(made.status == 201);
    const UserJson expected{parse(made.body)["id"].text(), "bob", "bob@example.org",
                            world.organization};
    CHECK(expected.id != "11111111-1111-1111-1111-111111111111");
    CHECK(made.body == expected.answer());
    CHECK(world.sql("SELECT count(*) FROM user_roles") == "1");
}

TEST_CASE("only ASCII letters fold") {
    World world;
    const auto create = [&](const std::string& email, const std::string& name) {
        return world.server
            .send(
                "POST", "/users", world.owner,
                "{\"email\":\"" + email + "\",\"username\":\"" + name + "\"" + with_password + "}")
            .status;
    };
    CHECK(create("kim@example.org", "a") == 201);
    CHECK(create("\u212Aim@example.org", "b") == 201);  // Kelvin sign
    CHECK(create("k\u0131m@example.org", "c") == 201);  // dotless i
    CHECK(create("\u00E4@example.org", "d") == 201);
    CHECK(create("\u00C4@example.org", "e") == 201);
    CHECK(create("KIM@example.org", "f") == 409);
    CHECK(create("x@example.org", "\uFF41") == 400);  // full-width a
    CHECK(world.server
              .send("POST", "/users/login", "",
                    "{\"email\":\"K\u0131m@example.org\",\"password\":\"" + good_password + "\"}")
              .status == 201);
}

TEST_CASE("a deleted user's name and address are free, for somebody new") {
    World world;
    const std::string old = world.server.create(world.owner, "bob");
    world.give_role("bob", "user-admin");
    REQUIRE(world.server.send("DELETE", "/users/bob", world.owner).status == 200);
    const std::string id = world.server.create(world.owner, "BOB");
    CHECK(id != old);
    CHECK(parse(world.server.send("GET", "/users/bob", world.owner).body)["roles"].size() == 0);
    CHECK(world.sql("SELECT count(*) FROM users WHERE username_folded = 'bob'") == "2");
}
