// What the API description promises to people who generate clients from it, at every release
// (docs/contract/neighbours.md, "GET /openapi.json", and docs/contract/releases.md, "Keys by
// release").
#include <map>
#include <set>

#include "coder_users/internal/http/openapi.hpp"
#include "openapi_document.hpp"
#include "operations.hpp"
#include "people.hpp"
#include "route_table.hpp"

using namespace coder_users_test;
using Object = picojson::object;
namespace http = coder_users::http;

namespace {

const Object& members(const Value& value) { return value.json().get<Object>(); }

/// Calls `look` with every object in a document and the key under which it is.
template <class Look>
void each_object(const Json& json, const std::string& key, const Look& look) {
    if (json.is<picojson::array>())
        for (const Json& item : json.get<picojson::array>()) each_object(item, key, look);
    if (!json.is<Object>()) return;
    look(key, json);
    for (const auto& [name, value] : json.get<Object>()) each_object(value, name, look);
}

/// Without case and underscores, since each language has its own way to write a name.
std::string flat(const std::string& name) {
    std::string letters;
    for (const char c : name)
        if (c != '_') letters += coder_users::fold_ascii(c);
    return letters;
}

struct Since {
    std::string schema, key;
    int minor;
};

/// docs/contract/releases.md, "Keys by release", as schemas.
const std::vector<Since> described_keys{
    {"User", "theme_preference", 6},
    {"User", "name", 7},
    {"User", "updated_at", 14},
    {"User", "is_service_account", 32},
    {"User", "has_ai_seat", 32},
    {"Role", "name", 6},
    {"Role", "organization_id", 13},
    {"AssignableRole", "assignable", 6},
    {"AssignableRole", "organization_id", 12},
    {"AssignableRole", "site_permissions", 12},
    {"AssignableRole", "user_permissions", 12},
    {"AssignableRole", "organization_permissions", 12},
    {"AssignableRole", "built_in", 12},
    {"AssignableRole", "organization_member_permissions", 28},
    {"Organization", "name", 6},
    {"Organization", "is_default", 9},
    {"Organization", "display_name", 13},
    {"Organization", "description", 13},
    {"Organization", "icon", 13},
    {"Organization", "default_org_member_roles", 35},
    {"UserAPIKey", "scope", 6},
    {"UserAPIKey", "scopes", 27},
    {"UserAPIKey", "allow_list", 28},
    {"APIKeyWithOwner", "scopes", 27},
    {"APIKeyWithOwner", "allow_list", 28},
    {"GithubAuthMethod", "enabled", 6},
    {"GithubAuthMethod", "default_provider_configured", 20},
    {"BuildInfo", "workspace_proxy", 6},
    {"BuildInfo", "agent_api_version", 7},
    {"BuildInfo", "upgrade_message", 8},
    {"BuildInfo", "deployment_id", 11},
    {"BuildInfo", "telemetry", 13},
    {"BuildInfo", "provisioner_api_version", 15},
    {"UserAppearanceSettings", "theme_preference", 6},
    {"UserAppearanceSettings", "terminal_font", 22},
    {"UserAppearanceSettings", "theme_mode", 34},
    {"UserAppearanceSettings", "theme_light", 34},
    {"UserAppearanceSettings", "theme_dark", 34},
    {"UserPreferenceSettings", "task_notification_alert_dismissed", 6},
    {"UserPreferenceSettings", "thinking_display_mode", 33},
    {"UserPreferenceSettings", "shell_tool_display_mode", 34},
    {"UserPreferenceSettings", "code_diff_display_mode", 34},
    {"UserPreferenceSettings", "agent_chat_send_shortcut", 34},
    {"OrganizationMemberWithUserData", "username", 6},
    {"OrganizationMemberWithUserData", "global_roles", 6},
    {"OrganizationMemberWithUserData", "status", 32},
    {"OrganizationMemberWithUserData", "login_type", 32},
    {"OrganizationMemberWithUserData", "user_created_at", 32},
    {"OrganizationMemberWithUserData", "has_ai_seat", 32},
    {"AuditLogResponse", "count", 6},
    {"AuditLogResponse", "count_cap", 32},
};

/// Every list of texts that members choose from, at the newest release.
const std::map<std::string, std::string> lists{
    {"AgentChatSendShortcut", R"(["enter","modifier_enter"])"},
    {"CodeDiffDisplayMode", R"(["auto","always_expanded","always_collapsed",""])"},
    {"ShellToolDisplayMode", R"(["auto","always_expanded","always_collapsed"])"},
    {"TerminalFont",
     R"(["geist-mono","ibm-plex-mono","fira-code","source-code-pro","jetbrains-mono",""])"},
    {"ThemeMode", R"(["sync","single",""])"},
    {"ThemeName",
     R"(["light","light-protan-deuter","light-tritan","dark","dark-protan-deuter","dark-tritan",""])"},
    {"ThinkingDisplayMode", R"(["auto","preview","always_expanded","always_collapsed"])"},
    {"APIKeyScope", R"(["all","application_connect",""])"},
    {"AuditAction",
     R"(["create","write","delete","login","logout","register","request_password_reset"])"},
    {"Entitlement", R"(["entitled","not_entitled"])"},
    {"LoginType", R"(["password","github","oidc","none","token"])"},
    {"ResourceType",
     R"(["user","api_key","git_ssh_key","convert_login","organization","organization_member"])"},
    {"UserStatus", R"(["active","dormant","suspended"])"},
};

/// What clients made by openapi-python-client, hey-api, orval and openapi-generator (Go, Python)
/// have of their own; a schema of such a name breaks or shadows it.
const std::set<std::string> names_of_runtimes{
    "response",
    "error",
    "errors",
    "apikey",
    "apiresponse",
    "apiclient",
    "apierror",
    "client",
    "config",
    "configuration",
    "basicauth",
    "apivalueerror",
    "apityperror",
    "file",
    "unset",
    "options",
    "serverconfiguration",
    "nullabletime",
    "types",
    "models",
    "api",
    "auth",
    "authenticatedclient",
    "object",
    "date",
    "string",
    "map",
    "set",
    "any",
    "exception",
    "request",
    "result",
    "requestoptions",
    "default",
    "genericopenapierror",
    "service",
};

}  // namespace

TEST_CASE("every release describes tags, security, refusals and texts") {
    std::map<std::string, std::string> paths_by_id;
    for (int minor = first_minor; minor <= last_minor; ++minor) {
        CAPTURE(minor);
        const Value& document = openapi_document(minor);
        CHECK(document["servers"].size() == 1);
        CHECK(document["servers"][0]["url"].text() == "/api/v2");
        CHECK(document["info"]["license"]["name"].text() == "MIT");
        CHECK(document["info"]["description"].text().find("Coder 2." + std::to_string(minor) +
                                                          ".") != std::string::npos);

        std::set<std::string> declared, used;
        for (std::size_t i = 0; i < document["tags"].size(); ++i) {
            CHECK(declared.insert(document["tags"][i]["name"].text()).second);
            CHECK(document["tags"][i]["description"].text().size() > 10);
        }
        const auto operations = described_operations(document);
        CHECK(operations.size() == route_table().size());
        for (const DescribedOperation& each : operations) {
            CAPTURE(each.name());
            const std::string id = each.json["operationId"].text();
            CHECK(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
                  std::string::npos);
            CHECK(paths_by_id.emplace(id, each.name()).first->second == each.name());  // stable
            REQUIRE(each.json["tags"].size() == 1);
            used.insert(each.json["tags"][0].text());
            CHECK(each.json.has("security"));
            CHECK(each.json["description"].text().find(each.json["summary"].text() + ".") == 0);
            CHECK(each.json["responses"].has("400"));
            CHECK(each.json["responses"].has("500"));
            for (std::size_t i = 0; i < each.json["parameters"].size(); ++i)
                CHECK(each.json["parameters"][i]["description"].text().size() > 5);
        }
        CHECK(declared == used);
    }
}

TEST_CASE("no release describes what generators stumble over") {
    for (int minor = first_minor; minor <= last_minor; ++minor) {
        CAPTURE(minor);
        const Value& document = openapi_document(minor);
        const Value schemas = document["components"]["schemas"];
        std::size_t lists_seen = 0, looked_at = 0;
        each_object(document.json(), "", [&](const std::string& key, const Json& value) {
            ++looked_at;
            if (key == "example" || key == "properties" || key == "schemas") return;
            CAPTURE(key);
            if (value.contains("type")) CHECK(value.get("type").is<std::string>());
            if (value.contains("additionalProperties"))
                CHECK(value.get("additionalProperties").is<Object>());
            if (!value.contains("enum")) return;
            CHECK(schemas.has(key));  // not inside of another schema
            ++lists_seen;
        });
        CHECK(looked_at > 1000);
        CHECK(lists_seen >= 5);
        std::set<std::string> names;
        for (const auto& [name, schema] : members(schemas)) {
            CAPTURE(name);
            CHECK(names_of_runtimes.count(flat(name)) == 0);
            CHECK(names.insert(flat(name)).second);
        }
    }
    const Value schemas = openapi_document(last_minor)["components"]["schemas"];
    std::map<std::string, std::string> found;
    for (const auto& [name, schema] : members(schemas))
        if (Value(schema).has("enum")) found[name] = Value(schema)["enum"].text();
    CHECK(found == lists);
}

TEST_CASE("no described key appears before its release, and each from it on") {
    for (int minor = first_minor; minor <= last_minor; ++minor) {
        const Value schemas = openapi_document(minor)["components"]["schemas"];
        for (const Since& each : described_keys) {
            CAPTURE(minor, each.schema, each.key);
            REQUIRE(schemas.has(each.schema));
            CHECK(schemas[each.schema]["properties"].has(each.key) == (minor >= each.minor));
            CHECK(schemas[each.schema]["example"].has(each.key) == (minor >= each.minor));
        }
    }
}

TEST_CASE("every operation answers as it is described, at every release") {
    OperationStage stage;
    for (int minor = first_minor; minor <= last_minor; ++minor) {
        const Value& document = openapi_document(minor);
        std::map<std::string, DescribedOperation> by_id;
        for (DescribedOperation& each : described_operations(document))
            by_id.emplace(each.json["operationId"].text(), std::move(each));
        stage.answer_as("2." + std::to_string(minor));
        for (const OperationRow& row : operations()) {
            const std::string& id = row.id;
            CAPTURE(minor, id);
            stage.begin_anew();
            const Answer answer = stage.ask(row);
            const Value responses = by_id.at(id).json["responses"];
            REQUIRE(responses.has(std::to_string(answer.status)));
            Value described = responses[std::to_string(answer.status)];
            if (described.has("$ref")) described = resolved(document, described["$ref"].text());
            CHECK(answer.body.empty() == !described.has("content"));
            if (!described.has("content")) continue;
            CHECK(schema_error(document, described["content"]["application/json"]["schema"],
                               parse(answer.body).json(), id) == "");
        }
    }
}

TEST_CASE("an operation that is younger than the server is described as of its first release") {
    using coder_users::wire::ValueType;
    namespace shapes = coder_users::wire::shapes;
    static constexpr auto old = coder_users::operations::Operation("get-old");
    static constexpr auto young =
        coder_users::operations::Operation("get-young").since_release(2, 14);
    static constexpr auto members_of =
        coder_users::operations::Operation("get-members").since_release(2, 14);
    const coder_users::wire::Shape member{"Member", {{"roles", ValueType::array, &shapes::role}}};
    std::vector<http::Route> table;
    table.push_back(http::Route{http::Verb::get, "/organizations", old, "Old", nullptr}.answers(
        200, shapes::organization));
    table.push_back(
        http::Route{http::Verb::get, "/organizations/{organization}", young, "Young", nullptr}
            .answers_list(shapes::organization));
    table.push_back(http::Route{http::Verb::get, "/organizations/{organization}/members",
                                members_of, "Members", nullptr}
                        .answers(200, member));
    http::openapi::Setting setting;
    for (const auto& [minor, young_name] : {std::pair{6, "Organization_2_13"},
                                            {8, "Organization_2_13"},
                                            {9, "Organization_2_13"},
                                            {13, "Organization"},
                                            {14, "Organization"},
                                            {35, "Organization"}}) {
        CAPTURE(minor);
        setting.release = {2, minor};
        const Value document = parse(http::openapi::document(table, setting));
        const auto schema_of = [&](const char* path) {
            return document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
                           ["schema"];
        };
        const auto has = [&](const std::string& schema, const char* key) {
            return document["components"]["schemas"][schema]["properties"].has(key);
        };
        const std::string start = "#/components/schemas/";
        CHECK(schema_of("/organizations")["$ref"].text() == start + "Organization");
        CHECK(schema_of("/organizations/{organization}")["items"]["$ref"].text() ==
              start + young_name);
        CHECK(has("Organization", "is_default") == (minor >= 9));
        CHECK(has("Organization", "icon") == (minor >= 13));
        CHECK(has(young_name, "icon"));
        // Nothing else has the shapes of the third, so their names are plain.
        CHECK(schema_of("/organizations/{organization}/members")["$ref"].text() ==
              start + "Member");
        CHECK(has("Role", "organization_id"));
        const std::string text =
            document["paths"]["/organizations/{organization}"]["get"]["description"].text();
        CHECK((text.find("Answers as Coder 2.14.") != std::string::npos) == (minor < 14));
    }
}

TEST_CASE("numbers of requests have their bounds") {
    std::size_t counts = 0;
    for (const DescribedOperation& each : described_operations(openapi_document()))
        for (std::size_t i = 0; i < each.json["parameters"].size(); ++i) {
            const Value parameter = each.json["parameters"][i];
            const Value schema = parameter["schema"];
            CAPTURE(each.name(), parameter["name"].text());
            const bool count = schema["type"].text() == "integer";
            counts += count;
            CHECK(schema.has("minimum") == count);
            if (count) CHECK(schema["minimum"].text() == "0");
            if (count) CHECK(schema["maximum"].text() == "2147483647");
        }
    CHECK(counts >= 4);
    coder_users::Options options = in_memory();
    for (const auto& [hours, most] :
         {std::pair{876'600, "3155760000000000000"}, {24, "86400000000000"}}) {
        options.max_token_lifetime = std::chrono::hours(hours);
        const TestServer server(options);
        const Value lifetime = parse(
            server.send("GET", "/openapi.json")
                .body)["components"]["schemas"]["CreateTokenRequest"]["properties"]["lifetime"];
        CHECK(lifetime["minimum"].text() == "0");
        CHECK(lifetime["maximum"].text() == most);
        CHECK(lifetime["description"].text().find("nanoseconds") != std::string::npos);
    }
}

TEST_CASE("lists of texts are those that their fields take") {
    std::size_t lists_of_fields = 0;
    for (const http::Route& route : route_table()) {
        if (!route.body) continue;
        for (const coder_users::wire::Field& field : route.body->fields) {
            CAPTURE(route.body->name, field.name);
            const bool chooses = field.rule.tag && std::string(field.rule.tag) == "oneof";
            if (chooses) CHECK_FALSE(field.values.empty());
            for (const std::string_view value : field.values) {
                if (field.rule.holds && !value.empty()) CHECK(field.rule.holds(value));
                ++lists_of_fields;
            }
            if (chooses) CHECK_FALSE(field.rule.holds("nothing-of-the-kind"));
        }
    }
    CHECK(lists_of_fields > 5);
}
