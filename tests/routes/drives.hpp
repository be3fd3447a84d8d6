// One good request for every row of the route table. A row without one fails table_test.cpp.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "endpoint_table.hpp"
#include "fixed_answer.hpp"

namespace coder_users_test {

using Drive = std::function<Answer(World&)>;

/// A request by the owner.
inline Drive simple(const std::string& method, const std::string& path,
                    const std::string& body = "") {
    return [=](World& world) { return world.server.send(method, path, world.owner, body); };
}
/// A request by the owner about the user "bob", who exists. `path` follows /users/bob.
inline Drive on_bob(const std::string& method, const std::string& path,
                    const std::string& body = "") {
    return [=](World& world) {
        if (world.id_of("bob").empty()) world.server.create(world.owner, "bob");
        return world.server.send(method, "/users/bob" + path, world.owner, body);
    };
}
/// A request about a token of the owner.
inline Drive on_token(const std::string& method, const std::string& path) {
    return [=](World& world) {
        const Answer first = world.server.send(
            "POST", "/users/me/keys/tokens", world.owner,
            R"({"token_name":"t)" + std::to_string(path.size() + method.size()) + "\"}");
        REQUIRE(first.status == 201);
        const std::string id = parse(first.body)["key"].text().substr(0, 10);
        const std::string name =
            world.sql("SELECT token_name FROM api_keys WHERE id = '" + id + "'");
        return world.server.send(method, "/users/me/keys/" + (path == "id" ? id : path + name),
                                 world.owner);
    };
}
inline Drive in_organization(const std::string& path) {
    return [=](World& world) {
        return world.server.send("GET", "/organizations/" + world.organization + path, world.owner);
    };
}

/// A new password for bob, with a code.
inline Drive by_passcode() {
    return [](World& world) {
        if (world.id_of("bob").empty()) world.server.create(world.owner, "bob");
        world.execute(give_passcode("bob"));
        return world.server.send("POST", "/users/otp/change-password", "",
                                 R"({"email":"bob@example.org","password":"an0ther-Horse",)"
                                 R"("one_time_passcode":")" +
                                     some_passcode + "\"}");
    };
}

/// A request about an organization of its own, with bob as a member if `with_bob`.
inline Drive in_new_organization(const std::string& method, const std::string& name,
                                 const std::string& path, bool with_bob,
                                 const std::string& body = "") {
    return [=](World& world) {
        if (world.id_of("bob").empty()) world.server.create(world.owner, "bob");
        const std::string where = "/organizations/" + name;
        world.server.send("POST", "/organizations", world.owner, "{\"name\":\"" + name + "\"}");
        if (with_bob) world.server.send("POST", where + "/members/bob", world.owner);
        return world.server.send(method, where + path, world.owner, body);
    };
}

/// Sends a request as the first user, on a server of its own.
inline Answer with_owner(const coder_users::Options& options, const std::string& path) {
    TestServer server(options);
    server.owner();
    return server.send("GET", path);
}

/// By operation id, in the order of the table.
inline const std::map<std::string, Drive>& drives() {
    const std::string password = "\"password\":\"" + good_password + "\"}";
    static const std::map<std::string, Drive> all{
        {"get-root", simple("GET", "/")},
        {"get-build-info", simple("GET", "/buildinfo")},
        {"get-openapi", simple("GET", "/openapi.json")},
        {"get-health", simple("GET", "!/healthz")},
        {"get-readiness", simple("GET", "!/readyz")},

        {"get-authentication-methods", simple("GET", "/users/authmethods")},
        {"check-initial-user-created", simple("GET", "/users/first")},
        {"create-initial-user",
         [=](World&) {
             return TestServer().send("POST", "/users/first", "",
                                      R"({"email":"a@example.org","username":"a",)" + password);
         }},
        {"log-in-user",
         simple("POST", "/users/login", R"({"email":"owner@example.org",)" + password)},
        {"request-one-time-passcode",
         simple("POST", "/users/otp/request", R"({"email":"owner@example.org"})")},
        {"change-password-with-a-one-time-passcode", by_passcode()},
        {"oauth-20-github-callback",
         [](World&) {
             coder_users::Options options;
             options.access_url = "https://users.example.com";
             options.github.client_id = options.github.client_secret = "github";
             options.github.allow_everyone = true;
             return with_owner(options, "/users/oauth2/github/callback");
         }},
        {"openid-connect-callback",
         [](World&) {
             const FixedAnswer provider(short_discovery);
             coder_users::Options options;
             options.access_url = "https://users.example.com";
             options.oidc.client_id = options.oidc.client_secret = "oidc";
             options.oidc.issuer_url = provider.url();
             return with_owner(options, "/users/oidc/callback");
         }},
        {"get-github-device-auth", simple("GET", "/users/oauth2/github/device")},
        {"validate-user-password", simple("POST", "/users/validate-password", "{" + password)},
        {"log-out-user",
         [](World& world) {
             return world.server.send("POST", "/users/logout",
                                      world.server.log_in("owner@example.org"));
         }},

        {"get-users", simple("GET", "/users")},
        {"create-new-user",
         simple("POST", "/users", R"({"email":"nora@example.org","username":"nora",)" + password)},
        {"get-user-by-name", simple("GET", "/users/me")},
        {"delete-user", on_bob("DELETE", "")},
        {"update-user-profile", on_bob("PUT", "/profile", R"({"username":"bob"})")},
        {"update-user-email", on_bob("PUT", "/email", R"({"email":"robert@example.org"})")},
        {"update-user-appearance-settings",
         on_bob("PUT", "/appearance", R"({"theme_preference":"dark"})")},
        {"get-user-appearance-settings", on_bob("GET", "/appearance")},
        {"get-user-preference-settings", on_bob("GET", "/preferences")},
        {"update-user-preference-settings",
         on_bob("PUT", "/preferences", R"({"thinking_display_mode":"preview"})")},
        {"get-user-notification-preferences", on_bob("GET", "/notifications/preferences")},
        {"update-user-notification-preferences",
         on_bob("PUT", "/notifications/preferences",
                R"({"template_disabled_map":{"11111111-1111-1111-1111-111111111111":true}})")},
        {"get-user-quiet-hours-schedule", on_bob("GET", "/quiet-hours")},
        {"update-user-quiet-hours-schedule",
         on_bob("PUT", "/quiet-hours", R"({"schedule":"CRON_TZ=UTC 0 0 * * *"})")},
        {"get-autofill-build-parameters-for-user",
         on_bob("GET", "/autofill-parameters?template_id=11111111-1111-1111-1111-111111111111")},
        {"update-user-password", on_bob("PUT", "/password", R"({"password":"an0ther-Horse"})")},
        {"suspend-user-account", on_bob("PUT", "/status/suspend")},
        {"activate-user-account", on_bob("PUT", "/status/activate")},
        {"get-user-login-type", simple("GET", "/users/me/login-type")},

        {"convert-user-from-password-to-oauth-authentication",
         simple("POST", "/users/me/convert-login", R"({"to_type":"github",)" + password)},

        {"get-site-member-roles", simple("GET", "/users/roles")},
        {"get-user-roles", on_bob("GET", "/roles")},
        {"assign-role-to-user", on_bob("PUT", "/roles", R"({"roles":["auditor"]})")},
        {"get-user-git-ssh-key", on_bob("GET", "/gitsshkey")},
        {"regenerate-user-ssh-key", on_bob("PUT", "/gitsshkey")},

        {"create-new-session-key", on_bob("POST", "/keys")},
        {"get-user-tokens", on_token("GET", "tokens?x=")},
        {"create-token-api-key", on_bob("POST", "/keys/tokens", "{}")},
        {"get-token-config", on_bob("GET", "/keys/tokens/tokenconfig")},
        {"get-api-key-by-token-name", on_token("GET", "tokens/")},
        {"get-api-key-by-id", on_token("GET", "id")},
        {"delete-api-key", on_token("DELETE", "id")},
        {"expire-api-key",
         [](World& world) {
             const Answer made =
                 world.server.send("POST", "/users/me/keys/tokens", world.owner, "{}");
             const std::string id = parse(made.body)["key"].text().substr(0, 10);
             return world.server.send("PUT", "/users/me/keys/" + id + "/expire", world.owner);
         }},
        {"get-oidc-claims-for-the-authenticated-user",
         [](World& world) {
             world.server.create(world.owner, "kim");
             world.execute("UPDATE users SET login_type = 'oidc' WHERE username = 'kim'");
             return world.server.send("GET", "/users/oidc-claims", world.add_key("kim", {}));
         }},
        {"list-api-key-scopes", simple("GET", "/auth/scopes")},
        {"get-user-sessions", simple("GET", "/users/me/sessions")},
        {"delete-user-sessions", on_bob("DELETE", "/sessions")},

        {"get-organizations-by-user", on_bob("GET", "/organizations")},
        {"get-organization-by-user-and-organization-name",
         [](World& world) {
             return world.server.send(
                 "GET",
                 "/users/me/organizations/" + world.sql("SELECT name FROM organizations LIMIT 1"),
                 world.owner);
         }},
        {"get-organizations", simple("GET", "/organizations")},
        {"get-organization-by-id", in_organization("")},
        {"create-organization", simple("POST", "/organizations", R"({"name":"new-one"})")},
        {"update-organization",
         in_new_organization("PATCH", "changed", "", false, R"({"description":"New"})")},
        {"delete-organization", in_new_organization("DELETE", "doomed", "", false)},
        {"list-organization-members", in_organization("/members")},
        {"paginated-organization-members", in_organization("/paginated-members?limit=1")},
        {"get-organization-member", in_organization("/members/me")},
        {"add-organization-member", in_new_organization("POST", "joined", "/members/bob", false)},
        {"remove-organization-member", in_new_organization("DELETE", "left", "/members/bob", true)},
        {"get-member-roles-by-organization", in_organization("/members/roles")},
        {"assign-role-to-organization-member",
         [](World& world) {
             if (world.id_of("bob").empty()) world.server.create(world.owner, "bob");
             const std::string role = "organization-admin:" + world.organization;
             return world.server.send("PUT",
                                      "/organizations/" + world.organization + "/members/bob/roles",
                                      world.owner, "{\"roles\":[\"" + role + "\"]}");
         }},

        {"check-authorization",
         simple("POST", "/authcheck",
                R"({"checks":{"a":{"object":{"resource_type":"user"},"action":"read"}}})")},
        {"get-audit-logs", simple("GET", "/audit")},

        {"get-entitlements", simple("GET", "/entitlements")},
        {"update-check", simple("GET", "/updatecheck")},
        {"get-appearance", simple("GET", "/appearance")},
        {"get-enabled-experiments", simple("GET", "/experiments")},
        {"get-safe-experiments", simple("GET", "/experiments/available")},
        {"get-site-wide-regions-for-workspace-connections", simple("GET", "/regions")},
        {"get-deployment-config", simple("GET", "/deployment/config")},
        {"list-inbox-notifications", simple("GET", "/notifications/inbox")},
        {"get-notifications-settings", simple("GET", "/notifications/settings")},
        {"get-system-notification-templates", simple("GET", "/notifications/templates/system")},
        {"get-custom-notification-templates", simple("GET", "/notifications/templates/custom")},
        {"get-notification-dispatch-methods", simple("GET", "/notifications/dispatch-methods")},
    };
    return all;
}

}  // namespace coder_users_test
