// docs/contract/roles.md, "Permission matrix": every row, every kind of caller.
#include <array>
#include <set>

#include "people.hpp"
#include "route_table.hpp"

using namespace coder_users_test;

namespace {

constexpr std::size_t kinds = 7;
const std::array<std::vector<std::string>, kinds> callers_of_kind{{{"anonymous"},
                                                                   {"self"},
                                                                   {"member", "organization-admin"},
                                                                   {"auditor", "template-admin"},
                                                                   {"user-admin"},
                                                                   {"user-admin of owner"},
                                                                   {"owner"}}};

/// A row of the matrix: a status for each column of docs/contract/roles.md, "Permission matrix".
struct MatrixRow {
    std::string method, path, body;
    std::array<int, kinds> statuses;  // anon, self, member, reader, user-admin 2x, owner
    std::string self_text = {};       ///< the text when the target is the caller
    std::string refusal = "Forbidden.";
    std::string refusal_of_all = {};  ///< the text for those who may, where nobody succeeds
};

const std::string both_passwords =
    R"({"old_password":"correct-Horse-9","password":"another-Horse-10"})";
const std::string not_visible = "Resource not found or you do not have access to this resource";

const std::string no_quiet_hours =
    "Users cannot set custom quiet hours schedule due to deployment configuration.";

const std::vector<MatrixRow> matrix{
    {"GET", "/users/{user}", "", {401, 200, 404, 200, 200, 200, 200}},
    {"DELETE",
     "/users/{user}",
     "",
     {401, 403, 404, 403, 200, 403, 200},
     "You cannot delete yourself!"},
    {"PUT",
     "/users/{user}/profile",
     R"({"username":"{fresh}"})",
     {401, 200, 404, 403, 200, 403, 200}},
    {"PUT",
     "/users/{user}/email",
     R"({"email":"{fresh}@example.org"})",
     {401, 403, 404, 403, 200, 403, 200},
     "Forbidden."},
    {"PUT",
     "/users/{user}/appearance",
     R"({"theme_preference":"x"})",
     {401, 200, 404, 403, 200, 403, 200}},
    {"GET", "/users/{user}/appearance", "", {401, 200, 404, 403, 200, 403, 200}},
    {"GET", "/users/{user}/preferences", "", {401, 200, 404, 403, 200, 403, 200}},
    {"PUT",
     "/users/{user}/preferences",
     R"({"thinking_display_mode":"preview"})",
     {401, 200, 404, 403, 200, 403, 200}},
    {"GET", "/users/{user}/notifications/preferences", "", {401, 200, 404, 403, 403, 403, 200}},
    {"PUT",
     "/users/{user}/notifications/preferences",
     R"({"template_disabled_map":{"11111111-1111-1111-1111-111111111111":true}})",
     {401, 200, 404, 403, 403, 403, 200}},
    {"GET", "/users/{user}/quiet-hours", "", {401, 200, 404, 403, 200, 403, 200}},
    {"PUT",
     "/users/{user}/quiet-hours",
     R"({"schedule":"CRON_TZ=UTC 0 1 * * *"})",
     {401, 403, 404, 403, 403, 403, 403},
     no_quiet_hours,
     "Forbidden.",
     no_quiet_hours},
    {"GET",
     "/users/{user}/autofill-parameters?template_id=11111111-1111-1111-1111-111111111111",
     "",
     {401, 200, 404, 403, 200, 403, 200}},
    {"PUT", "/users/{user}/password", both_passwords, {401, 204, 404, 403, 204, 403, 204}},
    {"PUT",
     "/users/{user}/status/suspend",
     "",
     {401, 400, 404, 403, 200, 403, 200},
     "You cannot suspend yourself."},
    {"PUT", "/users/{user}/status/activate", "", {401, 403, 404, 403, 200, 403, 200}, "Forbidden."},
    {"GET", "/users/{user}/roles", "", {401, 200, 404, 403, 200, 200, 200}},
    {"PUT",
     "/users/{user}/roles",
     R"({"roles":["auditor"]})",
     {401, 400, 404, 403, 400, 400, 200},
     "You cannot change your own roles."},
    {"GET",
     "/users/{user}/login-type",
     "",
     {401, 200, 404, 403, 403, 403, 403},
     "",
     "You are not authorized to view this user's login type."},
    {"POST",
     "/users/{user}/convert-login",
     R"({"to_type":"github","password":"correct-Horse-9"})",
     {401, 201, 404, 403, 403, 403, 403}},
    {"GET", "/users/{user}/organizations", "", {401, 200, 404, 200, 200, 200, 200}},
    {"GET", "/users/{user}/organizations/owner", "", {401, 200, 404, 200, 200, 200, 200}},
    {"GET", "/users/{user}/gitsshkey", "", {401, 200, 404, 403, 200, 403, 200}},
    {"PUT", "/users/{user}/gitsshkey", "", {401, 200, 404, 403, 200, 403, 200}},
    {"POST", "/users/{user}/keys", "", {401, 201, 404, 403, 403, 403, 201}},
    {"POST", "/users/{user}/keys/tokens", "{}", {401, 201, 404, 403, 403, 403, 201}},
    {"GET", "/users/{user}/keys/tokens", "", {401, 200, 404, 200, 200, 200, 200}},
    {"GET", "/users/{user}/keys/tokens/tokenconfig", "", {401, 200, 404, 200, 200, 200, 200}},
    {"GET", "/users/{user}/keys/tokens/by-hand", "", {401, 200, 404, 404, 404, 404, 200}},
    {"GET", "/users/{user}/keys/{keyid}", "", {401, 200, 404, 404, 404, 404, 200}},
    {"DELETE", "/users/{user}/keys/{keyid}", "", {401, 204, 404, 404, 404, 404, 204}},
    {"PUT", "/users/{user}/keys/{keyid}/expire", "", {401, 204, 404, 404, 404, 404, 204}},
    {"GET", "/users/{user}/sessions", "", {401, 200, 404, 403, 200, 403, 200}},
    {"DELETE", "/users/{user}/sessions", "", {401, 204, 404, 403, 204, 403, 204}},
    {"GET", "/users/{user}/nosuch", "", {401, 404, 404, 404, 404, 404, 404}, "Route not found."},
    // without {user}: the status for a caller of each kind
    {"GET", "/users", "", {401, 200, 200, 200, 200, 200, 200}},
    {"POST",
     "/users",
     R"({"email":"{fresh}@example.org","username":"{fresh}","login_type":"none"})",
     {401, 403, 403, 403, 201, 201, 201},
     "You are not authorized to create users.",
     "You are not authorized to create users."},
    {"GET", "/users/roles", "", {401, 200, 200, 200, 200, 200, 200}},
    {"GET", "/audit", "", {401, 403, 403, 200, 403, 403, 200}, "Forbidden."},
    {"POST", "/authcheck", "{}", {401, 200, 200, 200, 200, 200, 200}},
    {"POST", "/users/logout", "", {401, 200, 200, 200, 200, 200, 200}},
    // public: the caller does not matter
    {"GET", "/users/authmethods", "", {200, 200, 200, 200, 200, 200, 200}},
    {"GET", "/users/first", "", {200, 200, 200, 200, 200, 200, 200}},
    {"POST",
     "/users/first",
     R"({"email":"{fresh}@example.org","username":"{fresh}","password":"correct-Horse-9"})",
     {409, 409, 409, 409, 409, 409, 409}},
    {"POST",
     "/users/login",
     R"({"email":"owner@example.org","password":"correct-Horse-9"})",
     {201, 201, 201, 201, 201, 201, 201}},
};

std::string put(std::string text, const std::string& name, const std::string& value) {
    for (std::size_t at; (at = text.find(name)) != std::string::npos;)
        text.replace(at, name.size(), value);
    return text;
}

/// The release that the refusals of the row's operation are those of.
coder_users::Release release_of(const MatrixRow& row) {
    const std::string path = row.path.substr(0, row.path.find('?'));
    for (const coder_users::http::Route& route : route_table())
        if (to_string(route.verb) == row.method && route.path == path)
            return route.operation.answered_as({});
    return {};
}

/// A 403 with this text.
std::string refusal_of(const MatrixRow& row, const std::string& text) {
    return text == "Forbidden." ? forbidden_as_of(release_of(row)) : message(text);
}

/// Whether a request may change something.
bool changes(const MatrixRow& row, int status) { return status < 300 && row.method != "GET"; }

/// Callers and targets of every kind: permanent ones, and new ones for requests that change them.
class Stage {
 public:
    struct Person {
        std::string name, token;
        std::string key_id = {};
    };
    Person fresh(const std::string& role) {
        const std::string name = fresh_name("p"), id = world.server.create(world.owner, name);
        world.execute("UPDATE users SET status = 'active' WHERE id = '" + id + "'");
        if (role == "organization-admin")
            world.make_organization_admin(name);
        else if (role != "member")
            world.give_role(name, role);
        KeyRow key;
        const std::string number = std::to_string(++count_);
        key.id = "K" + std::string(9 - number.size(), '0') + number;
        return {name, world.add_key(name, key), key.id};
    }
    const Person& usual(const std::string& role, const std::string& part) {
        const auto found = usual_.find(role + part);
        if (found != usual_.end()) return found->second;
        return usual_.emplace(role + part, fresh(role)).first->second;
    }
    Person person(bool is_fresh, const std::string& role, const std::string& part) {
        return is_fresh ? fresh(role) : usual(role, part);
    }
    std::string fresh_name(const std::string& prefix) { return prefix + std::to_string(++count_); }

    Answer send(const MatrixRow& row, const std::string& user, const Person& target,
                const std::string& token) {
        return world.server.send(row.method,
                                 put(put(row.path, "{user}", user), "{keyid}", target.key_id),
                                 token, put(row.body, "{fresh}", fresh_name("f")));
    }

    People world;

 private:
    std::size_t count_ = 100;
    std::map<std::string, Person> usual_;
};

}  // namespace

TEST_CASE("the permission matrix") {
    Stage stage;
    for (const MatrixRow& row : matrix)
        for (std::size_t kind = 0; kind < kinds; ++kind)
            for (const std::string& caller : callers_of_kind[kind]) {
                INFO(row.method << " " << row.path << " by " << caller);
                const bool self = caller == "self", anonymous = caller == "anonymous";
                const bool on_owner = caller == "user-admin of owner";
                int expected = row.statuses[kind];
                if (caller == "template-admin" && row.path == "/audit") expected = 403;
                const auto target =
                    stage.person(changes(row, expected), on_owner ? "owner" : "member", "target");
                const auto actor = self ? target
                                   : anonymous
                                       ? Stage::Person{}
                                       : stage.person(row.path == "/users/logout",
                                                      on_owner ? "user-admin" : caller, "actor");
                const std::string before = expected < 300 ? "" : stage.world.snapshot();
                const Answer answer = stage.send(row, target.name, target, actor.token);
                CHECK(answer.status == expected);
                if (expected < 300) continue;
                CHECK(stage.world.snapshot() == before);
                if (expected == 401)
                    CHECK(answer.body == no_session);
                else if (kind == 2 && expected == 404)
                    CHECK(answer.body == no_user_as_of(release_of(row), target.name));
                else if (expected == 404)
                    CHECK(answer.body ==
                          message(row.self_text.empty() ? not_visible : row.self_text));
                else if (expected != 409 && self)
                    CHECK(answer.body == message(row.self_text));
                else if (expected == 403 && (kind == 4 || kind == 6) && !row.refusal_of_all.empty())
                    CHECK(answer.body == refusal_of(row, row.refusal_of_all));
                else if (expected == 403)
                    CHECK(answer.body == refusal_of(row, row.refusal));
            }
}

TEST_CASE("rules about oneself hold for every role") {
    Stage stage;
    for (const std::string role :
         {"member", "organization-admin", "auditor", "template-admin", "user-admin", "owner"})
        for (const MatrixRow& row : matrix) {
            if (row.path.find("{user}") == std::string::npos) continue;
            INFO(role << " " << row.method << " " << row.path);
            const bool for_managers = row.path.find("activate") != std::string::npos ||
                                      row.path.find("email") != std::string::npos;
            const bool manages = role == "owner" || role == "user-admin";
            const int expected = for_managers && manages ? 200 : row.statuses[1];
            const auto actor = stage.person(changes(row, expected), role, "actor");
            const Answer answer = stage.send(row, "me", actor, actor.token);
            CHECK(answer.status == expected);
            if (expected == 400 || expected == 403) CHECK(answer.body == message(row.self_text));
        }
}

TEST_CASE("footnotes of the permission matrix") {
    Stage stage;
    const auto udo = stage.fresh("user-admin"), second = stage.fresh("owner"),
               bob = stage.fresh("member");
    const auto send = [&](const std::string& path, const std::string& token,
                          const std::string& body) {
        return stage.world.server.send("PUT", "/users/" + path, token, body).status;
    };
    // (c)
    CHECK(send(second.name + "/status/suspend", stage.world.owner, "") == 400);
    // (f)
    for (const std::string same : {R"({"roles":["owner"]})", R"({"roles":["owner","member"]})",
                                   R"({"roles":["owner","owner"]})"})
        CHECK(send(second.name + "/roles", udo.token, same) == 200);
    for (const std::string same : {R"({})", R"({"roles":["member"]})", R"({"roles":[]})"})
        CHECK(send("carl/roles", udo.token, same) == 200);
    // (h), (i): organizations of others
    CHECK(stage.world.server.send("GET", "/users/" + bob.name + "/keys/tokens", udo.token).body ==
          "[]\n");
    stage.world.execute("DELETE FROM organization_members WHERE user_id = '" +
                        stage.world.id_of(udo.name) + "'");
    const std::string outsider = stage.world.log_in(udo.name);
    CHECK(stage.world.server.send("GET", "/users/" + bob.name + "/organizations", outsider).body ==
          "[]\n");
    CHECK(stage.world.server.send("GET", "/users/" + bob.name + "/organizations/owner", outsider)
              .body == not_found_answer);
    // a member and an organization admin see only themselves
    CHECK(parse(stage.world.server.send("GET", "/users", stage.world.oda).body)["count"].text() ==
          "1");
}

TEST_CASE("limited keys and suspended callers in the permission matrix") {
    Stage stage;
    const auto limited = stage.fresh("owner"), inactive = stage.fresh("owner");
    stage.world.execute("UPDATE api_keys SET scopes = 'coder:application_connect' WHERE id = '" +
                        limited.key_id + "'");
    stage.world.execute("UPDATE users SET status = 'suspended' WHERE username = '" + inactive.name +
                        "'");
    for (const bool suspended : {false, true})
        for (const MatrixRow& row : matrix) {
            INFO(row.method << " " << row.path);
            const auto& actor = suspended ? inactive : limited;
            const bool open = row.statuses[0] != 401;
            const bool own_user = row.method == "GET" && row.path == "/users/{user}";
            const Answer answer = stage.send(row, "me", actor, actor.token);
            CHECK(answer.status == (open        ? row.statuses[0]
                                    : suspended ? 401
                                    : own_user  ? 200
                                                : 403));
            if (!open && !suspended && !own_user)
                CHECK(answer.body == forbidden_as_of(release_of(row)));
        }
}

TEST_CASE("set-up is open once") {
    TestServer server;
    const std::string body =
        R"({"email":"a@example.org","username":"a","password":"correct-Horse-9"})";
    CHECK(server.send("GET", "/users/first").status == 404);
    CHECK(server.send("POST", "/users/first", "", body).status == 201);
    CHECK(server.send("GET", "/users/first").status == 200);
    CHECK(server.send("POST", "/users/first", "", body).status == 409);
}

TEST_CASE("the permission matrix has a row for every operation on a user") {
    std::set<std::string> rows;
    for (const MatrixRow& row : matrix)
        rows.insert(row.method + " " + row.path.substr(0, row.path.find('?')));
    for (const coder_users::http::Route& route : route_table()) {
        const std::string path =
            put(put(route.path, "{keyname}", "by-hand"), "{organizationname}", "owner");
        const std::string name = std::string(to_string(route.verb)) + " " + path;
        INFO(name << " (" << route.operation_id() << ") has no row in the matrix");
        if (path.find("{user}") != std::string::npos) CHECK(rows.count(name) == 1);
    }
}

TEST_CASE("a user-admin manages no admin of an organization unless it is one there, too") {
    People world;
    const std::string oda = world.id_of("oda");
    const std::string second = "5a0e7c1a-5a4e-4f57-9a3e-0123456789ab";
    world.execute(
        "INSERT INTO organizations (id, name, name_folded, created_at, updated_at) VALUES ('" +
        second + "', 'two', 'two', 1, 1)");
    world.execute("INSERT INTO organization_members VALUES ('" + oda + "', '" + second +
                  "', 2, 2)");
    world.execute("INSERT INTO organization_member_roles VALUES ('" + oda + "', '" + second +
                  "', 'organization-member:" + second + "')");
    const std::string public_key =
        world.sql("SELECT public_key FROM git_ssh_keys WHERE user_id = '" + oda + "'");
    const std::string new_password = R"({"password":"another-Horse-10"})";
    const auto rows = [&] {
        return std::vector<Row>{
            {"password", "PUT", "/users/oda/password", world.udo, new_password, 403,
             forbidden_answer, "user|write|oda|403"},
            {"suspend", "PUT", "/users/oda/status/suspend", world.udo, "", 403, forbidden_answer,
             "user|write|oda|403"},
            {"activate", "PUT", "/users/" + oda + "/status/activate", world.udo, "", 403,
             forbidden_answer, "user|write|oda|403"},
            {"delete", "DELETE", "/users/oda", world.udo, "", 403, forbidden_answer,
             "user|delete|oda|403"},
            {"profile", "PUT", "/users/oda/profile", world.udo, R"({"username":"other"})", 403,
             forbidden_answer, "user|write|oda|403"},
            {"e-mail", "PUT", "/users/oda/email", world.udo, R"({"email":"o@example.org"})", 403,
             forbidden_answer, "user|write|oda|403"},
            {"appearance", "PUT", "/users/oda/appearance", world.udo,
             R"({"theme_preference":"dark"})", 403, forbidden_answer, "user|write|oda|403"},
            {"Git SSH key", "GET", "/users/oda/gitsshkey", world.udo, "", 403, forbidden_answer},
            {"a new Git SSH key", "PUT", "/users/oda/gitsshkey", world.udo, "", 403,
             forbidden_answer, "git_ssh_key|write|" + public_key + "|403"},
        };
    };
    const auto answered = [&](const std::string& action) {
        return parse(
                   world.server
                       .send("POST", "/authcheck", world.udo,
                             R"({"checks":{"k":{"object":{"resource_type":"user","resource_id":")" +
                                 oda + R"("},"action":")" + action + R"("}}})")
                       .body)["k"]
            .text();
    };
    const auto udo = world.server.service().authenticate(world.udo);
    const auto may_manage = [&] {
        return world.server.service().may(udo, coder_users::Action::manage_user, "oda") &&
               world.server.service().may(udo, coder_users::Action::edit_user, oda);
    };
    check_rows(world, rows());
    CHECK(answered("update") == "false");
    CHECK(answered("delete") == "false");
    CHECK(answered("read") == "true");
    CHECK_FALSE(may_manage());
    CHECK(world.server.send("GET", "/users/oda", world.udo).status == 200);
    CHECK(parse(world.server.send("GET", "/users", world.udo).body)["count"].text() == "7");

    INFO("an admin of one of two organizations is not enough");
    world.make_organization_admin("udo");
    world.execute("UPDATE organization_member_roles SET role = 'organization-admin:" + second +
                  "' WHERE organization_id = '" + second + "'");
    check_rows(world, rows());

    INFO("an admin of both");
    world.execute("INSERT INTO organization_members VALUES ('" + world.id_of("udo") + "', '" +
                  second + "', 2, 2)");
    world.execute("INSERT INTO organization_member_roles VALUES ('" + world.id_of("udo") + "', '" +
                  second + "', 'organization-admin:" + second + "')");
    CHECK(answered("update") == "true");
    CHECK(answered("delete") == "true");
    CHECK(may_manage());
    for (const Row& row : rows()) {
        if (row.method == "DELETE" || row.title == "profile") continue;
        INFO(row.title);
        CHECK(world.server.send(row.method, row.path, world.udo, row.body).status / 100 == 2);
    }
    CHECK(world.server.send("DELETE", "/users/oda", world.udo).status == 200);
}

TEST_CASE("an organization admin in the middle of a user-admin's change is out of its reach") {
    std::function<void()> meanwhile;
    coder_users::Options options = in_memory();
    options.before = [&](const coder_users::Event&) {
        if (meanwhile) meanwhile();
        return std::optional<coder_users::Veto>();
    };
    const People world(options);
    meanwhile = [&] {
        meanwhile = nullptr;
        world.make_organization_admin("bob");
    };
    CHECK(world.server
              .send("PUT", "/users/bob/password", world.udo, R"({"password":"another-Horse-10"})")
              .body == forbidden_answer);
    CHECK_FALSE(meanwhile);
    CHECK_FALSE(world.log_in("bob").empty());
}
