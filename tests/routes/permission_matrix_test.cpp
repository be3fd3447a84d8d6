// docs/contract/roles.md, "Permission matrix": every row, every kind of caller.
#include <array>
#include <map>

#include "operations.hpp"
#include "people.hpp"
#include "route_table.hpp"

using namespace coder_users_test;

namespace {

const std::array<std::vector<std::string>, callers::kinds> callers_of_kind{
    {{"anonymous"},
     {"self"},
     {"member", "organization-admin"},
     {"auditor", "template-admin"},
     {"user-admin"},
     {"user-admin of owner"},
     {"owner"}}};

const std::string not_visible = "Resource not found or you do not have access to this resource";

/// The rows whose answer depends on the caller or that need a session, and a path that there is
/// not.
const std::vector<OperationRow>& matrix() {
    static const std::vector<OperationRow> rows = [] {
        std::vector<OperationRow> chosen;
        for (const OperationRow& row : operations())
            if (row.statuses != Statuses{}) chosen.push_back(row);
        chosen.push_back(OperationRow("", "GET /users/{user}/nosuch")
                             .may({401, 404, 404, 404, 404, 404, 404})
                             .refuses_self("Route not found."));
        return chosen;
    }();
    return rows;
}

bool is_about(const OperationRow& row, const char* part) {
    return row.path.find(part) != std::string::npos;
}

/// The release that the refusals of the operation are those of.
coder_users::Release release_of(const OperationRow& row) {
    for (const coder_users::http::Route& route : route_table())
        if (route.operation_id() == row.id) return route.operation.answered_as({});
    return {};
}

/// A 403 with this text.
std::string refusal_of(const OperationRow& row, const std::string& text) {
    return text == "Forbidden." ? forbidden_as_of(release_of(row)) : message(text);
}

/// Whether a request may change something.
bool changes(const OperationRow& row, int status) { return status < 300 && row.method != "GET"; }

/// What a caller gets, who is of this kind.
int status_for(const OperationRow& row, std::size_t kind, const std::string& caller) {
    if (caller == "template-admin" && row.template_admin) return row.template_admin;
    if (caller == "organization-admin" && row.organization_admin) return row.organization_admin;
    return row.statuses[kind];
}

/// What somebody with this role gets on itself.
int status_on_oneself(const OperationRow& row, const std::string& role) {
    const bool in_organization = is_about(row, "{organization}");
    const bool manages = role == "owner" || role == "user-admin" ||
                         (in_organization && role == "organization-admin");
    return manages && row.self_who_manages ? row.self_who_manages : row.statuses[callers::self];
}

/// Callers and targets of every kind: permanent ones, and new ones for requests that change them.
class Stage {
 public:
    // New users join the oldest organization, which those that the matrix creates must not be.
    Stage() { world.execute("UPDATE organizations SET created_at = created_at - 1"); }

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

    Answer send(const OperationRow& row, const std::string& user, const Person& target,
                const std::string& token) {
        std::string path = row.path + row.query;
        for (const auto& [name, value] : HeaderList{{"{user}", user},
                                                    {"{keyid}", target.key_id},
                                                    {"{keyname}", "by-hand"},
                                                    {"{organization}", "default"},
                                                    {"{organizationname}", "owner"}})
            path = with(std::move(path), name, value);
        return world.server.send(row.method, path, token,
                                 with(row.body, "{fresh}", fresh_name("f")));
    }

    People world;

 private:
    std::size_t count_ = 100;
    std::map<std::string, Person> usual_;
};

}  // namespace

TEST_CASE("the permission matrix") {
    Stage stage;
    for (const OperationRow& row : matrix())
        for (std::size_t kind = 0; kind < callers::kinds; ++kind)
            for (const std::string& caller : callers_of_kind[kind]) {
                INFO(row.method << " " << row.path << " by " << caller);
                const int expected = status_for(row, kind, caller);
                const auto target =
                    stage.person(changes(row, expected),
                                 kind == callers::on_owner ? "owner" : "member", "target");
                const auto actor =
                    kind == callers::self ? target
                    : kind == callers::anonymous
                        ? Stage::Person{}
                        : stage.person(row.path == "/users/logout",
                                       kind == callers::on_owner ? "user-admin" : caller, "actor");
                const std::string before = expected < 300 ? "" : stage.world.snapshot();
                const Answer answer = stage.send(row, target.name, target, actor.token);
                CHECK(answer.status == expected);
                if (expected < 300) continue;
                CHECK(stage.world.snapshot() == before);
                if (expected == 401)
                    CHECK(answer.body == no_session);
                else if (kind == callers::member && expected == 404 &&
                         !is_about(row, "{organization}"))
                    CHECK(answer.body == no_user_as_of(release_of(row), target.name));
                else if (expected == 404)
                    CHECK(answer.body == message(row.id.empty() ? row.self_text : not_visible));
                else if (expected != 409 && kind == callers::self)
                    CHECK(answer.body == refusal_of(row, row.self_text));
                else if (expected == 403 &&
                         (kind == callers::on_plain_user || kind == callers::owner) &&
                         !row.refusal_of_all.empty())
                    CHECK(answer.body == refusal_of(row, row.refusal_of_all));
                else if (expected == 403)
                    CHECK(answer.body == refusal_of(row, row.refusal));
            }
}

TEST_CASE("rules about oneself hold for every role") {
    Stage stage;
    for (const std::string role :
         {"member", "organization-admin", "auditor", "template-admin", "user-admin", "owner"})
        for (const OperationRow& row : matrix()) {
            if (!is_about(row, "{user}")) continue;
            INFO(role << " " << row.method << " " << row.path);
            const int expected = status_on_oneself(row, role);
            const auto actor = stage.person(changes(row, expected), role, "actor");
            const Answer answer = stage.send(row, "me", actor, actor.token);
            CHECK(answer.status == expected);
            if (expected == row.statuses[callers::self] && (expected == 400 || expected == 403))
                CHECK(answer.body == refusal_of(row, row.self_text));
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
        for (const OperationRow& row : matrix()) {
            INFO(row.method << " " << row.path);
            const auto& actor = suspended ? inactive : limited;
            const bool own_user = row.method == "GET" && row.path == "/users/{user}";
            const Answer answer = stage.send(row, "me", actor, actor.token);
            CHECK(answer.status == (row.open()  ? row.statuses[callers::anonymous]
                                    : suspended ? 401
                                    : own_user  ? 200
                                                : 403));
            if (row.guarded() && !suspended && !own_user)
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

TEST_CASE("the permission matrix has a row for every operation that needs a session") {
    for (const coder_users::http::Route& route : route_table()) {
        INFO(route.operation_id() << " does not say in tests/operations.cpp who may");
        const OperationRow* const row = operation_row(route.operation_id());
        REQUIRE(row);
        CHECK((row->statuses[callers::anonymous] == 401) == route.guarded());
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
