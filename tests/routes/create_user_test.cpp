// docs/contract/users.md, "POST /users" and "Duplicates".
#include <algorithm>

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
    const std::string good = body("nora", with_password);
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
                    body("nora", with_password + with_type("none")), 403, may_not},
                   {"ahead of duplicates", "POST", "/users", plain, body("owner", with_password),
                    403, may_not},
                   {"ahead of the strength of the password", "POST", "/users", plain, body("nora"),
                    403, may_not},
                   {"ahead of the organization", "POST", "/users", plain,
                    body("nora", ",\"organization_id\":\"11111111-1111-1111-1111-111111111111\""),
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
            row("5: a password for none", body("x", with_password + with_type("none")), 400,
                no_password_for("none")),
            row("5: a password and no login", body("x", with_password + ",\"disable_login\":true"),
                400, no_password_for("none")),
            row("5 ahead of 8 and 11", body("bob", with_password + with_type("foo")), 400,
                no_password_for("foo")),
            row("8: the address",
                "{\"email\":\"BOB@example.ORG\",\"username\":\"x\"" + with_password + "}", 409,
                taken({"email"})),
            row("8: the name",
                "{\"email\":\"x@example.org\",\"username\":\"BOB\"" + with_password + "}", 409,
                taken({"username"})),
            row("8: both", body("bob", with_password), 409, taken({"email", "username"})),
            row("8 ahead of 9 and 10", body("bob", elsewhere), 409, taken({"email", "username"})),
            row("8 ahead of 11", body("bob", with_type("foo")), 409, taken({"email", "username"})),
            row("9: another organization", body("x", with_password + elsewhere), 404,
                no_organization(other)),
            row("9 ahead of 10", body("x", elsewhere), 404, no_organization(other)),
            row("9 ahead of 11", body("x", elsewhere + with_type("foo")), 404,
                no_organization(other)),
            row("10: no password", body("x"), 400,
                with_validations(weak, {{"password", empty_hints}})),
            row("10: an empty password", body("x", ",\"password\":\"\""), 400,
                with_validations(weak, {{"password", empty_hints}})),
            row("10: a weak password", body("x", ",\"password\":\"password\""), 400,
                with_validations(weak, {{"password", hints}})),
            row("10: login_type wins over disable_login",
                body("x", with_type("password") + ",\"disable_login\":true"), 400,
                with_validations(weak, {{"password", empty_hints}})),
            row("11: an unknown type", body("x", with_type("foo")), 400, unsupported("foo")),
            row("11: a type of keys", body("x", with_type("token")), 400, unsupported("token")),
            row("11: letter case", body("x", with_type("None")), 400, unsupported("None")),
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
        CHECK(world.sql(
                  "SELECT login_type, CASE hashed_password WHEN '' THEN 1 ELSE 0 END FROM users "
                  "WHERE username = '" +
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
                   {"a service account with an address", "POST", "/users", world.owner,
                    body("x", service), 400, message("Email cannot be set for service accounts.")},
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
        CHECK(parse(made.body)["organization_ids"].text() == "[\"" + each.organization + "\"]");
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
                 R"(,"id":"11111111-1111-1111-1111-111111111111",)"
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

namespace {

coder_users::Options at_release(const std::string& version) {
    coder_users::Options options;
    options.coder_version = version;
    return options;
}

const std::string younger = "abcdef00-1111-4111-8111-111111111111";
const std::string unknown = "11111111-1111-4111-8111-111111111111";
const std::string no_place =
    R"({"message":"No organization specified to place the user as a member of. It is required to )"
    R"(specify at least one organization id to place the user in.","detail":"required at least 1 )"
    R"(value for the array 'organization_ids'","validations":[{"field":"organization_ids",)"
    R"("detail":"Missing values, this cannot be empty"}]})"
    "\n";

/// A second organization, which is not the default.
void add_younger(const World& world) {
    world.execute(
        "INSERT INTO organizations (id, name, name_folded, created_at, updated_at, display_name) "
        "SELECT '" +
        younger + "', 'x', 'x', created_at + 1, created_at + 1, 'x' FROM organizations");
}

std::string places(const std::vector<std::string>& ids) {
    std::string list;
    for (const std::string& id : ids) list += (list.empty() ? "" : ",") + json_text(id);
    return ",\"organization_ids\":[" + list + "]";
}
std::string with_roles(const std::vector<std::string>& roles) {
    std::string list;
    for (const std::string& role : roles) list += (list.empty() ? "" : ",") + json_text(role);
    return ",\"roles\":[" + list + "]";
}
std::string with_name(const std::string& name) { return ",\"name\":" + json_text(name); }

}  // namespace

TEST_CASE("a user is made with all that is asked for, at every release") {
    for (const std::string version : {"2.6", "2.8", "2.21", "2.35"}) {
        CAPTURE(version);
        World world(at_release(version));
        add_younger(world);
        world.server.advance(std::chrono::seconds(1));
        const std::string entry = world.last_entry();
        const Answer made = world.server.send(
            "POST", "/users", world.owner,
            body("bob", with_password + with_name("Bob \"B\" \u00C4") +
                            R"(,"user_status":"suspended")" +
                            with_roles({"user-admin", "auditor", "user-admin"}) +
                            places({younger, nil_id, "ABCDEF00-1111-4111-8111-111111111111",
                                    world.organization})));
        REQUIRE(made.status == 201);
        const Value user = parse(made.body);
        const std::string id = user["id"].text();
        CHECK(user["status"].text() == "suspended");
        CHECK(user["roles"].text() == R"([{"display_name":"Auditor","name":"auditor"},)"
                                      R"({"display_name":"User Admin","name":"user-admin"}])");
        CHECK(user.has("name") == (version != "2.6"));
        if (version != "2.6") CHECK(user["name"].text() == "Bob \"B\" \u00C4");
        CHECK(user.has("updated_at") == (version == "2.21" || version == "2.35"));
        if (user.has("updated_at")) CHECK(user["updated_at"].text() == user["created_at"].text());
        CHECK(user.has("is_service_account") == (version == "2.35"));

        const std::string now = std::to_string(coder_users::micros(world.server.now()));
        std::vector<std::string> ids{younger, world.organization};
        std::sort(ids.begin(), ids.end());
        CHECK(user["organization_ids"].text() == "[\"" + ids[0] + "\",\"" + ids[1] + "\"]");
        CHECK(world.sql("SELECT name, name_folded, status, updated_at, is_service_account, roles, "
                        "organization_ids FROM users WHERE id = '" +
                        id + "'") == "Bob \"B\" \u00C4|bob \"b\" \u00C4|suspended|" + now +
                                         "|0|auditor user-admin|" + ids[0] + " " + ids[1]);
        CHECK(world.sql("SELECT role FROM user_roles WHERE user_id = '" + id + "' ORDER BY role") ==
              "auditor\nuser-admin");
        CHECK(world.sql("SELECT organization_id, created_at, updated_at FROM organization_members "
                        "WHERE user_id = '" +
                        id + "' ORDER BY 1") ==
              ids[0] + "|" + now + "|" + now + "\n" + ids[1] + "|" + now + "|" + now);
        CHECK(world.sql("SELECT count(*) FROM organization_member_roles WHERE user_id = '" + id +
                        "'") == "0");
        CHECK(world.entries_since(entry) == "user|create|bob|201");
        const Value diff = parse(
            world.server.send("GET", "/audit?limit=1", world.owner).body)["audit_logs"][0]["diff"];
        CHECK(diff["rbac_roles"]["new"].text() == R"(["auditor","user-admin"])");
        CHECK(diff["status"]["new"].text() == "suspended");
        CHECK(diff.has("name") == (version != "2.6"));
        if (version != "2.6") CHECK(diff["name"]["new"].text() == "Bob \"B\" \u00C4");
        CHECK_FALSE(diff.has("is_service_account"));
        CHECK(world.server.send("GET", "/users/bob", world.owner).body == made.body);
    }
}

TEST_CASE("a service account is made without anything to log in with") {
    World world(at_release("2.35"));
    const std::string entry = world.last_entry();
    const auto make = [&](const std::string& name, const std::string& more) {
        return world.server.send(
            "POST", "/users", world.owner,
            "{\"username\":\"" + name + "\",\"service_account\":true" + more + "}");
    };
    for (const auto& [name, more] : {std::pair<std::string, std::string>{"a", ""},
                                     {"b", R"(,"email":"")"},
                                     {"c", R"(,"email":null,"login_type":"none","password":"")"},
                                     {"d", R"(,"login_type":"","disable_login":false)"}}) {
        CAPTURE(name);
        const Answer made = make(name, more);
        REQUIRE(made.status == 201);
        CHECK(parse(made.body)["email"].text() == "");
        CHECK(parse(made.body)["login_type"].text() == "none");
        CHECK(parse(made.body)["is_service_account"].text() == "true");
        CHECK(world.sql("SELECT email, email_folded, hashed_password, login_type, "
                        "is_service_account FROM users WHERE username = '" +
                        name + "'") == "|||none|1");
    }
    CHECK(world.entries_since(entry) ==
          "user|create|a|201\nuser|create|b|201\nuser|create|c|201\nuser|create|d|201");
    const Value diff = parse(
        world.server.send("GET", "/audit?limit=1", world.owner).body)["audit_logs"][0]["diff"];
    CHECK(diff["is_service_account"].text() == R"({"new":true,"old":false,"secret":false})");
    CHECK_FALSE(diff.has("email"));
}

TEST_CASE("what stands in the way of a user comes in the order of the page") {
    for (const std::string version : {"2.6", "2.8", "2.21", "2.35"}) {
        CAPTURE(version);
        World world(at_release(version));
        add_younger(world);
        world.server.create(world.owner, "Bob");
        const std::string udo = world.member("udo", "user-admin");
        const std::string service = ",\"service_account\":true";
        const auto machine = [](const std::string& more) {
            return "{\"username\":\"x\",\"service_account\":true" + more + "}";
        };
        const auto row = [&](const std::string& title, const std::string& token,
                             const std::string& text, int status, const std::string& answer) {
            return Row{title, "POST", "/users", token, text, status, answer};
        };
        const std::string& owner = world.owner;
        const std::string no_type = message("Service accounts must use login type 'none'.");
        const std::string weak_or_invalid =
            version == "2.35" ? "Password is invalid" : "Password not strong enough!";
        const auto not_supported = [](const std::string& role) {
            return message("\\\"" + role + "\\\" is not a supported role");
        };
        const auto not_yours = [](const std::string& role) {
            return message("not authorized to assign role \\\"" + role + "\\\"");
        };
        check_rows(
            world,
            {
                row("2: a type that logs in", owner, machine(with_type("password")), 400, no_type),
                row("2: an unknown type", owner, machine(with_type("foo")), 400, no_type),
                row("2 ahead of 3 and 4", owner,
                    body("x", service + with_type("oidc") + with_password), 400, no_type),
                row("3: a password", owner, machine(with_password), 400,
                    message("Password cannot be set for service accounts.")),
                row("3 ahead of 4", owner, body("x", service + with_password), 400,
                    message("Password cannot be set for service accounts.")),
                row("4: an address", owner, body("x", service + with_type("none")), 400,
                    message("Email cannot be set for service accounts.")),
                row("4 ahead of 7", owner, body("x", service + places({})), 400,
                    message("Email cannot be set for service accounts.")),
                row("5 ahead of 7", owner,
                    body("x", with_password + with_type("none") + places({})), 400,
                    no_password_for("none")),
                row("7: no organization", owner, body("x", with_password + places({})), 400,
                    no_place),
                row("7: nor the one of zeros", owner,
                    body("x",
                         with_password + places({}) + ",\"organization_id\":\"" + nil_id + "\""),
                    400, no_place),
                row("7 ahead of 8", owner, body("bob", with_password + places({})), 400, no_place),
                row("8: of a service account, the name alone", owner,
                    R"({"username":"BOB","service_account":true})", 409, taken({"username"})),
                row("8 ahead of 9", owner, body("bob", with_password + places({unknown})), 409,
                    taken({"email", "username"})),
                row("9: the first unknown one, as it was sent", owner,
                    body("x", places({younger, "1111111A-1111-4111-8111-111111111111", unknown})),
                    404, no_organization("1111111A-1111-4111-8111-111111111111")),
                row("9: organization_id comes last", owner,
                    body("x", places({younger}) + ",\"organization_id\":\"" + unknown + "\""), 404,
                    no_organization(unknown)),
                row("9: one that the caller cannot read", udo,
                    body("x", places({world.organization, younger})), 404,
                    no_organization(younger)),
                row("10 ahead of 12", owner,
                    body("x", ",\"password\":\"password\"" + with_roles({"nobody"})), 400,
                    with_validations(
                        weak_or_invalid,
                        {{"password",
                          "insecure password, try including more special characters, using "
                          "uppercase letters, using numbers or using a longer password"}})),
                row("11: the type, ahead of 12", owner,
                    body("x", with_type("foo") + with_roles({"nobody"})), 400, unsupported("foo")),
                row("12: no role", owner, body("x", with_password + with_roles({"nobody"})), 400,
                    not_supported("nobody")),
                row("12: a role in an organization", owner,
                    body("x",
                         with_password + with_roles({"organization-admin:" + world.organization})),
                    400, message("Must only update site wide roles")),
                row("12: letter case", owner, body("x", with_password + with_roles({"Owner"})), 400,
                    not_supported("Owner")),
                row("12: in the order sent", owner,
                    body("x", with_password + with_roles({"zz", "aa"})), 400, not_supported("zz")),
                row("12 ahead of 13", udo,
                    body("x", with_password + with_roles({"owner", "nobody"})), 400,
                    not_supported("nobody")),
                row("13: the first by name", udo,
                    body("x",
                         with_password + with_roles({"user-admin", "member", "owner", "auditor"})),
                    400, not_yours("auditor")),
                row("13: the caller's own role", udo,
                    body("x", with_password + with_roles({"user-admin"})), 400,
                    not_yours("user-admin")),
                row("a member of no organization asks for none", udo,
                    body("x", ",\"organization_ids\":[\"" + younger + "\",1]"), 400,
                    detailed("Request body must be valid JSON.",
                             "field \"organization_ids\" must be an array of uuids")),
            });
        CHECK(world.server
                  .send("POST", "/users", udo, body("y", with_password + with_roles({"member"})))
                  .status == 201);
        CHECK(world.sql("SELECT roles FROM users WHERE username = 'y'") == "member");
    }
}

TEST_CASE("the fields of a new user are checked in the order of the page") {
    World world(at_release("2.35"));
    const std::string long_name(129, 'n');
    const std::string umlauts = [] {
        std::string text;
        for (int i = 0; i < 64; ++i) text += "\u00E4";
        return text;
    }();
    const auto real_name = [](const std::string& value) {
        return broken({{"name", "user_real_name", value}});
    };
    const auto row = [&](const std::string& title, const std::string& text,
                         const std::string& answer) {
        return Row{title, "POST", "/users", world.owner, text, 400, answer};
    };
    check_rows(
        world,
        {
            row("nothing", "{}", broken({{"email", "required", ""}, {"username", "required", ""}})),
            row("all of them", R"({"email":"x","username":"a b","name":" x","user_status":"gone"})",
                broken({{"email", "email", "x"},
                        {"username", "username", "a b"},
                        {"name", "user_real_name", " x"},
                        {"user_status", "oneof", "gone"}})),
            row("a service account needs no address", R"({"service_account":true})",
                broken({{"username", "required", ""}})),
            row("but what it has must be one",
                R"({"service_account":true,"email":"x","username":"x"})",
                broken({{"email", "email", "x"}})),
            row("a long name", body("x", with_name(long_name)), real_name(long_name)),
            row("a long name of fewer characters", body("x", with_name(umlauts + "x")),
                real_name(umlauts + "x")),
            row("white space before it", body("x", with_name("\u00A0Bob")), real_name("\u00A0Bob")),
            row("white space behind it", body("x", with_name("Bob\u3000")), real_name("Bob\u3000")),
            row("nothing but white space", body("x", with_name("\u2003")), real_name("\u2003")),
            row("no string", body("x", ",\"name\":5"),
                detailed("Request body must be valid JSON.", "field \"name\" must be a string")),
            row("no array", body("x", ",\"roles\":\"owner\""),
                detailed("Request body must be valid JSON.",
                         "field \"roles\" must be an array of strings")),
            row("no uuid in it", body("x", places({younger, "x"})),
                detailed("Request body must be valid JSON.",
                         "field \"organization_ids\" must be an array of uuids")),
            row("null in it", body("x", ",\"organization_ids\":[null]"),
                detailed("Request body must be valid JSON.",
                         "field \"organization_ids\" must be an array of uuids")),
        });
    for (const auto& [name, more] :
         {std::pair<std::string, std::string>{"a", with_name("")},
          {"b", ",\"name\":null,\"roles\":null,\"organization_ids\":null"},
          {"c", with_name(umlauts)},
          {"d", with_name("A  B")}}) {
        CAPTURE(name);
        CHECK(world.server.send("POST", "/users", world.owner, body(name, with_password + more))
                  .status == 201);
    }
    CHECK(world.sql("SELECT username || name FROM users WHERE username IN ('a', 'b', 'c', 'd') "
                    "ORDER BY username") == "a\nb\nc" + umlauts + "\ndA  B");
}

TEST_CASE("roles are judged again when the user is stored") {
    coder_users::Options options;
    World* world = nullptr;
    options.before = [&](const coder_users::Event& event) -> std::optional<coder_users::Veto> {
        if (event.user.username == "x")
            world->execute("DELETE FROM user_roles WHERE user_id = '" + event.actor->id +
                           "' AND role = 'owner'");
        return std::nullopt;
    };
    World made(options);
    world = &made;
    const std::string olga = made.member("olga", "owner");
    made.give_role("olga", "user-admin");
    const Answer answer = made.server.send("POST", "/users", olga,
                                           body("x", with_password + with_roles({"auditor"})));
    CHECK(answer.status == 400);
    CHECK(answer.body == message("not authorized to assign role \\\"auditor\\\""));
    CHECK(made.sql("SELECT count(*) FROM users WHERE username = 'x'") == "0");
}
