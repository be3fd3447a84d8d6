// docs/contract/roles.md, "POST /authcheck": the table of rights and the refusals.
#include <algorithm>

#include "people.hpp"

using namespace coder_users_test;

namespace {

const std::string somebody = "11111111-1111-1111-1111-111111111111";

/// One check, its members in the order of docs/contract/roles.md, "POST /authcheck".
std::string check(const std::string& key, const std::string& type, const std::string& action,
                  const std::string& owner = "", const std::string& organization = "",
                  const std::string& resource = "", bool any_org = false) {
    return json_text(key) + ":{\"object\":{\"resource_type\":" + json_text(type) +
           ",\"owner_id\":" + json_text(owner) + ",\"organization_id\":" + json_text(organization) +
           (any_org ? ",\"any_org\":true" : "") + ",\"resource_id\":" + json_text(resource) +
           "},\"action\":" + json_text(action) + "}";
}
std::string checks(const std::vector<std::string>& list) {
    return "{\"checks\":{" + coder_users::join(list, ",") + "}}";
}
std::string upper(std::string text) {
    for (char& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

/// A row of the table of docs/contract/roles.md, "POST /authcheck" under one circumstance: what
/// each kind of caller may do.
struct Rights {
    std::string type;
    std::string owner;         ///< of the object: "me", "other", "*": either
    std::string organization;  ///< "mine", "other", "*": either; everybody is a member of "mine"
    std::string owner_may, user_admin, template_admin, auditor, organization_admin, member;
};

/// The actions of docs/contract/roles.md, "POST /authcheck", each with its letter in the table
/// below; ALL has every one.
const std::vector<std::pair<std::string, char>> actions{{"create", 'C'},
                                                        {"read", 'R'},
                                                        {"update", 'U'},
                                                        {"delete", 'D'},
                                                        {"read_personal", 'p'},
                                                        {"update_personal", 'q'},
                                                        {"assign", 'a'},
                                                        {"unassign", 'u'},
                                                        {"use", '1'},
                                                        {"ssh", '2'},
                                                        {"application_connect", '3'},
                                                        {"view_insights", '4'},
                                                        {"start", '5'},
                                                        {"stop", '6'},
                                                        {"create_agent", '7'},
                                                        {"delete_agent", '8'},
                                                        {"update_agent", '9'},
                                                        {"share", '0'}};
const std::string ALL = "CRUDpqau1234567890";

bool has_letter(const std::string& letters, char letter) {
    return letters.find(letter) != std::string::npos;
}

const std::vector<Rights> contract{
    // type                  whose    where    owner user-adm  tpl-ad  auditor org-ad  member
    {"user", "me", "*", ALL, "CRUDpq", "Rpq", "Rpq", "Rpq", "Rpq"},
    {"user", "other", "*", ALL, "CRUDpq", "R", "R", "", ""},
    {"user_data", "me", "*", ALL, "CRUD", "CRUD", "CRUD", "CRUD", "CRUD"},
    {"user_data", "other", "*", ALL, "CRUD", "", "", "", ""},
    {"api_key", "me", "*", ALL, "CRUD", "CRUD", "CRUD", "CRUD", "CRUD"},
    {"api_key", "other", "*", ALL, "", "", "", "", ""},
    {"organization", "*", "mine", ALL, "R", "R", "R", "CRUD", "R"},
    {"organization", "*", "other", ALL, "", "R", "", "", ""},
    {"organization_member", "me", "mine", ALL, "CRUD", "R", "R", "CRUD", "R"},
    {"organization_member", "me", "other", ALL, "CRUD", "R", "R", "R", "R"},
    {"organization_member", "other", "mine", ALL, "CRUD", "R", "R", "CRUD", ""},
    {"organization_member", "other", "other", ALL, "CRUD", "R", "R", "", ""},
    {"assign_role", "*", "*", ALL, "CRUDau", "R", "R", "R", "R"},
    {"assign_org_role", "*", "mine", ALL, "R", "R", "R", "CRUDau", "R"},
    {"assign_org_role", "*", "other", ALL, "", "", "", "", ""},
    {"group", "*", "mine", ALL, "CRUD", "R", "R", "CRUD", ""},
    {"group", "*", "other", ALL, "CRUD", "R", "R", "", ""},
    {"audit_log", "*", "*", ALL, "", "", "R", "", ""},
    {"notification_preference", "me", "*", ALL, "RU", "RU", "RU", "RU", "RU"},
    {"notification_preference", "other", "*", ALL, "", "", "", "", ""},
    {"deployment_config", "*", "*", ALL, "", "", "R", "", ""},
    {"deployment_stats", "*", "*", ALL, "", "", "R", "", ""},
    {"workspace", "*", "*", ALL, "", "", "", "", ""},
    {"template", "*", "*", ALL, "", "", "", "", ""},
    {"User", "*", "*", ALL, "", "", "", "", ""},
    {"*", "*", "*", ALL, "", "", "", "", ""},
    {"no such type", "*", "*", ALL, "", "", "", "", ""},
};

}  // namespace

TEST_CASE("the rights of every kind of caller are those of the contract's table") {
    const People world;
    struct Caller {
        std::string name, token;
        std::string Rights::*column;
    };
    for (const Caller& caller : {Caller{"owner", world.owner, &Rights::owner_may},
                                 Caller{"udo", world.udo, &Rights::user_admin},
                                 Caller{"tina", world.tina, &Rights::template_admin},
                                 Caller{"anna", world.anna, &Rights::auditor},
                                 Caller{"oda", world.oda, &Rights::organization_admin},
                                 Caller{"bob", world.bob, &Rights::member}}) {
        const std::string id = world.id_of(caller.name);
        const std::vector<std::pair<std::string, std::string>> owners{
            {"me", "me"},    {"me", id},           {"me", upper(id)},
            {"other", ""},   {"other", somebody},  {"other", world.id_of("carl")},
            {"other", "Me"}, {"other", "nonsense"}};
        const std::vector<std::pair<std::string, std::string>> organizations{
            {"other", ""},
            {"other", somebody},
            {"other", "nonsense"},
            {"mine", world.organization},
            {"mine", upper(world.organization)},
            {"mine", "any"}};  // any_org, with the id of no organization
        for (const Rights& row : contract) {
            std::vector<std::string> asked, expected;
            for (const auto& [whose, owner] : owners)
                for (const auto& [where, organization] : organizations) {
                    if (row.owner != "*" && row.owner != whose) continue;
                    if (row.organization != "*" && row.organization != where) continue;
                    for (const auto& [action, letter] : actions) {
                        const std::string key = row.type + "|" + owner + "|" + organization + "|" +
                                                action + "|" + std::to_string(asked.size());
                        const bool any = organization == "any";
                        asked.push_back(check(key, row.type, action, owner,
                                              any ? somebody : organization, "", any));
                        const bool may = has_letter(row.*caller.column, letter);
                        expected.push_back(json_text(key) + ":" + (may ? "true" : "false"));
                    }
                }
            INFO(caller.name << " " << row.type << " " << asked.size());
            const Answer answer =
                world.server.send("POST", "/authcheck", caller.token, checks(asked));
            REQUIRE(answer.status == 200);
            std::string body = answer.body.substr(1, answer.body.size() - 3);
            for (const std::string& each : expected) {  // so that a failure names the check
                if (body.compare(0, each.size(), each) != 0) {
                    CHECK(body.substr(0, each.size()) == each);
                    break;
                }
                body.erase(0, (std::min)(each.size() + 1, body.size()));
            }
            CHECK(body.empty());
        }
    }
}

TEST_CASE("any organization is none for somebody who belongs to none") {
    const People world;
    const auto may = [&](const std::string& token, const std::string& type, bool any) {
        return world.server
            .send("POST", "/authcheck", token,
                  checks({check("k", type, "read", "", world.organization, "", any)}))
            .body;
    };
    world.execute("DELETE FROM organization_members WHERE user_id = '" + world.id_of("carl") + "'");
    world.execute("UPDATE users SET organization_ids = '' WHERE username = 'carl'");
    const std::string carl = world.log_in("carl");
    for (const std::string type : {"organization", "assign_org_role", "group"})
        CHECK(may(carl, type, true) == "{\"k\":false}\n");
    CHECK(may(world.bob, "organization", true) == "{\"k\":true}\n");
    CHECK(may(world.bob, "group", true) == "{\"k\":false}\n");
    CHECK(may(world.oda, "group", true) == "{\"k\":true}\n");
}

TEST_CASE("with a resource_id the object is that user") {
    const People world;
    world.member("udo2", "user-admin");
    const std::string gone = world.server.create(world.owner, "gone");
    REQUIRE(world.server.send("DELETE", "/users/gone", world.owner).status == 200);
    struct Case {
        std::string caller, target, may;
    };
    std::vector<Case> cases{
        {"owner", "bob", ALL},    {"owner", "owner", ALL},  {"owner", "udo", ALL},
        {"udo", "bob", "CRUDpq"}, {"udo", "udo", "CRUDpq"}, {"udo", "udo2", "CRUDpq"},
        {"udo", "owner", "CR"},   {"udo", "anna", "CR"},    {"tina", "bob", "R"},
        {"tina", "tina", "Rpq"},  {"tina", "owner", "R"},   {"anna", "bob", "R"},
        {"anna", "anna", "Rpq"},  {"oda", "oda", "Rpq"},    {"oda", "bob", ""},
        {"bob", "bob", "Rpq"},    {"bob", "carl", ""},      {"bob", "owner", ""},
        {"owner", somebody, ""},  {"udo", somebody, ""},    {"bob", somebody, ""},
        {"owner", gone, ""},      {"udo", gone, ""},        {"owner", nil_id, ""}};
    const std::map<std::string, std::string> tokens{{"owner", world.owner}, {"udo", world.udo},
                                                    {"tina", world.tina},   {"anna", world.anna},
                                                    {"oda", world.oda},     {"bob", world.bob}};
    for (const Case& each : cases) {
        INFO(each.caller << " on " << each.target);
        const bool known = each.target.size() < 36;
        const std::string id = known ? world.id_of(each.target) : each.target;
        // neither what is said about the owner nor the case of letters in the id matters
        for (const std::string& owner : {std::string(), std::string("me"), somebody}) {
            for (const auto& [action, letter] : actions) {
                const std::string may = has_letter(each.may, letter) ? "true" : "false";
                CHECK(world.server
                          .send("POST", "/authcheck", tokens.at(each.caller),
                                checks({check("k", "user", action, owner, "", id),
                                        check("K", "user", action, owner, "", upper(id))}))
                          .body == "{\"k\":" + may + ",\"K\":" + may + "}\n");
            }
        }
    }
    for (const std::string type : {"template", "group", "workspace", "workspace_execution"})
        for (const auto& [action, letter] : actions)
            for (const std::string& id : {somebody, world.id_of("owner")})
                CHECK(world.server
                          .send("POST", "/authcheck", world.owner,
                                checks({check("k", type, action, "me", world.organization, id)}))
                          .body == "{\"k\":false}\n");
}

TEST_CASE("unknown actions are allowed to nobody") {
    const People world;
    for (const std::string action : {"", "Read", "READ", "list", "*", "read ", "createread",
                                     "Read_personal", "assign_role", "share "})
        CHECK(world.server
                  .send("POST", "/authcheck", world.owner,
                        checks({check("a", "user", action, "me"), check("b", "x", action)}))
                  .body == "{\"a\":false,\"b\":false}\n");
}

TEST_CASE("the answers have the keys of the questions") {
    const People world;
    const std::string path = "/authcheck", &bob = world.bob;
    const std::string yes =
        R"({"object":{"resource_type":"user","owner_id":"me"},"action":"read"})";
    const std::string no = R"({"object":{"resource_type":"user"},"action":"read"})";
    check_rows(
        world,
        {
            {"without a session", "POST", path, "", "{}", 401, no_session},
            {"none", "POST", path, bob, "{\"checks\":{}}", 200, "{}\n"},
            {"not sent", "POST", path, bob, "{}", 200, "{}\n"},
            {"null", "POST", path, bob, "{\"checks\":null}", 200, "{}\n"},
            {"a null document", "POST", path, bob, "null", 200, "{}\n"},
            {"in the order sent", "POST", path, bob,
             "{\"checks\":{\"z\":" + yes + ",\"a\":" + no + ",\"m\":" + yes + "}}", 200,
             "{\"z\":true,\"a\":false,\"m\":true}\n"},
            {"twice: the first's place, the last's value", "POST", path, bob,
             "{\"checks\":{\"z\":" + yes + ",\"a\":" + no + ",\"z\":" + no + "}}", 200,
             "{\"z\":false,\"a\":false}\n"},
            {"of two checks the last counts", "POST", path, bob,
             "{\"checks\":{\"z\":" + yes + "},\"checks\":{\"b\":" + yes + ",\"a\":" + yes + "}}",
             200, "{\"b\":true,\"a\":true}\n"},
            {"any key", "POST", path, bob,
             "{\"checks\":{\"\":" + yes + ",\"a\\\"<\\u00e4\":" + no + "}}", 200,
             "{\"\":true,\"a\\\"\\u003c\xc3\xa4\":false}\n"},
            {"unknown members", "POST", path, bob,
             R"({"x":1,"checks":{"a":{"x":2,"object":{"resource_type":"user","owner_id":"me",)"
             R"("x":3},"action":"read"}}})",
             200, "{\"a\":true}\n"},
            {"null members", "POST", path, bob,
             R"({"checks":{"a":{"object":{"resource_type":"assign_role","owner_id":null,)"
             R"("organization_id":null,"any_org":null,"resource_id":null},"action":"read"},)"
             R"("b":{"object":{"resource_type":"assign_role"},"action":null}}})",
             200, "{\"a\":true,\"b\":false}\n"},
            {"another method", "GET", path, bob, "", 405, bad_method},
        });
}

TEST_CASE("questions that cannot be asked") {
    const People world;
    const std::string path = "/authcheck", &o = world.owner;
    const auto plain = [](const std::string& text) {
        return "{\"message\":" + json_text(text) + "}\n";
    };
    const auto field = [](const std::string& text, const std::string& name) {
        return with_validations(text, {{name, text}});
    };
    const auto no_type = [&](const std::string& key) {
        return plain("Object's \"resource_type\" field must be defined for key \"" + key + "\".");
    };
    const auto no_uuid = [&](const std::string& id) {
        return field("Object \"" + id + "\" id is not a valid uuid.", "resource_id");
    };
    const auto no_ids = [&](const std::string& type) {
        return field("Object type \"" + type + "\" does not support \"resource_id\" field.",
                     "resource_type");
    };
    const auto many = [](int count) {
        std::vector<std::string> list;
        for (int i = 0; i < count; ++i)
            list.push_back(check("k" + std::to_string(i), "user", "read", "", "", somebody));
        return list;
    };
    const auto with = [](std::vector<std::string> list, const std::string& more, bool ahead) {
        list.insert(ahead ? list.begin() : list.end(), more);
        return checks(list);
    };
    const std::string untyped = check("u", "", "read", "", "", "x");
    check_rows(
        world,
        {
            {"11 ids", "POST", path, o, checks(many(11)), 400,
             plain("Endpoint only supports using \"resource_id\" field 10 times, found 11 usages. "
                   "Remove 1 objects with this field set.")},
            {"13 ids, ahead of all other refusals", "POST", path, o, with(many(12), untyped, true),
             400,
             plain("Endpoint only supports using \"resource_id\" field 10 times, found 13 usages. "
                   "Remove 3 objects with this field set.")},
            {"no type", "POST", path, o, checks({check("k", "", "read")}), 400, no_type("k")},
            {"no object", "POST", path, o, R"({"checks":{"a\"b":{"action":"read"}}})", 400,
             no_type("a\"b")},
            {"a null object", "POST", path, o, R"({"checks":{"k":{"object":null}}})", 400,
             no_type("k")},
            {"a null check", "POST", path, o, R"({"checks":{"k":null}})", 400, no_type("k")},
            {"type ahead of id", "POST", path, o, checks({untyped}), 400, no_type("u")},
            {"no uuid", "POST", path, o, checks({check("k", "user", "read", "", "", "me")}), 400,
             no_uuid("me")},
            {"no uuid, as sent", "POST", path, o,
             checks({check("k", "user", "read", "", "", "A\"<\\")}), 400, no_uuid("A\"<\\")},
            {"id ahead of its type", "POST", path, o,
             checks({check("k", "api_key", "read", "", "", "x")}), 400, no_uuid("x")},
            {"an unsuitable type", "POST", path, o,
             checks({check("k", "api_key", "read", "", "", somebody)}), 400, no_ids("api_key")},
            {"letter case", "POST", path, o, checks({check("k", "User", "read", "", "", somebody)}),
             400, no_ids("User")},
            {"in the order sent", "POST", path, o,
             checks({check("z", "x\"", "read", "", "", somebody), untyped,
                     check("a", "user", "read", "", "", "y")}),
             400, no_ids("x\"")},
            {"in the order sent, turned", "POST", path, o,
             checks({check("z", "user", "read", "", "", "y"), untyped}), 400, no_uuid("y")},
            {"a member, too", "POST", path, world.bob, checks({untyped}), 400, no_type("u")},
        });
    CHECK(world.server.send("POST", path, o, checks(many(10))).status == 200);
    CHECK(world.server.send("POST", path, o, with(many(10), many(1)[0], false)).status == 200);
    CHECK(world.server.send("POST", path, o, with(many(10), check("e", "user", "read"), false))
              .status == 200);
    check_undecodable(
        world, "POST", path, o,
        {"", "{", "[]", R"({"checks":[]})", R"({"checks":"x"})", R"({"checks":{"a":1}})",
         R"({"checks":{"a":[]}})", R"({"checks":{"a":{"object":"user"}}})",
         R"({"checks":{"a":{"object":{"resource_type":1}}}})",
         R"({"checks":{"a":{"object":{"resource_type":"user","owner_id":true}}}})",
         R"({"checks":{"a":{"object":{"resource_type":"user","organization_id":[]}}}})",
         R"({"checks":{"a":{"object":{"resource_type":"user","any_org":"true"}}}})",
         R"({"checks":{"a":{"object":{"resource_type":"user","any_org":1}}}})",
         R"({"checks":{"a":{"object":{"resource_type":"user","resource_id":5}}}})",
         R"({"checks":{"a":{"object":{"resource_type":""},"action":5}}})",
         R"({"checks":{"a":{"object":{"resource_type":""}},"b":5}})"});
}
