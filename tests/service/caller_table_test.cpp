// What HTTP can, calls in the process can: every row of the route table is compared with the call
// that does the same, or is in a list that says why there is none.
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "coder_users/internal/wire/audit_log.hpp"
#include "coder_users/internal/wire/keys.hpp"
#include "coder_users/internal/wire/organizations.hpp"
#include "coder_users/internal/wire/provider_documents.hpp"
#include "coder_users/internal/wire/settings.hpp"
#include "endpoint_table.hpp"
#include "route_table.hpp"

using namespace coder_users_test;
namespace wire = coder_users::wire;
using coder_users::Action;
using coder_users::Caller;
using coder_users::http::Route;

namespace {

constexpr coder_users::Release newest = coder_users::newest_release;

coder_users::Options newest_options() {
    coder_users::Options options;
    options.coder_version = "2.35";
    options.send_passcode = [](const coder_users::Passcode&) {};  // without, none is made
    return options;
}

/// A server with something in it to read and to change: bob, who is logged in and has a token, a
/// role and settings of his own, dora, who has never been seen, and the organization crew, which
/// bob belongs to.
struct Both : World {
    Both() : World(newest_options()) {
        bob = member("bob");
        server.create(owner, "dora");
        execute(give_passcode("bob"));
        over_http("PUT", "/users/bob/roles", R"({"roles":["auditor"]})");
        over_http("PUT", "/users/bob/appearance",
                  R"({"theme_preference":"dark","terminal_font":"fira-code"})");
        over_http("PUT", "/users/bob/preferences", R"({"thinking_display_mode":"preview"})");
        over_http("PUT", "/users/bob/notifications/preferences",
                  R"({"template_disabled_map":{"11111111-1111-1111-1111-111111111111":true}})");
        over_http("POST", "/users/bob/keys/tokens", R"({"token_name":"ci"})");
        over_http("POST", "/organizations", R"({"name":"crew"})");
        over_http("POST", "/organizations/crew/members/bob");
        over_http("POST", "/organizations", R"({"name":"empty"})");
        over_http("PUT", "/organizations/crew/members/bob/roles",
                  R"({"roles":["organization-auditor"]})");
        key = sql("SELECT public_key FROM git_ssh_keys WHERE user_id = '" + id_of("bob") + "'");
    }

    coder_users::Service& service() { return server.service(); }
    Caller as(const std::string& token) { return service().as(service().authenticate(token)); }
    Caller as_owner() { return as(owner); }

    std::string over_http(const std::string& method, const std::string& below,
                          const std::string& body = "", const std::string& token = "") const {
        const Answer answer = server.send(method, below, token.empty() ? owner : token, body);
        INFO(answer.body);
        CHECK((answer.status >= 200 && answer.status < 300));
        return answer.body;
    }
    std::string of_bob(const std::string& query) const { return sql(query + id_of("bob") + "'"); }
    std::string token_id() const {
        return sql("SELECT id FROM api_keys WHERE token_name = 'ci' AND user_id = '" +
                   id_of("bob") + "'");
    }

    std::string bob;  ///< bob's session token
    std::string key;  ///< bob's public key at first
};

using Text = std::function<std::string(Both&)>;

/// Two ways to read the same: the body of HTTP, and the value of a call as that body.
struct Reading {
    Text http, call;
};
using Readings = std::map<std::string, Reading>;

Reading get(const std::string& path, Text call) {
    return {[path](Both& both) { return both.over_http("GET", path); }, std::move(call)};
}

Readings readings_of_users() {
    return {
        {"get-users", get("/users?q=role:auditor",
                          [](Both& both) {
                              const auto page = both.as_owner().list_users({"role:auditor"});
                              return wire::users(page.users, page.count, wire::Form(newest));
                          })},
        {"get-user-by-name", get("/users/bob",
                                 [](Both& both) {
                                     return wire::user(both.as_owner().find_user("bob"),
                                                       wire::Form(newest));
                                 })},
        {"get-user-appearance-settings",
         get("/users/bob/appearance",
             [](Both& both) {
                 return wire::object(both.as_owner().find_appearance("bob"), newest);
             })},
        {"get-user-preference-settings",
         get("/users/bob/preferences",
             [](Both& both) {
                 return wire::object(both.as_owner().find_preferences("bob"), newest);
             })},
        {"get-user-notification-preferences",
         get("/users/bob/notifications/preferences",
             [](Both& both) {
                 return wire::notification_preferences(both.as_owner().list_notifications("bob"));
             })},
        {"get-user-quiet-hours-schedule", get("/users/bob/quiet-hours",
                                              [](Both& both) {
                                                  return wire::quiet_hours(
                                                      both.as_owner().next_quiet_hours("bob"));
                                              })},
        {"get-user-login-type", get("/users/me/login-type",
                                    [](Both& both) {
                                        return wire::user_login_type(
                                            both.as_owner().find_user("me").login_type);
                                    })},
        {"get-site-member-roles", get("/users/roles",
                                      [](Both& both) {
                                          return wire::assignable_roles(
                                              both.as_owner().list_roles(), "", newest);
                                      })},
        {"get-user-roles", get("/users/bob/roles",
                               [](Both& both) {
                                   const auto found = both.as_owner().find_roles("bob");
                                   return wire::user_roles(found.user, found.memberships,
                                                           wire::Form(newest));
                               })},
        {"get-user-git-ssh-key", get("/users/bob/gitsshkey",
                                     [](Both& both) {
                                         return wire::git_ssh_key(
                                             both.as_owner().find_git_ssh_key("bob"), newest);
                                     })},
    };
}

struct NamedToken {
    coder_users::ApiKey key;
    std::string username;
};

std::string token_list(Both& both, bool of_all_users, bool with_expired) {
    std::vector<NamedToken> tokens;
    for (auto& each : both.as_owner().list_tokens("bob", {of_all_users, with_expired}))
        tokens.push_back({each, both.as_owner().find_user(each.user_id).username});
    return wire::tokens(tokens, newest);
}

Readings readings_of_keys() {
    return {
        {"get-user-tokens",
         get("/users/bob/keys/tokens", [](Both& both) { return token_list(both, false, false); })},
        {"get-token-config", get("/users/bob/keys/tokens/tokenconfig",
                                 [](Both& both) {
                                     const std::chrono::nanoseconds longest =
                                         both.as_owner().longest_token_lifetime("bob");
                                     return wire::token_config(longest.count());
                                 })},
        {"get-api-key-by-token-name", get("/users/bob/keys/tokens/ci",
                                          [](Both& both) {
                                              return wire::api_key(
                                                  both.as_owner().find_token("bob", "ci"), newest);
                                          })},
        {"get-api-key-by-id",
         {[](Both& both) { return both.over_http("GET", "/users/bob/keys/" + both.token_id()); },
          [](Both& both) {
              return wire::api_key(both.as_owner().find_key("bob", both.token_id()), newest);
          }}},
        {"get-user-sessions",
         get("/users/bob/sessions",
             [](Both& both) { return wire::sessions(both.as_owner().list_sessions("bob")); })},
        {"get-oidc-claims-for-the-authenticated-user",
         {[](Both& both) {
              both.server.create(both.owner, "kim");
              both.execute("UPDATE users SET login_type = 'oidc' WHERE username = 'kim'");
              return both.over_http("GET", "/users/oidc-claims", "", both.add_key("kim", {}));
          },
          [](Both& both) { return wire::oidc_claims(both.as(KeyRow().token()).oidc_claims()); }}},
    };
}

Readings readings_of_organizations() {
    return {
        {"get-organizations-by-user",
         get("/users/bob/organizations",
             [](Both& both) {
                 return wire::organizations(both.as_owner().list_organizations_of("bob"), newest);
             })},
        {"get-organization-by-user-and-organization-name",
         get("/users/bob/organizations/crew",
             [](Both& both) {
                 return wire::organization(both.as_owner().find_organization("crew"), newest);
             })},
        {"get-organizations", get("/organizations",
                                  [](Both& both) {
                                      return wire::organizations(
                                          both.as_owner().list_organizations(), newest);
                                  })},
        {"get-organization-by-id",
         get("/organizations/default",
             [](Both& both) {
                 return wire::organization(both.as_owner().find_organization("default"), newest);
             })},
        {"list-organization-members", get("/organizations/crew/members",
                                          [](Both& both) {
                                              return wire::members(
                                                  both.as_owner().list_members("crew"), false,
                                                  wire::Form(newest));
                                          })},
        {"paginated-organization-members",
         get("/organizations/crew/paginated-members?limit=1&offset=1",
             [](Both& both) {
                 coder_users::FindUsers second;
                 second.limit = second.offset = 1;
                 return wire::members(both.as_owner().list_members("crew", second), true,
                                      wire::Form(newest));
             })},
        {"get-organization-member", get("/organizations/crew/members/bob",
                                        [](Both& both) {
                                            return wire::member(
                                                both.as_owner().find_member("crew", "bob"),
                                                wire::Form(newest));
                                        })},
        {"get-member-roles-by-organization",
         get("/organizations/crew/members/roles",
             [](Both& both) {
                 const std::string id = both.as_owner().find_organization("crew").id;
                 return wire::assignable_roles(both.as_owner().list_member_roles("crew"), id,
                                               newest);
             })},
    };
}

/// A user as the text of what does not depend on chance.
std::string described(coder_users::Service& service) {
    const auto user = service.as(coder_users::Identity::system()).find_user("ada");
    return user.username + " " + user.email + " " + user.name + " " + user.roles.at(0) + " " +
           std::to_string(user.organization_ids.size());
}

Readings other_readings() {
    return {
        {"get-authentication-methods",
         get("/users/authmethods",
             [](Both& both) { return wire::auth_methods(both.service().auth_methods(), newest); })},
        {"check-initial-user-created",
         get("/users/first",
             [](Both& both) {
                 CHECK_FALSE(TestServer().service().has_first_user());
                 return message(both.service().has_first_user()
                                    ? "The initial user has already been created!"
                                    : "The initial user has not been created!");
             })},
        {"create-initial-user",
         {[](Both&) {
              TestServer server;
              server.send("POST", "/users/first", "",
                          R"({"email":"ada@x.org","username":"ada","name":"Ada","password":")" +
                              good_password + "\"}");
              return described(server.service());
          },
          [](Both&) {
              TestServer server;
              coder_users::CreateUser ada;
              ada.email = "ada@x.org", ada.username = "ada", ada.name = "Ada";
              ada.password = good_password;
              server.service().create_first_user(ada);
              return described(server.service());
          }}},
        {"validate-user-password",
         {[](Both& both) {
              return both.over_http("POST", "/users/validate-password", R"({"password":"aaaa"})");
          },
          [](Both& both) {
              return wire::password_check(both.service().password_weakness("aaaa"));
          }}},
        {"check-authorization",
         {[](Both& both) {
              return both.over_http(
                  "POST", "/authcheck",
                  R"({"checks":{"add":{"object":{"resource_type":"user"},"action":"create"},)"
                  R"("see":{"object":{"resource_type":"user"},"action":"read"},)"
                  R"("log":{"object":{"resource_type":"audit_log"},"action":"read"},)"
                  R"("give":{"object":{"resource_type":"assign_role"},"action":"assign"}}})",
                  both.bob);
          },
          [](Both& both) {
              const auto bob = both.service().authenticate(both.bob);
              const auto may = [&](Action action) { return both.service().may(bob, action); };
              return wire::authorizations({{"add", may(Action::create_users)},
                                           {"see", may(Action::read_all_users)},
                                           {"log", may(Action::read_audit)},
                                           {"give", may(Action::assign_roles)}});
          }}},
        {"get-audit-logs",
         get("/audit?q=action:create&limit=2&offset=1",
             [](Both& both) {
                 const auto page = both.as_owner().list_audit({"action:create", 2, 1});
                 return wire::audit_logs(page.entries, page.count, wire::Form(newest));
             })},
    };
}

/// Two ways to make the same change, and the stored text in which it shows.
struct Changing {
    Text http;
    std::function<void(Both&)> call;
    Text effect;
};
using Changings = std::map<std::string, Changing>;

Text sent(const std::string& method, const std::string& path, const std::string& body = "") {
    return [=](Both& both) { return both.over_http(method, path, body); };
}
/// `query` selects one row of bob's; it ends before his id.
Text in_row(const std::string& query) {
    return [=](Both& both) { return both.of_bob(query + " = '"); };
}
Text stored_as(const std::string& query) {
    return [=](Both& both) { return both.sql(query); };
}
Text keys_of_bob() { return in_row("SELECT count(*) FROM api_keys WHERE user_id"); }

Changings changes_of_users() {
    return {
        {"create-new-user",
         {sent("POST", "/users",
               R"({"email":"nora@x.org","username":"nora","name":"Nora","roles":["auditor"],)"
               R"("password":")" +
                   good_password + "\"}"),
          [](Both& both) {
              coder_users::CreateUser nora;
              nora.email = "nora@x.org", nora.username = "nora", nora.name = "Nora";
              nora.password = good_password, nora.roles = {"auditor"};
              both.as_owner().create_user(nora);
          },
          stored_as("SELECT email, name, roles, status, login_type FROM users "
                    "WHERE username = 'nora'")}},
        {"delete-user",
         {sent("DELETE", "/users/bob"), [](Both& both) { both.as_owner().delete_user("bob"); },
          stored_as("SELECT username FROM users WHERE deleted = 0 ORDER BY 1")}},
        {"update-user-profile",
         {sent("PUT", "/users/bob/profile", R"({"username":"bob","name":"Bob B"})"),
          [](Both& both) {
              coder_users::EditProfile wanted;
              wanted.name = "Bob B";
              both.as_owner().edit_profile("bob", wanted);
          },
          in_row("SELECT name FROM users WHERE id")}},
        {"update-user-email",
         {sent("PUT", "/users/bob/email", R"({"email":"robert@example.org"})"),
          [](Both& both) { both.as_owner().set_email("bob", "robert@example.org"); },
          in_row("SELECT email FROM users WHERE id")}},
        {"log-in-user",
         {sent("POST", "/users/login",
               R"({"email":"dora@example.org","password":")" + good_password + "\"}"),
          [](Both& both) { both.service().log_in("dora@example.org", good_password); },
          stored_as("SELECT count(*) FROM api_keys")}},
        {"update-user-password",
         {sent("PUT", "/users/bob/password", R"({"password":"an0ther-Horse"})"),
          [](Both& both) { both.as_owner().set_password("bob", "an0ther-Horse"); }, keys_of_bob()}},
        {"suspend-user-account",
         {sent("PUT", "/users/bob/status/suspend"),
          [](Both& both) { both.as_owner().suspend_user("bob"); },
          in_row("SELECT status FROM users WHERE id")}},
        {"activate-user-account",
         {sent("PUT", "/users/dora/status/activate"),
          [](Both& both) { both.as_owner().activate_user("dora"); },
          stored_as("SELECT status FROM users WHERE username = 'dora'")}},
        {"assign-role-to-user",
         {sent("PUT", "/users/bob/roles", R"({"roles":["user-admin"]})"),
          [](Both& both) { both.as_owner().set_roles("bob", {"user-admin"}); },
          in_row("SELECT roles FROM users WHERE id")}},
        {"request-one-time-passcode",
         {sent("POST", "/users/otp/request", R"({"email":"dora@example.org"})"),
          [](Both& both) { both.service().request_passcode("dora@example.org"); },
          stored_as("SELECT count(*) FROM one_time_passcodes")}},
        {"change-password-with-a-one-time-passcode",
         {sent("POST", "/users/otp/change-password",
               R"({"email":"bob@example.org","password":"an0ther-Horse","one_time_passcode":")" +
                   some_passcode + "\"}"),
          [](Both& both) {
              both.service().redeem_passcode("bob@example.org", some_passcode, "an0ther-Horse");
          },
          keys_of_bob()}},
    };
}

Changings changes_of_settings() {
    return {
        {"update-user-appearance-settings",
         {sent("PUT", "/users/bob/appearance",
               R"({"theme_preference":"light","theme_mode":"single"})"),
          [](Both& both) {
              coder_users::Appearance wanted;
              wanted.theme_preference = "light", wanted.theme_mode = "single";
              const auto now = both.as_owner().set_appearance("bob", wanted);
              CHECK(now.theme_mode == "single");
              CHECK(now.terminal_font == "fira-code");
          },
          [](Both& both) {
              return both.of_bob("SELECT theme_preference FROM users WHERE id = '") +
                     both.of_bob("SELECT name, value FROM user_settings WHERE user_id = '");
          }}},
        {"update-user-preference-settings",
         {sent("PUT", "/users/bob/preferences",
               R"({"task_notification_alert_dismissed":true,"code_diff_display_mode":"auto"})"),
          [](Both& both) {
              coder_users::EditPreferences wanted;
              wanted.task_notification_alert_dismissed = true;
              wanted.code_diff_display_mode = "auto";
              const auto now = both.as_owner().set_preferences("bob", wanted);
              CHECK(now.thinking_display_mode == "preview");
              CHECK(now.task_notification_alert_dismissed);
          },
          in_row("SELECT name, value FROM user_settings WHERE user_id")}},
        {"update-user-notification-preferences",
         {sent("PUT", "/users/bob/notifications/preferences",
               R"({"template_disabled_map":{"22222222-2222-2222-2222-222222222222":true}})"),
          [](Both& both) {
              const auto all = both.as_owner().set_notifications(
                  "bob", {{"22222222-2222-2222-2222-222222222222", true}});
              CHECK(all.size() == 2);
          },
          in_row("SELECT template_id, disabled FROM notification_preferences WHERE user_id")}},
        {"regenerate-user-ssh-key",
         {sent("PUT", "/users/bob/gitsshkey"),
          [](Both& both) {
              const auto made = both.as_owner().renew_git_ssh_key("bob");
              CHECK(made.public_key == both.as_owner().find_git_ssh_key("bob").public_key);
          },
          [](Both& both) {
              const std::string now =
                  both.of_bob("SELECT public_key FROM git_ssh_keys WHERE user_id = '");
              return now == both.key ? "the old key" : "a new key";
          }}},
    };
}

Changings changes_of_keys() {
    return {
        {"create-new-session-key",
         {sent("POST", "/users/bob/keys"), [](Both& both) { both.as_owner().make_session("bob"); },
          keys_of_bob()}},
        {"create-token-api-key",
         {sent("POST", "/users/bob/keys/tokens",
               R"({"token_name":"new","lifetime":3600000000000,"scopes":["user:read"]})"),
          [](Both& both) {
              coder_users::CreateToken wanted;
              wanted.name = "new", wanted.lifetime = std::chrono::hours(1);
              wanted.scopes = {"user:read"};
              both.as_owner().make_token("bob", wanted);
          },
          stored_as("SELECT lifetime_seconds, scopes FROM api_keys WHERE token_name = 'new'")}},
        {"delete-api-key",
         {[](Both& both) { return both.over_http("DELETE", "/users/bob/keys/" + both.token_id()); },
          [](Both& both) { both.as_owner().revoke_key("bob", both.token_id()); },
          stored_as("SELECT count(*) FROM api_keys WHERE token_name = 'ci'")}},
        {"expire-api-key",
         {[](Both& both) {
              return both.over_http("PUT", "/users/bob/keys/" + both.token_id() + "/expire");
          },
          [](Both& both) { both.as_owner().expire_key("bob", both.token_id()); },
          stored_as("SELECT expires_at FROM api_keys WHERE token_name = 'ci'")}},
        {"delete-user-sessions",
         {sent("DELETE", "/users/bob/sessions"),
          [](Both& both) { both.as_owner().end_sessions("bob"); }, keys_of_bob()}},
        {"log-out-user",
         {[](Both& both) { return both.over_http("POST", "/users/logout", "", both.bob); },
          [](Both& both) { both.as(both.bob).log_out(); }, keys_of_bob()}},
    };
}

Changings changes_of_organizations() {
    const Text organizations = stored_as(
        "SELECT name, display_name, description, icon, is_default FROM organizations ORDER BY 1");
    const Text members = stored_as(
        "SELECT o.name, u.username FROM organization_members m JOIN users u ON u.id = m.user_id "
        "JOIN organizations o ON o.id = m.organization_id ORDER BY 1, 2");
    return {
        {"create-organization",
         {sent("POST", "/organizations", R"({"name":"new-one","description":"New"})"),
          [](Both& both) {
              coder_users::CreateOrganization wanted;
              wanted.name = "new-one", wanted.description = "New";
              both.as_owner().create_organization(wanted);
          },
          organizations}},
        {"update-organization",
         {sent("PATCH", "/organizations/crew", R"({"display_name":"The Crew"})"),
          [](Both& both) {
              coder_users::UpdateOrganization wanted;
              wanted.display_name = "The Crew";
              both.as_owner().update_organization("crew", wanted);
          },
          organizations}},
        {"delete-organization",
         {sent("DELETE", "/organizations/empty"),
          [](Both& both) { both.as_owner().delete_organization("empty"); }, organizations}},
        {"add-organization-member",
         {sent("POST", "/organizations/crew/members/dora"),
          [](Both& both) { both.as_owner().add_member("crew", "dora"); }, members}},
        {"remove-organization-member",
         {sent("DELETE", "/organizations/crew/members/bob"),
          [](Both& both) { both.as_owner().remove_member("crew", "bob"); }, members}},
        {"assign-role-to-organization-member",
         {sent("PUT", "/organizations/crew/members/bob/roles",
               R"({"roles":["organization-admin","agents-access"]})"),
          [](Both& both) {
              both.as_owner().set_member_roles("crew", "bob",
                                               {"organization-admin", "agents-access"});
          },
          [](Both& both) {
              return both.sql(
                  "SELECT substr(role, 1, length(role) - 37) FROM organization_member_roles "
                  "WHERE user_id = '" +
                  both.id_of("bob") + "' ORDER BY 1");
          }}},
    };
}

/// Operations that no call does, each with the reason.
const std::map<std::string, std::string>& without_a_call() {
    const std::string constant = "the answer is the same on every server";
    const std::string own = "it tells what the host has chosen itself";
    const std::string browser = "it leads a browser from page to page, by redirects and cookies";
    static const std::map<std::string, std::string> all{
        {"get-root", constant},
        {"get-build-info", own},
        {"get-openapi", "a document, which handle() returns"},
        {"get-health", "whoever can call is alive"},
        {"get-readiness", "every call throws 503 when the store does not answer"},
        {"oauth-20-github-callback", browser},
        {"openid-connect-callback", browser},
        {"convert-user-from-password-to-oauth-authentication", browser},
        {"get-github-device-auth", "it always refuses"},
        {"update-user-quiet-hours-schedule", "it always refuses"},
        {"get-autofill-build-parameters-for-user", "there never are any"},
        {"list-api-key-scopes", constant},
        {"get-entitlements", constant},
        {"update-check", constant},
        {"get-appearance", constant},
        {"get-enabled-experiments", constant},
        {"get-safe-experiments", constant},
        {"get-site-wide-regions-for-workspace-connections", constant},
        {"get-deployment-config", own},
        {"list-inbox-notifications", constant},
        {"get-notifications-settings", constant},
        {"get-system-notification-templates", constant},
        {"get-custom-notification-templates", constant},
        {"get-notification-dispatch-methods", constant},
    };
    return all;
}

/// What the audit log has got since, without what depends on chance: new public keys.
std::string entries_of(const World& world, const std::string& entry) {
    return world.sql(
        "SELECT resource_type, action, status_code, actor_id IS NULL, "
        "CASE resource_type WHEN 'git_ssh_key' THEN '' ELSE resource_target END "
        "FROM audit_logs WHERE entry > " +
        entry + " ORDER BY entry");
}

template <class Map>
void add(std::set<std::string>& ids, const Map& map) {
    for (const auto& [id, any] : map) {
        INFO(id);
        CHECK(ids.insert(id).second);
    }
}

}  // namespace

TEST_CASE("every row of the route table is compared with a call, or it is said why there is none") {
    std::set<std::string> known, rows;
    add(known, readings_of_users());
    add(known, readings_of_keys());
    add(known, readings_of_organizations());
    add(known, other_readings());
    add(known, changes_of_users());
    add(known, changes_of_settings());
    add(known, changes_of_keys());
    add(known, changes_of_organizations());
    add(known, without_a_call());
    for (const Route& route : route_table()) rows.insert(route.operation_id());
    CHECK(known == rows);
}

TEST_CASE("a call returns what the body of HTTP says") {
    Both both;
    for (const auto& readings :
         {readings_of_users(), readings_of_keys(), readings_of_organizations(), other_readings()})
        for (const auto& [id, reading] : readings) {
            INFO(id);
            const std::string body = reading.http(both);
            CHECK(reading.call(both) == body);
        }
    CHECK(token_list(both, true, true) ==
          both.over_http("GET", "/users/bob/keys/tokens?include_all=true&include_expired=true"));
    both.server.advance(std::chrono::hours(24 * 40));
    const std::string owner = both.server.log_in("owner@example.org");
    CHECK(both.as(owner).list_tokens("bob").size() == 1);
    CHECK(both.as(owner).list_tokens("bob", {false, false}).empty());
}

TEST_CASE("a call changes what the request changes, and is recorded as it") {
    for (const auto& changings :
         {changes_of_users(), changes_of_settings(), changes_of_keys(), changes_of_organizations()})
        for (const auto& [id, changing] : changings) {
            INFO(id);
            Both one, other;
            const std::string before = changing.effect(one), entry = one.last_entry();
            CHECK(changing.effect(other) == before);
            CHECK(other.last_entry() == entry);
            changing.http(one);
            changing.call(other);
            CHECK(changing.effect(one) != before);
            CHECK(changing.effect(other) == changing.effect(one));
            CHECK(entries_of(other, entry) == entries_of(one, entry));
        }
}

TEST_CASE("the calls refuse whom HTTP refuses") {
    Both both;
    const auto status_of = [](auto&& call) {
        try {
            call();
            return 200;
        } catch (const coder_users::ApiError& error) {
            return error.status();
        }
    };
    const std::string plain = both.member("carl");
    const Caller carl = both.as(plain), system = both.service().as(coder_users::Identity::system());
    CHECK(status_of([&] { carl.list_audit(); }) == 403);
    CHECK(status_of([&] { carl.find_roles("bob"); }) == 404);
    CHECK(status_of([&] { carl.find_appearance("bob"); }) == 404);
    CHECK(status_of([&] { both.as(both.bob).set_member_roles("default", "me", {}); }) == 400);
    CHECK(status_of([&] { carl.set_member_roles("crew", "bob", {}); }) == 404);
    CHECK(status_of([&] { carl.oidc_claims(); }) == 400);
    CHECK(status_of([&] { carl.set_notifications("me", {{"x", true}}); }) == 400);
    CHECK(status_of([&] { both.as(both.bob).find_git_ssh_key("carl"); }) == 403);
    CHECK(status_of([&] { both.as_owner().list_audit({"nonsense:1"}); }) == 400);
    CHECK(status_of([&] { both.as_owner().list_audit({"", -1}); }) == 400);
    CHECK(status_of([&] { both.service().password_weakness(""); }) == 400);
    CHECK(status_of([&] { both.service().request_passcode("x"); }) == 400);
    CHECK(status_of([&] { system.log_out(); }) == 401);
    const std::string entry = both.last_entry();
    CHECK(status_of([&] {
              both.service().redeem_passcode(
                  "bob@example.org", "00000000-0000-0000-0000-000000000000", "an0ther-Horse");
          }) == 400);
    CHECK(both.entries_since(entry) == "user|write|bob|400");
    carl.log_out();
    CHECK(status_of([&] { carl.list_roles(); }) == 401);
    CHECK(both.server.send("GET", "/users/me", plain).status == 401);
}
