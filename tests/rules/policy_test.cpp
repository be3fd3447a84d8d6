#include "coder_users/internal/rules/policy.hpp"

#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

namespace policy_test {

using namespace coder_users;
using namespace coder_users::rules;

User user_with(const std::string& id, std::vector<std::string> roles = {}) {
    User user;
    user.id = id;
    user.roles = std::move(roles);
    return user;
}

const User plain = user_with("plain"), marked_member = user_with("marked", {"member"}),
           owner = user_with("owner", {"owner"}), other_owner = user_with("owner2", {"owner"}),
           user_admin = user_with("ua", {"user-admin"}),
           other_user_admin = user_with("ua2", {"user-admin"}),
           template_admin = user_with("ta", {"template-admin"}),
           auditor = user_with("au", {"auditor"}),
           both = user_with("both", {"auditor", "user-admin"});

/// Nobody is admin of an organization.
const auto none = [](const User&) { return std::vector<std::string>(); };

/// Returns what the actor may do to the target, in words.
std::string rights(const User& actor, const User& target) {
    const auto allows = [&](Action action) { return may(actor, action, target, none); };
    std::vector<std::string> words;
    if (allows(Action::read_user)) words.emplace_back("read");
    if (allows(Action::edit_user)) words.emplace_back("edit");
    if (allows(Action::manage_user)) words.emplace_back("manage");
    if (allows(Action::read_user_roles)) words.emplace_back("roles");
    if (allows(Action::use_keys)) words.emplace_back("keys");
    if (allows(Action::choose_notifications)) words.emplace_back("notifications");
    if (allows(Action::act_as_user)) words.emplace_back("as_user");
    return join(words, " ");
}

struct Row {
    const User &actor, &target;
    const char* rights;
};

TEST_CASE("who may do what to whom") {
    const std::vector<Row> rows{
        {plain, plain, "read edit roles keys notifications as_user"},
        {plain, marked_member, ""},
        {plain, owner, ""},
        {marked_member, plain, ""},
        {marked_member, marked_member, "read edit roles keys notifications as_user"},
        {auditor, auditor, "read edit roles keys notifications as_user"},
        {auditor, plain, "read"},
        {auditor, owner, "read"},
        {template_admin, template_admin, "read edit roles keys notifications as_user"},
        {template_admin, plain, "read"},
        {template_admin, owner, "read"},
        {user_admin, user_admin, "read edit manage roles keys notifications as_user"},
        {user_admin, plain, "read edit manage roles"},
        {user_admin, marked_member, "read edit manage roles"},
        {user_admin, other_user_admin, "read edit manage roles"},
        {user_admin, auditor, "read roles"},
        {user_admin, both, "read roles"},
        {user_admin, owner, "read roles"},
        {both, auditor, "read edit manage roles"},
        {both, user_admin, "read edit manage roles"},
        {both, template_admin, "read roles"},
        {owner, owner, "read edit manage roles keys notifications as_user"},
        {owner, other_owner, "read edit manage roles keys notifications"},
        {owner, user_admin, "read edit manage roles keys notifications"},
        {owner, plain, "read edit manage roles keys notifications"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.actor.id, row.target.id);
        CHECK(rights(row.actor, row.target) == row.rights);
    }
}

TEST_CASE("a role of unknown name is not shared by accident") {
    const User odd = user_with("odd", {"future-role"});
    CHECK_FALSE(may_manage(user_admin, odd, none));
    CHECK(may_manage(user_with("x", {"future-role", "user-admin"}), odd, none));
    CHECK_FALSE(may_manage(odd, plain, none));
}

TEST_CASE("a user-admin manages no admin of an organization that it is no admin of") {
    using Ids = std::vector<std::string>;
    const auto manages = [](const User& actor, const Ids& of_actor, const Ids& of_target) {
        const auto administered_by = [&](const User& user) {
            return user.id == actor.id ? of_actor : of_target;
        };
        const bool manage = may(actor, Action::manage_user, plain, administered_by);
        CHECK(may(actor, Action::edit_user, plain, administered_by) == manage);
        return manage;
    };
    CHECK(manages(user_admin, {}, {}));
    CHECK(manages(user_admin, {"a"}, {}));
    CHECK_FALSE(manages(user_admin, {}, {"a"}));
    CHECK(manages(user_admin, {"a"}, {"a"}));
    CHECK_FALSE(manages(user_admin, {"a"}, {"a", "b"}));
    CHECK(manages(user_admin, {"a", "b"}, {"b", "a"}));
    CHECK(manages(owner, {}, {"a"}));
    CHECK_FALSE(manages(auditor, {"a"}, {"a"}));
    CHECK_FALSE(manages(marked_member, {"a"}, {}));

    // What could be decided without the organizations is, and nothing else.
    CHECK(may(user_admin, Action::edit_user, user_admin));
    CHECK(may(owner, Action::manage_user, plain));
    CHECK_FALSE(may(user_admin, Action::manage_user, owner));
    CHECK_THROWS_AS(may(user_admin, Action::manage_user, plain), std::logic_error);
    CHECK_THROWS_AS(may(user_admin, Action::edit_user, plain), std::logic_error);
}

/// Returns what the actor may do without a target, in words.
std::string rights(const User& actor) {
    std::vector<std::string> words;
    if (may(actor, Action::create_users)) words.emplace_back("create");
    if (may(actor, Action::read_all_users)) words.emplace_back("read_all");
    if (may(actor, Action::read_all_keys)) words.emplace_back("all_keys");
    if (may(actor, Action::assign_roles)) words.emplace_back("assign");
    if (may(actor, Action::assign_all_roles)) words.emplace_back("assign_all");
    if (may(actor, Action::read_audit)) words.emplace_back("audit");
    if (may(actor, Action::read_deployment_config)) words.emplace_back("deployment");
    if (may(actor, Action::ignore_rate_limits)) words.emplace_back("no_limits");
    return join(words, " ");
}

TEST_CASE("who may do what has no target") {
    CHECK(rights(plain).empty());
    CHECK(rights(marked_member).empty());
    CHECK(rights(auditor) == "read_all audit deployment");
    CHECK(rights(template_admin) == "read_all");
    CHECK(rights(user_admin) == "create read_all assign");
    CHECK(rights(both) == "create read_all assign audit deployment");
    CHECK(rights(owner) == "create read_all all_keys assign assign_all audit deployment no_limits");
    CHECK_FALSE(may(plain, Action::create_users, owner));  // whoever the target is
    CHECK(may(owner, Action::create_users, plain));
}

TEST_CASE("organization roles give no rights on users") {
    // They are never site roles. If they were, they would give no rights.
    const User admin = user_with("oa", {organization_admin_role("o")});
    CHECK_FALSE(may(admin, Action::read_user, plain));
    CHECK_FALSE(may(admin, Action::edit_user, plain));
    CHECK_FALSE(may(admin, Action::read_all_users));
}

TEST_CASE("who may assign which role") {
    for (const SiteRole& role : site_roles) {
        CAPTURE(role.name);
        CHECK(may_assign(owner, role.name));
        CHECK(may_assign(user_admin, role.name) == (role.name == "member"));
        CHECK(may_assign(both, role.name) == (role.name == "member"));
        for (const User& actor : {plain, marked_member, auditor, template_admin})
            CHECK_FALSE(may_assign(actor, role.name));
    }
    INFO("one that is not declared any more can be taken away");
    CHECK(may_assign(owner, "former-role"));
    CHECK_FALSE(may_assign(user_admin, "former-role"));
}

using Names = std::vector<std::string>;

struct Change {
    const User& actor;
    Names current, wanted;
    const char* refused;  ///< nullptr: accepted
};

TEST_CASE("only the difference of two role sets is judged") {
    const std::vector<Change> rows{
        {owner, {}, {"auditor", "member", "owner", "template-admin", "user-admin"}, nullptr},
        {owner, {"owner"}, {}, nullptr},
        {user_admin, {}, {}, nullptr},
        {user_admin, {"owner"}, {"owner"}, nullptr},
        {user_admin, {"owner"}, {"member", "owner"}, nullptr},
        {user_admin, {"member", "owner"}, {"owner"}, nullptr},
        {user_admin, {}, {"member"}, nullptr},
        {user_admin, {}, {"user-admin"}, "user-admin"},
        {user_admin, {"owner"}, {}, "owner"},
        {user_admin, {"owner"}, {"member"}, "owner"},
        {user_admin, {"user-admin"}, {"owner"}, "owner"},
        {user_admin, {"auditor", "user-admin"}, {"user-admin"}, "auditor"},
        {user_admin, {"owner"}, {"auditor", "owner", "template-admin"}, "auditor"},
        {plain, {}, {"member"}, "member"},
    };
    for (const Change& row : rows) {
        CAPTURE(row.actor.id, row.current, row.wanted);
        if (row.refused == nullptr) {
            CHECK_NOTHROW(
                refuse_unassignable(row.actor, row.current, row.wanted, "update site roles: "));
            continue;
        }
        try {
            refuse_unassignable(row.actor, row.current, row.wanted, "update site roles: ");
            FAIL("not refused");
        } catch (const ApiError& error) {
            CHECK(error.status() == 400);
            CHECK(error.message() == "update site roles: not authorized to assign role \"" +
                                         std::string(row.refused) + '"');
        }
    }
}

TEST_CASE("who may read an organization") {
    User insider = plain;
    insider.organization_ids = {"other", "org"};
    CHECK(may_read_organization(insider, "org"));
    CHECK_FALSE(may_read_organization(insider, "third"));
    for (const User& actor : {owner, template_admin}) CHECK(may_read_organization(actor, "org"));
    for (const User& actor : {plain, marked_member, auditor, user_admin, both})
        CHECK_FALSE(may_read_organization(actor, "org"));
}

TEST_CASE("who may read a membership and change organization roles") {
    CHECK(may_read_membership(plain, "plain", false));
    CHECK_FALSE(may_read_membership(plain, "owner", false));
    CHECK(may_read_membership(plain, "owner", true));
    for (const User& actor : {owner, user_admin, template_admin, auditor})
        CHECK(may_read_membership(actor, "plain", false));

    CHECK(may_change_organization_roles(owner, false));
    CHECK(may_change_organization_roles(plain, true));
    for (const User& actor : {plain, user_admin, template_admin, auditor})
        CHECK_FALSE(may_change_organization_roles(actor, false));
}

}  // namespace policy_test
