#include "coder_users/internal/rules/audit_query.hpp"

#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/base/rfc3339.hpp"

namespace audit_query_test {

using namespace coder_users;
using namespace coder_users::rules;

AuditSearch parsed(const std::string& q) {
    return parse_audit_search(q, [](const std::string& name) {
        return name == "crew" ? std::string("22222222-2222-4222-8222-222222222222") : std::string();
    });
}

/// The filters that apply, "name=value" in the order of docs/contract/audit.md, "GET /audit".
std::string filters(const std::string& q) {
    const AuditSearch search = parsed(q);
    std::string text;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) text += std::string(name) + "=" + value + ";";
    };
    add("request", search.request_id);
    add("type", search.resource_type);
    add("action", search.action);
    add("id", search.resource_id);
    add("target", search.resource_target);
    add("username", search.username);
    add("email", search.email);
    if (search.from) add("from", to_rfc3339(*search.from));
    if (search.before) add("before", to_rfc3339(*search.before));
    add("organization", search.organization_id);
    if (search.matches_nothing) text += "nothing;";
    return text;
}

/// The fields of the validations of a refusal, in order.
std::string refused(const std::string& q) {
    try {
        return "accepted: " + filters(q);
    } catch (const ApiError& error) {
        CHECK(error.status() == 400);
        CHECK(error.message() == "Invalid audit search query.");
        CHECK(error.detail().empty());
        std::string fields;
        for (const Validation& each : error.validations())
            fields += (fields.empty() ? "" : " ") + each.field;
        return fields;
    }
}

TEST_CASE("what a search of the audit log asks for") {
    const std::string id = "0b0e7c1a-5a4e-4f57-9a3e-0123456789ab";
    for (const auto& [q, expected] : std::vector<std::pair<std::string, std::string>>{
             {"", ""},
             {"  ", ""},
             {"user", "type=user;"},
             {"USER", "type=user;"},
             {"\"user\"", "type=user;"},
             {"\"\"", ""},
             {"resource_type:user action:create", "type=user;action=create;"},
             {"ACTION:Login", "action=login;"},
             {"action:start", "action=start;"},
             {"resource_id:0B0E7C1A-5A4E-4F57-9A3E-0123456789AB", "id=" + id + ";"},
             {"resource_target:\"two words\"", "target=two words;"},
             {"resource_target:\"a:b\"", "target=a:b;"},
             {"username:me email:A@x.org", "username=me;email=a@x.org;"},
             {"date_from:2026-01-02", "from=2026-01-02T00:00:00Z;"},
             {"date_to:2026-02-28", "before=2026-03-01T00:00:00Z;"},
             {"date_to:2024-02-28", "before=2024-02-29T00:00:00Z;"},
             {"date_from:2024-02-29 date_to:2024-02-29",
              "from=2024-02-29T00:00:00Z;before=2024-03-01T00:00:00Z;"},
             {"request_id:0B0E7C1A-5A4E-4F57-9A3E-0123456789AB", "request=" + id + ";"},
             {"organization:" + id, "organization=" + id + ";"},
             {"organization:CREW", "organization=22222222-2222-4222-8222-222222222222;"},
             {"build_reason:initiator", "nothing;"},
             {"build_reason:\"\"", ""},
             {"action:\"\" resource_type:\"\" date_from:\"\"", ""}}) {
        INFO(q);
        CHECK(filters(q) == expected);
    }
    for (const std::string_view type : audit_resource_types)
        CHECK(filters(std::string(type)) == "type=" + std::string(type) + ";");
    for (const std::string_view action : audit_actions)
        CHECK(filters("action:" + std::string(action)) == "action=" + std::string(action) + ";");
    CHECK_NOTHROW(parsed("date_from:9999-12-31 date_to:9999-12-31"));
    CHECK_NOTHROW(parsed("date_from:0001-01-01 date_to:0001-01-01"));
}

TEST_CASE("what no search of the audit log is") {
    for (const auto& [q, expected] : std::vector<std::pair<std::string, std::string>>{
             {"user user", "q"},
             {"user api_key", "q"},
             {"user resource_type:api_key", "q"},
             {"action:create action:write", "q"},
             {"action: foo:bar", "q"},
             {"a:b:c foo:bar", "q"},
             {"foo:bar :x", "q"},
             {"users", "resource_type"},
             {"two:words more", "resource_type two"},
             {"action:create,write", "action"},
             {"resource_id:x", "resource_id"},
             {"date_from:x date_to:y", "date_from date_to"},
             {"date_from:2026-02-29", "date_from"},
             {"date_from:2026-01-02t00:00:00z", "q"},
             {"date_from:\"2026-01-02t00:00:00z\"", "date_from"},
             {"date_from:10000-01-01", "date_from"},
             {"build_reason:x", "build_reason"},
             {"search:x status:y limit:1", "limit search status"},
             {"organization:default", "organization"},
             {"request_id:x", "request_id"},
             {"zz:1 build_reason:x organization:x date_to:x date_from:x resource_id:x action:x "
              "aa:1 x "
              "request_id:x",
              "request_id resource_type action resource_id date_from date_to organization "
              "build_reason aa zz"}}) {
        INFO(q);
        CHECK(refused(q) == expected);
    }
}

TEST_CASE("long searches are read in no time") {
    CHECK(refused(std::string(10240, '"')) == "accepted: ");
    CHECK(refused(std::string(10240, ':')) == "q");
    std::string many;
    for (int i = 0; i < 2000; ++i) many += "k" + std::to_string(i) + ":v ";
    CHECK(refused(many).size() > 5000);
}

}  // namespace audit_query_test
