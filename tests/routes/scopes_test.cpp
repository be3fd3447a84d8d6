// docs/contract/scopes.md, "What scopes cover", "Allow lists" and "Inside the operations": what
// keys with less than full power may do.
#include <map>
#include <set>
#include <sstream>

#include "operations.hpp"
#include "people.hpp"
#include "route_table.hpp"

using namespace coder_users_test;

namespace {

std::string quoted_list(const std::vector<std::string>& texts) {
    std::string list;
    for (const std::string& text : texts) list += (list.empty() ? "" : ",") + json_text(text);
    return "[" + list + "]";
}

/// A world with the owner and bob, and a token of the owner.
struct Stage : People {
    std::string key_id, bobs_key_id, bob_id, owner_id;

    Stage() {
        const Answer made =
            server.send("POST", "/users/me/keys/tokens", owner, R"({"token_name":"there"})");
        key_id = parse(made.body)["key"].text().substr(0, 10);
        const Answer bobs =
            server.send("POST", "/users/bob/keys/tokens", owner, R"({"token_name":"bobs"})");
        bobs_key_id = parse(bobs.body)["key"].text().substr(0, 10);
        bob_id = id_of("bob");
        owner_id = id_of("owner");
    }

    /// Makes a token of the owner, or of `who`, and returns its text.
    std::string token(const std::vector<std::string>& scopes,
                      const std::vector<std::string>& allow_list = {},
                      const std::string& by = "") const {
        const Answer made = server.send("POST", "/users/me/keys/tokens", by.empty() ? owner : by,
                                        "{\"scopes\":" + quoted_list(scopes) +
                                            ",\"allow_list\":" + quoted_list(allow_list) + "}");
        REQUIRE(made.status == 201);
        return parse(made.body)["key"].text();
    }

    Answer send(const std::string& method, const std::string& where, const std::string& token,
                const std::string& body = "") const {
        return server.send(method, filled(where), token, filled(body));
    }

    std::string filled(std::string text) const {
        const std::map<std::string, std::string> values{{"{organization}", organization},
                                                        {"{keyid}", key_id},
                                                        {"{bobs key}", bobs_key_id},
                                                        {"{owner}", owner_id}};
        for (const auto& [name, value] : values)
            for (auto at = text.find(name); at != std::string::npos; at = text.find(name))
                text.replace(at, name.size(), value);
        return text;
    }
};

const std::map<std::string, std::string> rights_of_letters{{"R", "user:read"},
                                                           {"P", "user:read_personal"},
                                                           {"U", "user:update_personal"},
                                                           {"W", "user:*"},
                                                           {"X", "user:*"},
                                                           {"kR", "api_key:read"},
                                                           {"kC", "api_key:create"},
                                                           {"kU", "api_key:update"},
                                                           {"kD", "api_key:delete"},
                                                           {"oR", "organization:read"},
                                                           {"oU", "organization:update"},
                                                           {"oD", "organization:delete"}};

/// What an operation needs, in the letters of the contract; "ALL"; or "" for nothing.
struct Needs {
    std::string id, method, path, body, needs;
    int status;
};

const std::string passwords = R"({"old_password":"correct-Horse-9","password":"another-Horse-10"})";

/// Requests that need something else than the good one of their operation.
const std::vector<Needs> variations{
    {"update-user-profile", "PUT", "/users/bob/profile", R"({"username":"bob"})", "R U", 200},
    {"update-user-profile", "PUT", "/users/bob/profile", R"({"username":"Bob"})", "R U W", 200},
    {"get-user-notification-preferences", "GET", "/users/me/notifications/preferences", "", "ALL",
     200},
    {"update-user-notification-preferences", "PUT", "/users/me/notifications/preferences", "{}",
     "ALL", 200},
    {"update-user-password", "PUT", "/users/me/password", passwords, "R U", 204},
    {"convert-user-from-password-to-oauth-authentication", "POST", "/users/me/convert-login",
     R"({"to_type":"oidc","password":"correct-Horse-9"})", "R U", 201},
    {"assign-role-to-user", "PUT", "/users/bob/roles", R"({"roles":[]})", "ALL", 200},
    {"create-new-session-key", "POST", "/users/me/keys", "", "ALL", 201},
    {"get-user-tokens", "GET", "/users/me/keys/tokens", "", "kR", 200},
    {"create-token-api-key", "POST", "/users/me/keys/tokens", R"({"scopes":["api_key:create"]})",
     "kC", 201},
    {"get-token-config", "GET", "/users/me/keys/tokens/tokenconfig", "", "kD", 200},
    {"get-token-config", "GET", "/users/Owner/keys/tokens/tokenconfig", "", "R", 200},
    {"get-api-key-by-token-name", "GET", "/users/me/keys/tokens/there", "", "kR", 200},
    {"get-api-key-by-id", "GET", "/users/{owner}/keys/{keyid}", "", "kR", 200},
    {"delete-api-key", "DELETE", "/users/me/keys/{keyid}", "", "kD", 204},
    {"expire-api-key", "PUT", "/users/me/keys/{keyid}/expire", "", "kR kU", 204},
    {"get-organization-by-id", "GET", "/organizations/{organization}", "", "oR", 200},
    {"update-organization", "PATCH", "/organizations/default", "{}", "oR oU", 200},
    {"get-member-roles-by-organization", "GET", "/organizations/{organization}/members/roles", "",
     "ALL", 200},
    {"assign-role-to-organization-member", "PUT", "/organizations/{organization}/members/bob/roles",
     R"({"roles":[]})", "ALL", 200},
    {"check-authorization", "POST", "/authcheck", R"({"checks":{}})", "", 200},
};

/// The good request of every operation that needs a session, by the owner, and the variations.
std::vector<Needs> needs_of_operations() {
    std::vector<Needs> all = variations;
    for (const OperationRow& row : operations()) {
        if (row.open() || row.key_needs == "?") continue;
        std::string path = row.path + row.query;
        for (const auto& [name, value] : HeaderList{{"{user}", row.user},
                                                    {"{keyid}", "{bobs key}"},
                                                    {"{keyname}", "bobs"},
                                                    {"{organization}", "default"},
                                                    {"{organizationname}", "owner"}})
            path = with(std::move(path), name, value);
        all.push_back({row.id, row.method, path, with(row.body, "{fresh}", "nora"), row.key_needs,
                       row.statuses[row.user == "me" ? callers::self : callers::owner]});
    }
    return all;
}

/// The release that the refusals of an operation are those of.
coder_users::Release release_of(const std::string& id) {
    for (const coder_users::http::Route& route : route_table())
        if (route.operation_id() == id) return route.operation.answered_as({});
    return {};
}

std::vector<std::string> scopes_for(const std::string& needs) {
    std::vector<std::string> scopes;
    std::istringstream letters(needs);
    for (std::string letter; letters >> letter;) scopes.push_back(rights_of_letters.at(letter));
    return scopes;
}

/// Everything but coder:all.
const std::vector<std::string> every_narrow_scope{
    "user:*",        "api_key:*",    "organization:*", "coder:apikeys.manage_self",
    "workspace:*",   "template:*",   "file:*",         "coder:application_connect",
    "user_secret:*", "user_skill:*", "task:*"};

}  // namespace

TEST_CASE("an operation needs every right that the contract names, and no other") {
    std::set<std::string> driven;
    for (const Needs& row : needs_of_operations()) {
        CAPTURE(row.method, row.path, row.needs);
        driven.insert(row.id);
        const Stage stage;
        const bool all = row.needs == "ALL";
        const std::vector<std::string> needed = scopes_for(all ? "" : row.needs);
        std::vector<std::vector<std::string>> too_few;
        if (all) {
            too_few = {every_narrow_scope};
        } else if (!needed.empty()) {
            too_few = {{"file:read"}};
            for (const std::string& missing : needed) {
                std::vector<std::string> rest{"file:read"};
                for (const std::string& each : needed)
                    if (each != missing && each != "user:*") rest.push_back(each);
                too_few.push_back(rest);
            }
        }
        for (const auto& scopes : too_few) {
            CAPTURE(scopes);
            const std::string token = stage.token(scopes);
            const Answer answer = stage.send(row.method, row.path, token, row.body);
            CHECK(answer.status == 403);
            CHECK(answer.body == forbidden_as_of(release_of(row.id)));
        }
        const std::vector<std::string> enough = all ? std::vector<std::string>{"coder:all"}
                                                : needed.empty()
                                                    ? std::vector<std::string>{"file:read"}
                                                    : needed;
        const Answer answer = stage.send(row.method, row.path, stage.token(enough), row.body);
        CHECK(answer.status == row.status);
    }
    for (const coder_users::http::Route& route : route_table()) {
        CAPTURE(route.operation_id());
        if (route.guarded()) CHECK(driven.count(route.operation_id()) == 1);
    }
}

TEST_CASE("unknown paths and methods need nothing of a key, but not of one for applications") {
    const Stage stage;
    const std::string token = stage.token({"user:read"});
    CHECK(stage.send("GET", "/users/me/nothing", token).body == route_not_found);
    CHECK(stage.send("PATCH", "/users/me/profile", token).status == 405);
    const std::string applications = stage.token({"coder:application_connect"});
    CHECK(stage.send("GET", "/users/me/nothing", applications).body == forbidden_answer);
    CHECK(stage.send("POST", "/authcheck", applications, R"({"checks":{}})").status == 403);
}

TEST_CASE("a key for applications reads its own user, beside its other scopes, too") {
    const Stage stage;
    const std::string alone = stage.token({"coder:application_connect"});
    CHECK(stage.send("GET", "/users/me", alone).status == 200);
    CHECK(stage.send("GET", "/users/OWNER", alone).status == 200);
    CHECK(stage.send("GET", "/users/bob", alone).body == forbidden_answer);
    const std::string beside = stage.token({"coder:application_connect", "api_key:read"});
    CHECK(stage.send("GET", "/users/me", beside).status == 200);
    CHECK(stage.send("GET", "/users/bob", beside).body == forbidden_answer);
    CHECK(stage.send("GET", "/users/me/keys/tokens", beside).status == 200);
}

TEST_CASE("a key that manages the keys of its user touches nobody else's") {
    const Stage stage;
    const std::string token = stage.token({"coder:apikeys.manage_self"});
    CHECK(stage.send("GET", "/users/me/keys/tokens", token).status == 200);
    CHECK(stage.send("GET", "/users/bob/keys/tokens", token).body == forbidden_answer);
    CHECK(stage.send("GET", "/users/nobody/keys/tokens", token).body == forbidden_answer);
    CHECK(stage.send("GET", "/users/me/keys/tokens/tokenconfig", token).status == 200);
    CHECK(stage.send("GET", "/users/me", token).body == forbidden_answer);
    stage.server.send("POST", "/users/me/keys/tokens", stage.bob, R"({"token_name":"of-bob"})");
    const std::string all = "/users/me/keys/tokens?include_all=true";
    CHECK(stage.send("GET", all, stage.owner).body.find("of-bob") != std::string::npos);
    CHECK(stage.send("GET", all, token).body.find("of-bob") == std::string::npos);
    CHECK(stage.send("GET", all, token).body.find("there") != std::string::npos);
    CHECK(stage.send("PUT", "/users/bob/keys/{keyid}/expire", token).body ==
          forbidden_as_of({2, 32}));
    CHECK(stage.send("PUT", "/users/me/keys/{keyid}/expire", token).status == 204);
    CHECK(stage.send("DELETE", "/users/me/keys/{keyid}", token).status == 204);
    CHECK(stage.sql("SELECT count(*) FROM api_keys WHERE id = '" + stage.key_id + "'") == "0");
}

TEST_CASE("users that an allow list does not have are not found and not listed") {
    const Stage stage;
    stage.server.create(stage.owner, "carol");
    const std::string bob = stage.token({"coder:all"}, {"user:" + stage.bob_id});
    CHECK(stage.send("GET", "/users/bob", bob).status == 200);
    CHECK(stage.send("GET", "/users/carol", bob).body == no_user("carol"));
    CHECK(stage.send("GET", "/users/me", bob).body == no_user("me"));
    CHECK(stage.send("PUT", "/users/carol/status/suspend", bob).status == 404);
    CHECK(stage.sql("SELECT status FROM users WHERE username = 'carol'") == "dormant");
    CHECK(stage.send("PUT", "/users/bob/status/suspend", bob).status == 200);
    const Value list = parse(stage.send("GET", "/users", bob).body);
    CHECK(list["count"].text() == "1");
    CHECK(list["users"][0]["username"].text() == "bob");
    CHECK(parse(stage.send("GET", "/users?q=carol", bob).body)["count"].text() == "0");

    const std::string none = stage.token({"coder:all"}, {"organization:*"});
    CHECK(stage.send("GET", "/users", none).body == "{\"users\":[],\"count\":0}\n");
    const std::string any = stage.token({"coder:all"}, {"user:*"});
    CHECK(parse(stage.send("GET", "/users", any).body)["count"].text() ==
          parse(stage.send("GET", "/users", stage.owner).body)["count"].text());
    // A member's list has its own row, if the key has it.
    const std::string own = stage.token({"coder:all"}, {"user:" + stage.id_of("carl")}, stage.carl);
    CHECK(parse(stage.send("GET", "/users", own).body)["count"].text() == "1");
    const std::string other = stage.token({"coder:all"}, {"user:" + stage.bob_id}, stage.carl);
    CHECK(stage.send("GET", "/users", other).body == "{\"users\":[],\"count\":0}\n");
}

TEST_CASE("keys and organizations that an allow list does not have are not found") {
    const Stage stage;
    const std::string users = stage.token({"coder:all"}, {"user:*"});
    CHECK(stage.send("GET", "/users/me/keys/{keyid}", users).status == 404);
    CHECK(stage.send("DELETE", "/users/me/keys/{keyid}", users).status == 404);
    CHECK(stage.send("PUT", "/users/me/keys/{keyid}/expire", users).status == 404);
    CHECK(stage.send("GET", "/users/me/keys/tokens", users).body == "[]\n");
    CHECK(stage.send("GET", "/organizations", users).body == "[]\n");
    CHECK(stage.send("GET", "/organizations/{organization}", users).status == 404);
    CHECK(stage.send("GET", "/users/me/organizations", users).body == "[]\n");
    CHECK(stage.send("GET", "/users/me/organizations/owner", users).status == 404);
    CHECK(stage.send("POST", "/users/me/keys/tokens", users).body == forbidden_answer);
    CHECK(stage.send("POST", "/users/logout", users).body == forbidden_answer);
    CHECK(stage.send("PATCH", "/organizations/default", users, "{}").status == 404);
    CHECK(stage.send("DELETE", "/organizations/default", users).status == 404);
    const std::string keys = stage.token({"coder:all"}, {"api_key:*"});
    CHECK(stage.send("GET", "/users/me/keys/{keyid}", keys).status == 200);
    CHECK(stage.send("GET", "/users/bob/keys/tokens", keys).body == no_user("bob"));
    const std::string organization =
        stage.token({"coder:all"}, {"organization:" + stage.organization});
    CHECK(stage.send("GET", "/organizations/{organization}", organization).status == 200);
    CHECK(stage.send("PATCH", "/organizations/default", organization, "{}").status == 200);
    CHECK(stage.send("GET", "/organizations/default/members", organization).status == 403);
    CHECK(stage.send("POST", "/users/logout", keys).status == 200);
}

TEST_CASE("claims are for keys that may touch the caller") {
    const Stage stage;
    const std::string path = "/users/oidc-claims";
    const std::string forbidden = forbidden_as_of({2, 32});
    CHECK(stage.send("GET", path, stage.token({"coder:all"}, {"api_key:*"})).body == forbidden);
    CHECK(stage.send("GET", path, stage.token({"coder:all"}, {"user:" + stage.bob_id})).body ==
          forbidden);
    CHECK(stage.send("GET", path, stage.token({"coder:all"}, {"user:" + stage.owner_id})).status ==
          400);
}

TEST_CASE("no token makes a stronger one") {
    const Stage stage;
    const std::string path = "/users/me/keys/tokens";
    const std::string maker = stage.token({"api_key:create", "user:read"}, {"api_key:*", "user:*"});
    const std::string before = stage.snapshot();
    for (const char* body :
         {"{}", R"({"scopes":["all"]})", R"({"scopes":["user:*"]})", R"({"scopes":["user:read"]})",
          R"({"scopes":["user:read"],"allow_list":["user:*","organization:*"]})",
          R"({"scopes":["user:read","file:read"],"allow_list":["user:*"]})"}) {
        CAPTURE(body);
        const Answer answer = stage.send("POST", path, maker, body);
        CHECK(answer.status == 403);
        CHECK(answer.body == forbidden_answer);
    }
    CHECK(stage.snapshot() == before);
    CHECK(stage.send("POST", path, maker, R"({"scopes":["user:read"],"allow_list":["user:*"]})")
              .status == 201);
    CHECK(stage
              .send("POST", "/users/bob/keys/tokens", maker,
                    R"({"scopes":["user:read"],"allow_list":["user:*"]})")
              .body == forbidden_answer);
    CHECK(stage.send("POST", "/users/me/keys", maker).body == forbidden_answer);
}

TEST_CASE("answers of authcheck are narrowed by the key") {
    const Stage stage;
    const auto ask = [&](const std::string& token, const std::string& object,
                         const std::string& action) {
        const Answer answer = stage.send(
            "POST", "/authcheck", token,
            R"({"checks":{"k":{"object":)" + object + R"(,"action":")" + action + "\"}}}");
        REQUIRE(answer.status == 200);
        return parse(answer.body)["k"].text();
    };
    const std::string users = R"({"resource_type":"user"})";
    const std::string bob = R"({"resource_type":"user","resource_id":")" + stage.bob_id + "\"}";
    const std::string own_keys = R"({"resource_type":"api_key","owner_id":"me"})";
    CHECK(ask(stage.owner, users, "read") == "true");
    CHECK(ask(stage.token({"user:read"}), users, "read") == "true");
    CHECK(ask(stage.token({"user:read"}), users, "update") == "false");
    const std::string listed = stage.token({"coder:all"}, {"user:" + stage.bob_id});
    CHECK(ask(listed, users, "read") == "false");
    CHECK(ask(listed, bob, "read") == "true");
    const std::string manager = stage.token({"coder:apikeys.manage_self"});
    CHECK(ask(manager, own_keys, "delete") == "true");
    CHECK(ask(manager, R"({"resource_type":"api_key"})", "delete") == "false");
}

TEST_CASE("calls in the process follow the scopes of the key") {
    Stage stage;
    coder_users::Service& service = stage.server.service();
    const coder_users::Identity reader = service.authenticate(stage.token({"user:read"}));
    CHECK_FALSE(reader.has_full_power());
    CHECK(service.authenticate(stage.owner).has_full_power());
    CHECK(reader.key.scope == coder_users::KeyScope::narrow);
    using coder_users::Action;
    CHECK(service.may(reader, Action::read_user, "bob"));
    CHECK(service.may(reader, Action::read_all_users));
    for (const Action action :
         {Action::edit_user, Action::manage_user, Action::read_user_roles, Action::use_keys,
          Action::choose_notifications, Action::act_as_user})
        CHECK_FALSE(service.may(reader, action, "owner"));
    for (const Action action : {Action::create_users, Action::read_all_keys, Action::assign_roles,
                                Action::assign_all_roles, Action::read_audit,
                                Action::read_deployment_config, Action::ignore_rate_limits})
        CHECK_FALSE(service.may(reader, action));
    CHECK(service.as(reader).find_user("bob").username == "bob");
    CHECK_THROWS_AS(service.as(reader).suspend_user("bob"), coder_users::ApiError);
    CHECK_THROWS_AS(service.as(reader).make_token("me"), coder_users::ApiError);

    const coder_users::Identity owner = service.authenticate(stage.owner);
    const coder_users::MadeKey made =
        service.as(owner).make_token("me", {"narrow", {}, {}, {"api_key:read"}, {"api_key:*"}});
    CHECK(made.key.scopes == std::vector<std::string>{"api_key:read"});
    CHECK(made.key.allow_list == std::vector<std::string>{"api_key:*"});
    CHECK(service.as(service.authenticate(made.token)).list_tokens("me").size() >= 2);
}

TEST_CASE("tokens of everybody are for keys that may read everybody") {
    const Stage stage;
    stage.server.send("POST", "/users/me/keys/tokens", stage.bob, R"({"token_name":"of-bob"})");
    const auto shows_bob = [&](const std::vector<std::string>& scopes,
                               const std::vector<std::string>& allow_list) {
        const Answer list = stage.send("GET", "/users/me/keys/tokens?include_all=true",
                                       stage.token(scopes, allow_list));
        CHECK(list.status == 200);
        CHECK(list.body.find("there") != std::string::npos);
        return list.body.find("of-bob") != std::string::npos;
    };
    CHECK(shows_bob({"api_key:read", "user:read"}, {}));
    CHECK_FALSE(shows_bob({"api_key:read"}, {}));
    CHECK_FALSE(shows_bob({"coder:all"}, {"api_key:*", "user:" + stage.owner_id}));
}

TEST_CASE("no action is allowed to a key that lacks the rights of its operations") {
    Stage stage;
    coder_users::Service& service = stage.server.service();
    const coder_users::Identity wide =
        service.authenticate(stage.token({"user:*", "api_key:*", "organization:*"}));
    CHECK_FALSE(service.may(wide, coder_users::Action::edit_user, "bob"));
    CHECK(service.may(wide, coder_users::Action::manage_user, "bob"));
    CHECK(service.may(wide, coder_users::Action::use_keys, "bob"));
}

TEST_CASE("the audit log says what a narrow key may do") {
    const Stage stage;
    stage.token({"user:read"}, {"user:*"});
    const std::string diff = stage.sql("SELECT diff FROM audit_logs ORDER BY entry DESC LIMIT 1");
    CHECK(parse(diff)["scopes"]["new"].text() == R"(["user:read"])");
    CHECK(parse(diff)["allow_list"]["new"].text() == R"(["user:*"])");
    stage.token({"coder:all"});
    CHECK_FALSE(
        parse(stage.sql("SELECT diff FROM audit_logs ORDER BY entry DESC LIMIT 1")).has("scopes"));
}
