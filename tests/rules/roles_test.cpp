#include "coder_users/internal/rules/roles.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"

namespace roles_test {

using namespace coder_users;
using namespace coder_users::rules;

const std::string org = "0b5e7e0c-6d1f-4a4e-9c0a-0123456789ab";
const std::string other_org = "1b5e7e0c-6d1f-4a4e-9c0a-0123456789ab";

struct Row {
    const char *name, *display_name;
};

TEST_CASE("site roles") {
    const std::vector<Row> rows{{"owner", "Owner"},
                                {"user-admin", "User Admin"},
                                {"template-admin", "Template Admin"},
                                {"auditor", "Auditor"},
                                {"member", "Member"}};
    for (const Row& row : rows) {
        const SiteRole* const role = site_role_named(row.name);
        REQUIRE(role != nullptr);
        CHECK(role->name == row.name);
        CHECK(role->display_name == row.display_name);
        CHECK(role_display_name(row.name) == row.display_name);
    }
    for (const char* name : {"", "Owner", "owner ", "admin", "Organization-admin", ":"}) {
        CHECK(site_role_named(name) == nullptr);
        CHECK(role_display_name(name).empty());
    }
    CHECK(std::is_sorted(site_roles.begin(), site_roles.end(),
                         [](const auto& a, const auto& b) { return a.name < b.name; }));
}

TEST_CASE("the listed roles are the four that are not implied, by name") {
    std::vector<std::string> names;
    for (const SiteRole& role : listed_site_roles) names.emplace_back(role.name);
    CHECK(names == std::vector<std::string>{"auditor", "owner", "template-admin", "user-admin"});
}

TEST_CASE("organization roles") {
    CHECK(organization_admin_role(org) == "organization-admin:" + org);
    CHECK(organization_member_role(org) == "organization-member:" + org);
    CHECK(role_display_name("organization-admin:" + org) == "Organization Admin");
    CHECK(role_display_name("organization-member:" + org).empty());
    const std::vector<Row> rows{
        {"organization-auditor", "Organization Auditor"},
        {"organization-user-admin", "Organization User Admin"},
        {"organization-template-admin", "Organization Template Admin"},
        {"organization-workspace-creation-ban", "Organization Workspace Creation Ban"},
        {"organization-workspace-access", "Organization Workspace Access"},
        {"agents-access", "Coder Agents User"}};
    for (const Row& row : rows) {
        CHECK(role_display_name(row.name) == row.display_name);
        CHECK(role_display_name(std::string(row.name) + ":" + org) == row.display_name);
    }
}

TEST_CASE("the roles of an organization that releases list, by name") {
    const auto listed = [](int minor) {
        std::vector<std::string> bare;
        for (const std::string& role : listed_organization_roles(org, {2, minor}))
            bare.emplace_back(without_organization(role));
        return coder_users::join(bare, " ");
    };
    const std::string four =
        "organization-admin organization-auditor organization-template-admin "
        "organization-user-admin";
    CHECK(listed(6) == "organization-admin");
    CHECK(listed(13) == "organization-admin");
    CHECK(listed(14) == four);
    CHECK(listed(19) == four);
    CHECK(listed(20) == four + " organization-workspace-creation-ban");
    CHECK(listed(31) == four + " organization-workspace-creation-ban");
    CHECK(listed(32) == "agents-access " + four + " organization-workspace-creation-ban");
    CHECK(listed(35) == "agents-access " + four +
                            " organization-workspace-access organization-workspace-creation-ban");
}

using Names = std::vector<std::string>;

TEST_CASE("a set of site roles is sorted and has no duplicates") {
    CHECK(site_role_set({}, {}).empty());
    CHECK(site_role_set({"owner", "auditor", "owner", "member"}, {}) ==
          Names{"auditor", "member", "owner"});
    CHECK(site_role_set(Names(10'000, "owner"), {}) == Names{"owner"});
}

struct Refused {
    Names names;
    std::string message;
};

void check_refused(const Refused& row, Names (*rule)(const Names&)) {
    CAPTURE(row.names);
    try {
        rule(row.names);
        FAIL("not refused");
    } catch (const ApiError& error) {
        CHECK(error.status() == 400);
        CHECK(error.message() == row.message);
        CHECK(error.detail().empty());
        CHECK(error.validations().empty());
    }
}

TEST_CASE("names that are no site role") {
    const std::vector<Refused> rows{
        {{"organization-admin:" + org}, "Must only update site wide roles"},
        {{"owner:"}, "Must only update site wide roles"},
        {{":"}, "Must only update site wide roles"},
        {{""}, "\"\" is not a supported role"},
        {{"Owner"}, "\"Owner\" is not a supported role"},
        {{"a:b:c"}, "\"a:b:c\" is not a supported role"},
        {{"::"}, "\"::\" is not a supported role"},
        {{"a\"b"}, "\"a\"b\" is not a supported role"},
        {{"organization-admin"}, "\"organization-admin\" is not a supported role"},
        // The first one in the order in which they were sent
        {{"owner", "zzz", "x:y", "aaa"}, "\"zzz\" is not a supported role"},
        {{"owner", "x:y", "zzz"}, "Must only update site wide roles"},
    };
    for (const Refused& row : rows)
        check_refused(row, [](const Names& names) { return site_role_set(names, {}); });
}

TEST_CASE("a set of organization roles") {
    const std::string admin = organization_admin_role(org), member = organization_member_role(org);
    CHECK(organization_role_set({}, org, {}).empty());
    CHECK(organization_role_set({member, admin, member}, org, {}) == Names{admin, member});
    INFO("with and without the organization it is the same role, and full names are sorted");
    CHECK(organization_role_set({"organization-member", "organization-admin", admin}, org, {}) ==
          Names{admin, member});
    Names every;
    for (const OrganizationRole& role : organization_roles) every.emplace_back(role.name);
    Names stored;
    for (const std::string& name : every) stored.push_back(stored_role(name, org));
    CHECK(every.size() == 8);
    CHECK(std::is_sorted(every.begin(), every.end()));
    CHECK(organization_role_set(every, org, {}) == as_role_set(stored));
    CHECK(organization_role_set(stored, org, {}) == as_role_set(stored));
}

TEST_CASE("names that are no role of the organization") {
    const std::string upper = "0B5E7E0C-6D1F-4A4E-9C0A-0123456789AB";
    const auto no_uuid = [](const std::string& name) {
        return "Role must have proper UUIDs for organization, \"" + name + "\" does not";
    };
    const std::vector<Refused> rows{
        {{"owner"}, "must only update organization roles"},
        {{"member"}, "must only update organization roles"},
        {{"organization-admin:"}, no_uuid("organization-admin:")},
        {{"organization-admin:x"}, no_uuid("organization-admin:x")},
        {{"organization-admin:" + org + ":"}, no_uuid("organization-admin:" + org + ":")},
        {{"x::" + org}, no_uuid("x::" + org)},
        {{"organization-admin:" + other_org}, "Must only pass roles for org \"" + org + "\""},
        {{"nonsense:" + other_org}, "Must only pass roles for org \"" + org + "\""},
        {{"organization-admin:" + upper},
         "\"organization-admin:" + upper + "\" is not a supported role"},
        {{"nonsense:" + org}, "\"nonsense:" + org + "\" is not a supported role"},
        {{""}, "\"\" is not a supported role"},
        {{"nonsense"}, "\"nonsense\" is not a supported role"},
        {{organization_admin_role(org), "owner", "x:"}, "must only update organization roles"},
    };
    for (const Refused& row : rows)
        check_refused(row,
                      [](const Names& names) { return organization_role_set(names, org, {}); });
}

TEST_CASE("roles of the host are site roles while they are declared") {
    const HostRoles declared{{"editor", "Editor", {"notes:write"}}, {"reader", "", {}}};
    CHECK(site_role_set({"reader", "owner", "editor"}, declared) ==
          Names{"editor", "owner", "reader"});
    CHECK_THROWS_AS(site_role_set({"editor"}, {}), ApiError);
    CHECK(site_role_set({"editor"}, {}, {"editor"}) == Names{"editor"});
    CHECK_THROWS_AS(organization_role_set({"editor"}, org, declared), ApiError);
    CHECK(site_role_display_name("editor", declared) == "Editor");
    CHECK(site_role_display_name("reader", declared) == "reader");
    CHECK(site_role_display_name("gone", declared) == "gone");
    CHECK(site_role_display_name("owner", declared) == "Owner");
    CHECK(grant({"reader", "editor"}, declared, "notes:write"));
    CHECK_FALSE(grant({"reader", "editor"}, {}, "notes:write"));
    CHECK_FALSE(grant({"owner"}, declared, "notes:write"));
}

TEST_CASE("site roles as the store may hold them") {
    CHECK(is_stored_role_set({}));
    CHECK(is_stored_role_set({"auditor", "former-role", "owner"}));
    for (const Names& names :
         {Names{"owner", "auditor"}, Names{"owner", "owner"}, Names{""}, Names{"Editor"},
          Names{"a b"}, Names{"a--b"}, Names{"organization-admin"}, Names{"agents-access"},
          Names{"organization-admin:" + org}, Names{std::string(33, 'a')}}) {
        CAPTURE(names);
        CHECK_FALSE(is_stored_role_set(names));
    }
}

}  // namespace roles_test
