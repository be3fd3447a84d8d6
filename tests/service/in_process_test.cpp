// Calls in the process: the same rules, refusals and audit entries as over HTTP.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/wire/answers.hpp"
#include "people.hpp"

using namespace coder_users_test;
using coder_users::Action;
using coder_users::ApiError;
using coder_users::Caller;
using coder_users::CreateToken;
using coder_users::CreateUser;
using coder_users::Identity;
using coder_users::LoginType;
using coder_users::User;

namespace {

/// Returns what a call throws, as the body that HTTP would send; "" when it throws nothing.
struct Refused {
    int status = 0;
    std::string body;
};

template <class Call>
Refused refusal_of(Call&& call) {
    try {
        call();
        return {};
    } catch (const ApiError& error) {
        return {error.status(),
                coder_users::wire::response(error.message(), error.detail(), error.validations())};
    }
}

struct Host : People {
    explicit Host(coder_users::Options options = {}) : People(std::move(options)) {}
    coder_users::Service& service() { return server.service(); }
    Caller system() { return service().as(Identity::system()); }
    Caller as(const std::string& token) { return service().as(service().authenticate(token)); }
};

CreateUser new_user(const std::string& name) {
    CreateUser wanted;
    wanted.email = name + "@example.org";
    wanted.username = name;
    wanted.password = good_password;
    return wanted;
}

}  // namespace

TEST_CASE("an organization id that is none is refused as over HTTP, before anything else") {
    Host host;
    CreateUser wanted = new_user("dora");
    wanted.organization_id = "x";
    wanted.username = "not a name";
    const Refused refused = refusal_of([&] { host.as(host.bob).create_user(wanted); });
    CHECK(refused.status == 400);
    CHECK(refused.body ==
          detailed("Request body must be valid JSON.", "field \"organization_id\" must be a uuid"));
    CHECK(host.sql("SELECT count(*) FROM users WHERE username = 'dora'") == "0");
}

TEST_CASE("a host makes users with all that a request may ask for") {
    Host host;
    CreateUser wanted = new_user("dora");
    wanted.name = "Dora Duck";
    wanted.status = coder_users::UserStatus::suspended;
    wanted.roles = {"user-admin", "auditor"};
    wanted.organization_ids = {std::string(coder_users::nil_uuid), host.organization};
    const User dora = host.system().create_user(wanted);
    CHECK(dora.name == "Dora Duck");
    CHECK(dora.status == coder_users::UserStatus::suspended);
    CHECK(dora.roles == std::vector<std::string>{"auditor", "user-admin"});
    CHECK(dora.organization_ids == std::vector<std::string>{host.organization});
    CHECK(host.sql("SELECT name, status, roles FROM users WHERE username = 'dora'") ==
          "Dora Duck|suspended|auditor user-admin");

    CreateUser machine;
    machine.username = "robot";
    machine.service_account = true;
    const User robot = host.system().create_user(machine);
    CHECK(robot.is_service_account);
    CHECK(robot.login_type == coder_users::LoginType::none);
    CHECK(robot.email.empty());
    machine.username = "robot2";
    machine.login_type = coder_users::LoginType::oidc;
    CHECK(refusal_of([&] { host.system().create_user(machine); }).body ==
          message("Service accounts must use login type 'none'."));

    wanted = new_user("emma");
    wanted.organization_ids = {"x"};
    CHECK(refusal_of([&] { host.system().create_user(wanted); }).body ==
          detailed("Request body must be valid JSON.",
                   "field \"organization_ids\" must be an array of uuids"));
    wanted.organization_ids = {};
    wanted.name = " Emma";
    CHECK(refusal_of([&] { host.system().create_user(wanted); }).body ==
          broken({{"name", "user_real_name", " Emma"}}));
    wanted.name = "Emma";
    wanted.roles = {"owner"};
    CHECK(refusal_of([&] { host.as(host.udo).create_user(wanted); }).body ==
          message("not authorized to assign role \\\"owner\\\""));
    CHECK(host.sql("SELECT count(*) FROM users WHERE username IN ('emma', 'robot2')") == "0");
}

TEST_CASE("a host changes profiles, and what it does not give stays") {
    Host host;
    coder_users::EditProfile wanted;
    wanted.name = "Bob B";
    wanted.avatar_url = "https://x.org/b.png";
    const User bob = host.as(host.bob).edit_profile("me", wanted);
    CHECK(bob.username == "bob");
    CHECK(bob.name == "Bob B");
    CHECK(bob.updated_at == host.server.now());
    CHECK(host.sql("SELECT name, avatar_url FROM users WHERE username = 'bob'") ==
          "Bob B|https://x.org/b.png");
    wanted = {};
    wanted.username = "robert";
    CHECK(host.system().edit_profile("bob", wanted).name == "Bob B");
    wanted = {};
    wanted.avatar_url = "";
    CHECK(host.system().edit_profile("robert", wanted).avatar_url.empty());
    CHECK(host.sql("SELECT name, avatar_url FROM users WHERE username = 'robert'") == "Bob B|");
    wanted.username = "";
    wanted.name = "x ";
    CHECK(refusal_of([&] { host.system().edit_profile("robert", wanted); }).body ==
          broken({{"username", "required", ""}, {"name", "user_real_name", "x "}}));
    wanted = {};
    wanted.username = "owner";
    CHECK(refusal_of([&] { host.system().edit_profile("robert", wanted); }).status == 409);
    CHECK(refusal_of([&] { host.as(host.anna).edit_profile("robert", {}); }).status == 403);
}

TEST_CASE("a host looks after users with values alone") {
    Host host;
    const Caller system = host.system();
    const User dora = system.create_user(new_user("dora"));
    CHECK(dora.id == host.id_of("dora"));
    CHECK(dora.status == coder_users::UserStatus::dormant);
    CHECK(dora.organization_ids == std::vector<std::string>{host.organization});
    CHECK(system.find_user(dora.id).email == "dora@example.org");
    CHECK(system.find_user("DORA").id == dora.id);
    CHECK_FALSE(host.server.log_in("dora@example.org").empty());

    CHECK(system.rename_user("dora", "thea").username == "thea");
    CHECK(host.id_of("thea") == dora.id);
    CHECK(system.set_roles("thea", {"user-admin", "auditor", "auditor"}).roles ==
          std::vector<std::string>{"auditor", "user-admin"});
    CHECK(system.suspend_user("thea").status == coder_users::UserStatus::suspended);
    CHECK(host.sql("SELECT status FROM users WHERE username = 'thea'") == "suspended");
    CHECK(system.activate_user("thea").status == coder_users::UserStatus::active);

    system.set_password("thea", "an0ther-Horse");
    CHECK_FALSE(host.server.log_in("dora@example.org", "an0ther-Horse").empty());

    const coder_users::UserPage page = system.list_users({"role:auditor", "", 1, 0});
    CHECK(page.count == 2);
    REQUIRE(page.users.size() == 1);
    CHECK(page.users[0].username == "anna");

    CHECK(system.delete_user("thea").id == dora.id);
    CHECK(host.id_of("thea").empty());
    CHECK(refusal_of([&] { system.find_user("thea"); }).body == no_user("thea"));
}

TEST_CASE("a host makes and revokes keys") {
    Host host;
    const Caller system = host.system();
    CreateToken wanted;
    wanted.name = "ci";
    wanted.lifetime = std::chrono::hours(1);
    const coder_users::MadeKey made = system.make_token("bob", wanted);
    CHECK(made.key.token_name == "ci");
    CHECK(made.key.id == made.token.substr(0, 10));
    CHECK(made.key.expires_at == host.server.now() + std::chrono::hours(1));
    CHECK(host.service().authenticate(made.token).user.username == "bob");
    CHECK(host.server.send("GET", "/users/me", made.token).status == 200);

    const auto tokens = host.as(host.bob).list_tokens("me");
    REQUIRE(tokens.size() == 1);
    CHECK(tokens[0].id == made.key.id);
    CHECK(host.as(host.carl).list_tokens("carl").empty());

    const coder_users::MadeKey session = system.make_session("bob");
    CHECK(session.key.login_type == LoginType::password);
    CHECK(host.server.send("GET", "/users/me", session.token).status == 200);

    system.revoke_key("bob", made.key.id);
    CHECK(host.server.send("GET", "/users/me", made.token).status == 401);
    CHECK(refusal_of([&] { system.revoke_key("bob", made.key.id); }).status == 404);
    CHECK(host.server.send("GET", "/users/me", session.token).status == 200);
    REQUIRE(system.list_organizations().size() == 1);
    CHECK(system.list_organizations()[0].id == host.organization);
}

TEST_CASE("a host lists and ends sessions") {
    Host host;
    const Caller system = host.system(), udo = host.as(host.udo);
    const coder_users::MadeKey token = system.make_token("bob");
    host.server.advance(std::chrono::seconds(1));
    const coder_users::MadeKey session = system.make_session("bob");
    const std::vector<coder_users::Session> all = udo.list_sessions("bob");
    REQUIRE(all.size() == 2);
    CHECK(all[0].id == host.bob.substr(0, 10));
    CHECK(all[0].ip == "127.0.0.1");
    CHECK_FALSE(all[0].current);
    CHECK(all[1].id == session.key.id);
    CHECK(all[1].ip.empty());
    CHECK(all[1].expires_at == session.key.expires_at);
    CHECK(host.as(session.token).list_sessions("me")[1].current);

    udo.end_session("bob", session.key.id);
    CHECK(host.server.send("GET", "/users/me", session.token).status == 401);
    CHECK(host.sql("SELECT resource_type, action, resource_id, status_code FROM audit_logs ORDER "
                   "BY entry DESC LIMIT 1") == "api_key|delete|" + host.id_of("bob") + "|204");
    for (const std::string& id : {session.key.id, token.key.id, host.carl.substr(0, 10)}) {
        const Refused refused = refusal_of([&] { udo.end_session("bob", id); });
        CHECK(refused.status == 404);
        CHECK(refused.body == not_found_answer);
    }
    CHECK(refusal_of([&] { udo.end_session("owner", host.owner.substr(0, 10)); }).status == 403);
    CHECK(refusal_of([&] { host.as(host.carl).end_session("bob", token.key.id); }).status == 404);

    host.as(host.bob).end_sessions("me");
    CHECK(host.server.send("GET", "/users/me", host.bob).status == 200);
    system.end_sessions("bob");
    CHECK(host.server.send("GET", "/users/me", host.bob).status == 401);
    CHECK(host.server.send("GET", "/users/me", token.token).status == 200);
    CHECK(system.list_sessions("bob").empty());
}

TEST_CASE("what() of a refusal has the field and the reason") {
    Host host;
    const auto system = host.server.service().as(Identity::system());
    CHECK_THROWS_WITH(system.rename_user("bob", "-"),
                      "Validation failed. username: Validation failed for tag \"username\" with "
                      "value: \"-\"");
    CHECK_THROWS_WITH(system.find_user("x"),
                      "Resource not found or you do not have access to this resource queried "
                      "user=\"x\"");
    CHECK_THROWS_WITH(system.suspend_user("owner"),
                      "You cannot suspend a user with the \"owner\" role. You must remove the role "
                      "first.");
}

TEST_CASE("a host changes addresses and finds users by them") {
    Host host;
    const Caller system = host.system();
    const std::string bob = host.id_of("bob");
    CHECK(system.find_user_by_email("BOB@example.org").id == bob);
    CHECK(host.as(host.udo).set_email("bob", "robert@example.com").email == "robert@example.com");
    CHECK(host.sql("SELECT email FROM users WHERE id = '" + bob + "'") == "robert@example.com");
    CHECK(host.as(host.bob).find_user_by_email("Robert@example.com").id == bob);
    CHECK(system.list_users({"email:robert@example.com", "", 0, 0}).count == 1);
    system.create_user([] {
        CreateUser robot;
        robot.username = "robot";
        robot.service_account = true;
        return robot;
    }());
    for (const std::string email : {"bob@example.org", "robert@example", "", "bob"}) {
        const Refused refused = refusal_of([&] { system.find_user_by_email(email); });
        CHECK(refused.status == 404);
        CHECK(refused.body == no_user(email));
    }
    INFO("whoever is hidden is not there");
    CHECK(refusal_of([&] { host.as(host.bob).find_user_by_email("carl@example.org"); }).body ==
          no_user("carl@example.org"));
    CHECK(host.as(host.anna).find_user_by_email("carl@example.org").username == "carl");
}

TEST_CASE("a host keeps a text about a user, and the audit log knows its size alone") {
    Host host;
    const Caller system = host.system(), bob = host.as(host.bob);
    const std::string id = host.id_of("bob"), stored = "SELECT value FROM user_data";
    CHECK(system.data("bob").empty());
    const std::string text = R"({"theme":"\u00e4","plan":"paid"})";
    system.set_data("bob", text);
    CHECK(system.data(id) == text);
    CHECK(host.sql(stored) == text);
    CHECK(host.sql("SELECT actor_id IS NULL, resource_type, action, resource_id, resource_target, "
                   "status_code, diff FROM audit_logs ORDER BY entry DESC LIMIT 1") ==
          "1|user|write|" + id + "|bob|200|{" +
              diff_field("data_bytes", "0", std::to_string(text.size())) + "}");

    INFO("users and those who may manage them reach it, too");
    CHECK(bob.data("me") == text);
    bob.set_data("me", "x");
    CHECK(host.as(host.udo).data("bob") == "x");
    const std::string largest(std::size_t{64} << 10, 'x');
    host.as(host.udo).set_data("bob", largest);
    CHECK(system.data("bob") == largest);
    CHECK(host.sql("SELECT count(*) FROM user_data") == "1");
    const std::string entry = host.last_entry();
    CHECK(refusal_of([&] { host.as(host.anna).data("bob"); }).body == forbidden_answer);
    CHECK(host.entries_since(entry).empty());
    CHECK(refusal_of([&] { host.as(host.anna).set_data("bob", "y"); }).body == forbidden_answer);
    CHECK(host.entries_since(entry) == "user|write|bob|403");
    CHECK(refusal_of([&] { host.as(host.carl).set_data("bob", "y"); }).body == no_user("bob"));
    CHECK(refusal_of([&] { host.as(host.udo).data("owner"); }).status == 403);

    INFO("what cannot be kept is refused without being quoted");
    CHECK(refusal_of([&] { system.set_data("bob", largest + "x"); }).body ==
          with_validations("Validation failed.", {{"data", "must have at most 64 KiB"}}));
    for (const std::string& bad : {std::string("\xff"), std::string("a\0b", 3)})
        CHECK(refusal_of([&] { system.set_data("bob", bad); }).body ==
              with_validations("Validation failed.", {{"data", "must be UTF-8 without NUL"}}));
    CHECK(system.data("bob") == largest);

    system.set_data("bob", "");
    CHECK(system.data("bob").empty());
    CHECK(host.sql("SELECT count(*) FROM user_data") == "0");
    system.set_data("bob", "again");
    system.delete_user("bob");
    CHECK(host.sql("SELECT count(*) FROM user_data") == "0");
    CHECK(refusal_of([&] { system.data("bob"); }).status == 404);
}

TEST_CASE("a narrow key reaches no text of the host") {
    Host host;
    CreateToken wanted;
    wanted.scopes = {"user:*"};
    const std::string token = host.system().make_token("bob", wanted).token;
    CHECK(refusal_of([&] { host.as(token).data("me"); }).body == forbidden_answer);
    CHECK(refusal_of([&] { host.as(token).set_data("me", "x"); }).body == forbidden_answer);
    CHECK(host.sql("SELECT count(*) FROM user_data") == "0");
}

TEST_CASE("the first user can be made in the process, once") {
    TestServer server;
    const User first = server.service().create_first_user(new_user("owner"));
    CHECK(first.roles == std::vector<std::string>{"owner"});
    CHECK(first.organization_ids.size() == 1);
    CHECK_FALSE(server.log_in("owner@example.org").empty());
    const Refused again =
        refusal_of([&] { server.service().create_first_user(new_user("second")); });
    CHECK(again.status == 409);
    CHECK(again.body == message("The initial user has already been created."));
}

TEST_CASE("a call is refused with the status and body of HTTP, and changes nothing") {
    Host host;
    const std::string weak = R"({"email":"x@example.org","username":"x","password":"abc"})";
    CreateUser weak_user = new_user("x");
    weak_user.password = "abc";
    CreateUser taken = new_user("bob");
    CreateUser bad = new_user("bad");
    bad.email = "nonsense";
    bad.username = "-";
    const std::string good = good_password;
    struct Row {
        const char *title, *method, *path;
        std::string token, body;
        std::function<void(const Caller&)> call;
    };
    const Row rows[] = {
        {"no such user", "GET", "/users/nobody", host.owner, "",
         [](const Caller& c) { c.find_user("nobody"); }},
        {"one that is hidden", "GET", "/users/carl", host.bob, "",
         [](const Caller& c) { c.find_user("carl"); }},
        {"weak password", "POST", "/users", host.owner, weak,
         [&](const Caller& c) { c.create_user(weak_user); }},
        {"taken", "POST", "/users", host.owner,
         R"({"email":"bob@example.org","username":"bob","password":")" + good + "\"}",
         [&](const Caller& c) { c.create_user(taken); }},
        {"broken field rules", "POST", "/users", host.owner,
         R"({"email":"nonsense","username":"-","password":")" + good + "\"}",
         [&](const Caller& c) { c.create_user(bad); }},
        {"not allowed to create", "POST", "/users", host.bob,
         R"({"email":"x@example.org","username":"x","password":")" + good + "\"}",
         [](const Caller& c) { c.create_user(new_user("x")); }},
        {"rename to nothing", "PUT", "/users/bob/profile", host.owner, R"({"username":""})",
         [](const Caller& c) { c.rename_user("bob", ""); }},
        {"rename to a taken name", "PUT", "/users/bob/profile", host.owner,
         R"({"username":"Carl"})", [](const Caller& c) { c.rename_user("bob", "Carl"); }},
        {"delete oneself", "DELETE", "/users/me", host.owner, "",
         [](const Caller& c) { c.delete_user("me"); }},
        {"suspend an owner", "PUT", "/users/owner/status/suspend", host.udo, "",
         [](const Caller& c) { c.suspend_user("owner"); }},
        {"one's own address", "PUT", "/users/me/email", host.bob, R"({"email":"x@example.org"})",
         [](const Caller& c) { c.set_email("me", "x@example.org"); }},
        {"no address", "PUT", "/users/bob/email", host.owner, R"({"email":"x"})",
         [](const Caller& c) { c.set_email("bob", "x"); }},
        {"a taken address", "PUT", "/users/bob/email", host.udo, R"({"email":"Carl@example.org"})",
         [](const Caller& c) { c.set_email("bob", "Carl@example.org"); }},
        {"activate without the right", "PUT", "/users/bob/status/activate", host.anna, "",
         [](const Caller& c) { c.activate_user("bob"); }},
        {"own roles", "PUT", "/users/me/roles", host.owner, role_set({}),
         [](const Caller& c) { c.set_roles("me", {}); }},
        {"unknown role", "PUT", "/users/bob/roles", host.owner, role_set({"king"}),
         [](const Caller& c) { c.set_roles("bob", {"king"}); }},
        {"a role one may not give", "PUT", "/users/bob/roles", host.udo, role_set({"owner"}),
         [](const Caller& c) { c.set_roles("bob", {"owner"}); }},
        {"own password without the old one", "PUT", "/users/me/password", host.bob,
         R"({"password":"an0ther-Horse"})",
         [](const Caller& c) { c.set_password("me", "an0ther-Horse"); }},
        {"wrong old password", "PUT", "/users/me/password", host.bob,
         R"({"password":"an0ther-Horse","old_password":"x"})",
         [](const Caller& c) { c.set_password("me", "an0ther-Horse", "x"); }},
        {"a key of another", "POST", "/users/owner/keys", host.anna, "",
         [](const Caller& c) { c.make_session("owner"); }},
        {"a token that lives too long", "POST", "/users/me/keys/tokens", host.bob,
         R"({"lifetime":9223372036000000000})",
         [](const Caller& c) {
             c.make_token("me", {"", std::chrono::seconds::max(), coder_users::KeyScope::all});
         }},
        {"a reserved token name", "POST", "/users/me/keys/tokens", host.bob,
         R"({"token_name":"tokenconfig"})",
         [](const Caller& c) {
             CreateToken wanted;
             wanted.name = "tokenconfig";
             c.make_token("me", wanted);
         }},
        {"no such key", "DELETE", "/users/me/keys/0123456789", host.bob, "",
         [](const Caller& c) { c.revoke_key("me", "0123456789"); }},
        {"sessions of an owner", "GET", "/users/owner/sessions", host.udo, "",
         [](const Caller& c) { c.list_sessions("owner"); }},
        {"end an owner's sessions", "DELETE", "/users/owner/sessions", host.udo, "",
         [](const Caller& c) { c.end_sessions("owner"); }},
        {"a bad search", "GET", "/users?q=status:king&limit=-1", host.owner, "",
         [](const Caller& c) {
             c.list_users({"status:king", "", -1, 0});
         }},
    };
    for (const Row& row : rows) {
        INFO(row.title);
        const std::string before = host.snapshot(), start = host.last_entry();
        const Answer http = host.server.send(row.method, row.path, row.token, row.body);
        REQUIRE(http.status >= 400);
        const std::string http_entries = host.entries_since(start), middle = host.last_entry();
        const Caller caller = host.as(row.token);
        const Refused direct = refusal_of([&] { row.call(caller); });
        CHECK(direct.status == http.status);
        CHECK(direct.body == http.body);
        CHECK(host.entries_since(middle) == http_entries);
        CHECK(host.snapshot() == before);
    }
}

TEST_CASE(
    "the entry of a call has no address, a request id of its own, and for the host no actor") {
    Host host;
    host.system().rename_user("bob", "robert");
    const std::string columns =
        "SELECT actor_id, ip, user_agent, resource_type, action, resource_target, status_code "
        "FROM audit_logs ORDER BY entry DESC LIMIT 1";
    const std::string id_query = "SELECT request_id FROM audit_logs ORDER BY entry DESC LIMIT 1";
    CHECK(host.sql(columns) == "NULL|||user|write|robert|200");
    const std::string first_id = host.sql(id_query);
    CHECK(coder_users::parse_uuid(first_id));
    CHECK(first_id != nil_id);

    host.as(host.owner).rename_user("robert", "bob");
    CHECK(host.sql(columns) == host.id_of("owner") + "|||user|write|bob|200");
    CHECK(host.sql(id_query) != first_id);
    // Entries of the host are read like all others.
    const Answer log = host.server.send("GET", "/audit?q=resource_target:robert", host.owner);
    CHECK(log.status == 200);
    CHECK(parse(log.body)["audit_logs"][0]["user"].text() == "null");
}

TEST_CASE("an identity counts for what it is now, not for what it was when it was checked") {
    Host host;
    const Identity udo = host.service().authenticate(host.udo);
    const Caller caller = host.service().as(udo);
    caller.rename_user("bob", "robert");
    host.system().set_roles("udo", {});
    CHECK(refusal_of([&] { caller.rename_user("robert", "bob"); }).body == no_user("robert"));
    host.system().suspend_user("udo");
    CHECK(refusal_of([&] { caller.find_user("me"); }).status == 401);
    host.system().activate_user("udo");
    CHECK(caller.find_user("me").username == "udo");

    Identity forged = host.service().authenticate(host.bob);
    forged.user.roles = {"owner"};
    CHECK(refusal_of([&] { host.service().as(forged).find_user("carl"); }).status == 404);
    forged.user.id = host.id_of("owner");
    CHECK(refusal_of([&] { host.service().as(forged).find_user("carl"); }).body == bad_key);
    CHECK(refusal_of([&] { host.service().as(Identity{}).find_user("carl"); }).status == 401);

    host.server.advance(std::chrono::hours(24 * 365));
    CHECK(refusal_of([&] { caller.find_user("me"); }).status == 401);
    CHECK_NOTHROW(host.system().find_user("udo"));
}

TEST_CASE("the host is nobody: it has no user, and no user becomes it") {
    Host host;
    const Caller system = host.system();
    CHECK(refusal_of([&] { system.find_user("me"); }).status == 404);
    CHECK(refusal_of([&] { system.find_user(""); }).status == 404);
    CHECK(refusal_of([&] { system.find_user(nil_id); }).status == 404);
    CHECK(refusal_of([&] { system.suspend_user("owner"); }).status == 400);
    CHECK(system.set_roles("udo", {}).roles.empty());
    CHECK(host.service().authenticate(host.udo).user.roles.empty());
    CHECK_FALSE(host.service().authenticate(host.bob).is_system());
}

TEST_CASE("a limited key acts in the process as over HTTP") {
    Host host;
    KeyRow key;
    key.scope = "application_connect";
    const Identity limited = host.service().authenticate(host.add_key("owner", key));
    const Caller caller = host.service().as(limited);
    CHECK(caller.find_user("me").username == "owner");
    CHECK(refusal_of([&] { caller.find_user("bob"); }).body == forbidden_answer);
    CHECK(refusal_of([&] { caller.list_users(); }).body == forbidden_answer);
    CHECK(host.service().may(limited, Action::read_user, "me"));
    CHECK_FALSE(host.service().may(limited, Action::read_user, "bob"));
    CHECK_FALSE(host.service().may(limited, Action::create_users));
}

TEST_CASE("may() says what the calls would do") {
    Host host;
    auto& service = host.service();
    const Identity owner = service.authenticate(host.owner), bob = service.authenticate(host.bob);
    const Identity udo = service.authenticate(host.udo);
    CHECK(service.may(owner, Action::manage_user, "bob"));
    CHECK(service.may(udo, Action::manage_user, "bob"));
    CHECK_FALSE(service.may(udo, Action::manage_user, "owner"));
    CHECK_FALSE(service.may(bob, Action::edit_user, "carl"));
    CHECK(service.may(bob, Action::edit_user, "me"));
    CHECK(service.may(bob, Action::edit_user, host.id_of("bob")));
    CHECK_FALSE(service.may(owner, Action::edit_user, "nobody"));
    CHECK(service.may(owner, Action::create_users));
    CHECK_FALSE(service.may(bob, Action::create_users));
    CHECK(service.may(Identity::system(), Action::manage_user, "owner"));
    CHECK_FALSE(service.may(Identity::system(), Action::act_as_user, "bob"));
    CHECK_FALSE(service.may(Identity{}, Action::read_user, "bob"));
    host.system().suspend_user("bob");
    CHECK_FALSE(service.may(bob, Action::edit_user, "me"));
}

TEST_CASE("the token of a request is found where HTTP finds it, behind the cross-origin rule") {
    Host host;
    auto& service = host.service();
    const auto name_in = [&](const std::string& method, const HeaderList& headers) {
        return service.authenticate(coder_users::Request{method, "/", headers}).user.username;
    };
    CHECK(name_in("GET", {{"Coder-Session-Token", host.bob}}) == "bob");
    CHECK(name_in("POST", {{"authorization", "Bearer " + host.bob}}) == "bob");
    CHECK(name_in("GET", {{"Cookie", "coder_session_token=" + host.bob},
                          {"Origin", "http://evil.example"}}) == "bob");
    CHECK(refusal_of([&] {
              name_in("POST", {{"Cookie", "coder_session_token=" + host.bob},
                               {"Origin", "http://evil.example"}});
          }).status == 403);
    CHECK(refusal_of([&] { name_in("GET", {}); }).body == no_session);
}

TEST_CASE("after stop() calls throw 503, and a service that was moved from says so") {
    Host host;
    const Identity bob = host.service().authenticate(host.bob);
    const Caller caller = host.system();
    host.service().stop();
    CHECK(refusal_of([&] { caller.find_user("bob"); }).status == 503);
    CHECK(refusal_of([&] { caller.rename_user("bob", "robert"); }).status == 503);
    CHECK(refusal_of([&] { caller.set_password("bob", "an0ther-Horse"); }).status == 503);
    CHECK(refusal_of([&] { host.service().may(bob, Action::read_user, "me"); }).status == 503);
    CHECK(refusal_of([&] { host.service().authenticate(host.bob); }).status == 503);
    CHECK(host.service().handle({"GET", "/healthz"}).status == 503);

    auto first = coder_users::start(in_memory());
    const Caller of_first = first.as(Identity::system());
    coder_users::Service second(std::move(first));
    CHECK(of_first.list_users().count == 0);
    CHECK_THROWS_AS(first.url(), std::logic_error);
    CHECK_THROWS_AS(first.as(Identity::system()), std::logic_error);
    CHECK_NOTHROW(first.stop());
}

TEST_CASE("callers on many threads get through together") {
    Host host;
    const auto answers = all_at_once(8, [&](std::size_t i) {
        const std::string name = "many" + std::to_string(i);
        const Caller system = host.system();
        const User made = system.create_user(new_user(name));
        system.make_token(name);
        system.rename_user(made.id, name + "x");
        Answer answer;
        answer.status = system.find_user(name + "x").id == made.id ? 200 : 500;
        return answer;
    });
    CHECK(count_statuses(answers) == StatusCounts{{200, 8}});
    CHECK(host.system().list_users({"many", "", 0, 0}).count == 8);
}

TEST_CASE("a host and its users keep organizations and members") {
    Host host;
    const Caller system = host.system(), owner = host.as(host.owner);
    const std::string bob = host.id_of("bob");
    const coder_users::Organization crew = system.create_organization({"crew", "", "d", ""});
    CHECK(crew.display_name == "crew");
    CHECK_FALSE(crew.is_default);
    CHECK(system.list_members("crew").count == 0);
    CHECK(system.find_organization("default").id == host.organization);
    CHECK(host.sql("SELECT actor_id IS NULL, resource_type, action FROM audit_logs ORDER BY entry "
                   "DESC LIMIT 1") == "1|organization|create");

    coder_users::UpdateOrganization changes;
    changes.display_name = "The Crew";
    changes.description = "";
    const coder_users::Organization changed = owner.update_organization("CREW", changes);
    CHECK(changed.name == "crew");
    CHECK(changed.display_name == "The Crew");
    CHECK(changed.description.empty());

    const coder_users::OrganizationMember joined = owner.add_member(crew.id, "bob");
    CHECK(joined.user_id == bob);
    CHECK(joined.roles.empty());
    coder_users::FindUsers which;
    which.query = "bo";
    const coder_users::MemberPage page = owner.list_members("crew", which);
    REQUIRE(page.members.size() == 1);
    CHECK(page.count == 1);
    CHECK(page.members[0].user.username == "bob");
    CHECK(page.members[0].membership.organization_id == crew.id);
    CHECK(host.as(host.bob).list_members("default").count == 1);

    CHECK(refusal_of([&] { owner.add_member("crew", "bob"); }).status == 400);
    CHECK(refusal_of([&] { owner.add_member("crew", "nobody"); }).body == not_found_answer);
    CHECK(refusal_of([&] { host.as(host.bob).delete_organization("crew"); }).body ==
          forbidden_answer);
    CHECK(refusal_of([&] {
              host.as(host.bob).create_organization({"x", "", "", ""});
          }).body == forbidden_answer);
    CHECK(refusal_of([&] {
              owner.create_organization({"new", "", "", ""});
          }).body == broken({{"name", "organization_name", "new"}}));
    CHECK(refusal_of([&] { owner.find_organization("nothing"); }).status == 400);
    CHECK(refusal_of([&] { host.as(host.bob).remove_member("crew", "bob"); }).body ==
          message("cannot remove self from an organization"));

    system.remove_member("crew", bob);
    CHECK(host.as(host.owner).find_user("bob").organization_ids ==
          std::vector<std::string>{host.organization});
    system.delete_organization("crew");
    CHECK(refusal_of([&] { owner.find_organization(crew.id); }).body == not_found_answer);
    CHECK(refusal_of([&] { system.delete_organization("default"); }).body ==
          message("Default organization cannot be deleted."));
}
