#include "operations.hpp"

#include <coder_users/testing.hpp>
#include <utility>

#include "endpoint_table.hpp"
#include "fixed_answer.hpp"

namespace coder_users_test {

OperationRow::OperationRow(std::string its_id, std::string_view request, std::string its_body)
    : id(std::move(its_id)),
      method(request.substr(0, request.find(' '))),
      path(request.substr(request.find(' ') + 1)),
      body(std::move(its_body)),
      changes(method == "GET" ? Changes::nothing : Changes::recorded) {}
OperationRow::~OperationRow() = default;
OperationRow::OperationRow(const OperationRow&) = default;
OperationRow::OperationRow(OperationRow&&) noexcept = default;

OperationRow OperationRow::asks(std::string text) && {
    query = std::move(text);
    return std::move(*this);
}
OperationRow OperationRow::sent_by(By sender) && {
    by = sender;
    return std::move(*this);
}
OperationRow OperationRow::on_oneself() && {
    user = "me";
    return std::move(*this);
}
OperationRow OperationRow::in(std::string name) && {
    organization = std::move(name);
    return std::move(*this);
}
OperationRow OperationRow::on_an_empty_server() && {
    on_empty_server = true;
    return std::move(*this).sent_by(By::nobody);
}
OperationRow OperationRow::sent_elsewhere(std::function<Answer()> send) && {
    elsewhere = std::move(send);
    return std::move(*this);
}
OperationRow OperationRow::is_not_recorded() && {
    changes = Changes::unrecorded;
    return std::move(*this);
}
OperationRow OperationRow::changes_nothing() && {
    changes = Changes::nothing;
    return std::move(*this);
}
OperationRow OperationRow::is_recorded() && {
    changes = Changes::recorded;
    return std::move(*this);
}
OperationRow OperationRow::may(const Statuses& by_kind) && {
    statuses = by_kind;
    return std::move(*this);
}
OperationRow OperationRow::may_everybody() && {
    return std::move(*this).may({401, 200, 200, 200, 200, 200, 200});
}
OperationRow OperationRow::template_admins_get(int status) && {
    template_admin = status;
    return std::move(*this);
}
OperationRow OperationRow::organization_admins_get(int status) && {
    organization_admin = status;
    return std::move(*this);
}
OperationRow OperationRow::managers_get_on_themselves(int status) && {
    self_who_manages = status;
    return std::move(*this);
}
OperationRow OperationRow::refuses_self(std::string text) && {
    self_text = std::move(text);
    return std::move(*this);
}
OperationRow OperationRow::refuses_with(std::string text) && {
    refusal = std::move(text);
    return std::move(*this);
}
OperationRow OperationRow::refuses_all_with(std::string text) && {
    refusal_of_all = std::move(text);
    return std::move(*this);
}
OperationRow OperationRow::needs(std::string letters) && {
    key_needs = std::move(letters);
    return std::move(*this);
}

namespace {

/// Sends a request as the first user, on a server of its own.
Answer with_owner(const coder_users::Options& options, const std::string& path) {
    TestServer server(options);
    server.owner();
    return server.send("GET", path);
}

Answer begin_github_login() {
    coder_users::Options options;
    options.access_url = "https://users.example.com";
    options.github.client_id = options.github.client_secret = "github";
    options.github.allow_everyone = true;
    return with_owner(options, "/users/oauth2/github/callback");
}

Answer begin_oidc_login() {
    const FixedAnswer provider(short_discovery);
    coder_users::Options options;
    options.access_url = "https://users.example.com";
    options.oidc.client_id = options.oidc.client_secret = "oidc";
    options.oidc.issuer_url = provider.url();
    return with_owner(options, "/users/oidc/callback");
}

using Rows = std::vector<OperationRow>;

const std::string some_uuid = "11111111-1111-1111-1111-111111111111";

// Who may, by nobody, self, member, auditor and template-admin, user-admin on a plain user, on an
// owner, and owner.
constexpr Statuses self_or_manager{401, 200, 404, 403, 200, 403, 200};
constexpr Statuses self_or_owner{401, 200, 404, 403, 403, 403, 200};
constexpr Statuses any_reader{401, 200, 404, 200, 200, 200, 200};
constexpr Statuses owner_alone{401, 403, 403, 403, 403, 403, 200};

// clang-format off
void add_general(Rows& rows) {
    rows.push_back(OperationRow("get-root", "GET /"));
    rows.push_back(OperationRow("get-build-info", "GET /buildinfo"));
    rows.push_back(OperationRow("get-openapi", "GET /openapi.json"));
    rows.push_back(OperationRow("get-health", "GET !/healthz"));
    rows.push_back(OperationRow("get-readiness", "GET !/readyz"));
}

void add_logins(Rows& rows) {
    const std::string password = "\"password\":\"" + good_password + "\"}";
    rows.push_back(OperationRow("get-authentication-methods", "GET /users/authmethods")
        .may({200, 200, 200, 200, 200, 200, 200}));
    rows.push_back(OperationRow("check-initial-user-created", "GET /users/first")
        .may({200, 200, 200, 200, 200, 200, 200}));
    rows.push_back(OperationRow("create-initial-user", "POST /users/first",
                                R"({"email":"{fresh}@example.org","username":"{fresh}",)" + password)
        .on_an_empty_server().may({409, 409, 409, 409, 409, 409, 409}));
    rows.push_back(OperationRow("log-in-user", "POST /users/login", R"({"email":"bob@example.org",)" + password)
        .sent_by(By::nobody).may({201, 201, 201, 201, 201, 201, 201}));
    rows.push_back(OperationRow("log-out-user", "POST /users/logout")
        .sent_by(By::bob).may_everybody().needs("kD"));
    rows.push_back(OperationRow("request-one-time-passcode", "POST /users/otp/request", R"({"email":"bob@example.org"})")
        .sent_by(By::nobody));
    rows.push_back(OperationRow("change-password-with-a-one-time-passcode", "POST /users/otp/change-password",
                                R"({"email":"bob@example.org","password":"an0ther-Horse","one_time_passcode":")" + some_passcode + "\"}")
        .sent_by(By::nobody));
    rows.push_back(OperationRow("oauth-20-github-callback", "GET /users/oauth2/github/callback")
        .sent_elsewhere(begin_github_login).is_recorded());
    rows.push_back(OperationRow("openid-connect-callback", "GET /users/oidc/callback")
        .sent_elsewhere(begin_oidc_login).is_recorded());
    rows.push_back(OperationRow("get-github-device-auth", "GET /users/oauth2/github/device"));
    rows.push_back(OperationRow("get-oidc-claims-for-the-authenticated-user", "GET /users/oidc-claims")
        .sent_by(By::oidc_user).may({401, 400, 400, 400, 400, 400, 400})
        .refuses_self("User is not an OIDC user.").needs("R P"));
    rows.push_back(OperationRow("validate-user-password", "POST /users/validate-password", "{" + password)
        .changes_nothing());
    rows.push_back(OperationRow("convert-user-from-password-to-oauth-authentication", "POST /users/{user}/convert-login",
                                R"({"to_type":"github",)" + password)
        .on_oneself().may({401, 201, 404, 403, 403, 403, 403}).needs("R U"));
}

void add_users(Rows& rows) {
    const std::string no_creator = "You are not authorized to create users.";
    rows.push_back(OperationRow("get-users", "GET /users").may_everybody().needs("R"));
    rows.push_back(OperationRow("create-new-user", "POST /users",
                                R"({"email":"{fresh}@example.org","username":"{fresh}","password":"correct-Horse-9"})")
        .may({401, 403, 403, 403, 201, 201, 201}).refuses_self(no_creator).refuses_with(no_creator).needs("ALL"));
    rows.push_back(OperationRow("get-user-by-name", "GET /users/{user}").may(any_reader).needs("R"));
    rows.push_back(OperationRow("delete-user", "DELETE /users/{user}")
        .may({401, 403, 404, 403, 200, 403, 200}).refuses_self("You cannot delete yourself!").needs("R X"));
    rows.push_back(OperationRow("update-user-profile", "PUT /users/{user}/profile", R"({"username":"{fresh}"})")
        .may(self_or_manager).needs("R U W"));
    rows.push_back(OperationRow("update-user-email", "PUT /users/{user}/email", R"({"email":"{fresh}@example.org"})")
        .may({401, 403, 404, 403, 200, 403, 200}).refuses_self("Forbidden.").managers_get_on_themselves(200).needs("ALL"));
    rows.push_back(OperationRow("update-user-password", "PUT /users/{user}/password",
                                R"({"old_password":"correct-Horse-9","password":"another-Horse-10"})")
        .may({401, 204, 404, 403, 204, 403, 204}).needs("ALL"));
    rows.push_back(OperationRow("suspend-user-account", "PUT /users/{user}/status/suspend")
        .may({401, 400, 404, 403, 200, 403, 200}).refuses_self("You cannot suspend yourself.").needs("R W"));
    rows.push_back(OperationRow("activate-user-account", "PUT /users/{user}/status/activate")
        .may({401, 403, 404, 403, 200, 403, 200}).refuses_self("Forbidden.").managers_get_on_themselves(200).needs("R W"));
    rows.push_back(OperationRow("get-user-login-type", "GET /users/{user}/login-type")
        .on_oneself().may({401, 200, 404, 403, 403, 403, 403})
        .refuses_with("You are not authorized to view this user's login type.").needs("R"));
    rows.push_back(OperationRow("get-site-member-roles", "GET /users/roles").may_everybody().needs("ALL"));
    rows.push_back(OperationRow("get-user-roles", "GET /users/{user}/roles")
        .may({401, 200, 404, 403, 200, 200, 200}).needs("R P"));
    rows.push_back(OperationRow("assign-role-to-user", "PUT /users/{user}/roles", R"({"roles":["auditor"]})")
        .may({401, 400, 404, 403, 400, 400, 200}).refuses_self("You cannot change your own roles.").needs("ALL"));
    rows.push_back(OperationRow("get-user-git-ssh-key", "GET /users/{user}/gitsshkey").may(self_or_manager).needs("R P"));
    rows.push_back(OperationRow("regenerate-user-ssh-key", "PUT /users/{user}/gitsshkey").may(self_or_manager).needs("R P U"));
}

void add_settings(Rows& rows) {
    const std::string no_quiet_hours = "Users cannot set custom quiet hours schedule due to deployment configuration.";
    rows.push_back(OperationRow("update-user-appearance-settings", "PUT /users/{user}/appearance", R"({"theme_preference":"dark"})")
        .may(self_or_manager).needs("R P U"));
    rows.push_back(OperationRow("get-user-appearance-settings", "GET /users/{user}/appearance").may(self_or_manager).needs("R P"));
    rows.push_back(OperationRow("get-user-preference-settings", "GET /users/{user}/preferences").may(self_or_manager).needs("R P"));
    rows.push_back(OperationRow("update-user-preference-settings", "PUT /users/{user}/preferences", R"({"thinking_display_mode":"preview"})")
        .is_not_recorded().may(self_or_manager).needs("R P U"));
    rows.push_back(OperationRow("get-user-notification-preferences", "GET /users/{user}/notifications/preferences")
        .may(self_or_owner).needs("ALL"));
    rows.push_back(OperationRow("update-user-notification-preferences", "PUT /users/{user}/notifications/preferences",
                                R"({"template_disabled_map":{")" + some_uuid + R"(":true}})")
        .is_not_recorded().may(self_or_owner).needs("ALL"));
    rows.push_back(OperationRow("get-user-quiet-hours-schedule", "GET /users/{user}/quiet-hours").may(self_or_manager).needs("R P"));
    rows.push_back(OperationRow("update-user-quiet-hours-schedule", "PUT /users/{user}/quiet-hours", R"({"schedule":"CRON_TZ=UTC 0 0 * * *"})")
        .changes_nothing().may({401, 403, 404, 403, 403, 403, 403})
        .refuses_self(no_quiet_hours).refuses_all_with(no_quiet_hours).needs("R P U"));
    rows.push_back(OperationRow("get-autofill-build-parameters-for-user", "GET /users/{user}/autofill-parameters")
        .asks("?template_id=" + some_uuid).may(self_or_manager).needs("R P"));
}

void add_keys(Rows& rows) {
    constexpr Statuses made{401, 201, 404, 403, 403, 403, 201};
    constexpr Statuses one_key{401, 200, 404, 404, 404, 404, 200};
    constexpr Statuses one_key_ends{401, 204, 404, 404, 404, 404, 204};
    rows.push_back(OperationRow("create-new-session-key", "POST /users/{user}/keys").may(made).needs("ALL"));
    rows.push_back(OperationRow("get-user-tokens", "GET /users/{user}/keys/tokens").may(any_reader).needs("kR R"));
    rows.push_back(OperationRow("create-token-api-key", "POST /users/{user}/keys/tokens", "{}").may(made).needs("?"));
    rows.push_back(OperationRow("get-token-config", "GET /users/{user}/keys/tokens/tokenconfig").may(any_reader).needs("R"));
    rows.push_back(OperationRow("get-api-key-by-token-name", "GET /users/{user}/keys/tokens/{keyname}").may(one_key).needs("kR R"));
    rows.push_back(OperationRow("get-api-key-by-id", "GET /users/{user}/keys/{keyid}").may(one_key).needs("kR R"));
    rows.push_back(OperationRow("delete-api-key", "DELETE /users/{user}/keys/{keyid}").may(one_key_ends).needs("kD R"));
    rows.push_back(OperationRow("expire-api-key", "PUT /users/{user}/keys/{keyid}/expire").may(one_key_ends).needs("kR kU R"));
    rows.push_back(OperationRow("list-api-key-scopes", "GET /auth/scopes"));
    rows.push_back(OperationRow("get-user-sessions", "GET /users/{user}/sessions").may(self_or_manager).needs("ALL"));
    rows.push_back(OperationRow("delete-user-sessions", "DELETE /users/{user}/sessions")
        .may({401, 204, 404, 403, 204, 403, 204}).needs("ALL"));
}

void add_organizations(Rows& rows) {
    rows.push_back(OperationRow("get-organizations-by-user", "GET /users/{user}/organizations").may(any_reader).needs("R oR"));
    rows.push_back(OperationRow("get-organization-by-user-and-organization-name", "GET /users/{user}/organizations/{organizationname}")
        .may(any_reader).needs("R oR"));
    rows.push_back(OperationRow("get-organizations", "GET /organizations").may_everybody().needs("oR"));
    rows.push_back(OperationRow("get-organization-by-id", "GET /organizations/{organization}").may_everybody().needs("oR"));
    rows.push_back(OperationRow("create-organization", "POST /organizations", R"({"name":"{fresh}"})")
        .may({401, 403, 403, 403, 403, 403, 201}).refuses_self("Forbidden.").needs("ALL"));
    rows.push_back(OperationRow("update-organization", "PATCH /organizations/{organization}", R"({"description":"{fresh}"})")
        .may(owner_alone).refuses_self("Forbidden.").needs("oR oU"));
    // In the default organization, which stays.
    rows.push_back(OperationRow("delete-organization", "DELETE /organizations/{organization}")
        .in("crew").may({401, 403, 403, 403, 403, 403, 400}).refuses_self("Forbidden.").needs("oR oD"));
    rows.push_back(OperationRow("list-organization-members", "GET /organizations/{organization}/members").may_everybody().needs("ALL"));
    rows.push_back(OperationRow("paginated-organization-members", "GET /organizations/{organization}/paginated-members")
        .asks("?limit=1").may_everybody().needs("ALL"));
    rows.push_back(OperationRow("get-organization-member", "GET /organizations/{organization}/members/{user}")
        .may(any_reader).organization_admins_get(200).needs("ALL"));
    // In the default organization, whose member everybody is.
    rows.push_back(OperationRow("add-organization-member", "POST /organizations/{organization}/members/{user}")
        .in("crew").may({401, 403, 404, 403, 400, 400, 400}).refuses_self("Forbidden.").managers_get_on_themselves(400).needs("ALL"));
    rows.push_back(OperationRow("remove-organization-member", "DELETE /organizations/{organization}/members/{user}")
        .may({401, 400, 404, 403, 204, 204, 204}).organization_admins_get(204)
        .refuses_self("cannot remove self from an organization").needs("ALL"));
    rows.push_back(OperationRow("get-member-roles-by-organization", "GET /organizations/{organization}/members/roles")
        .may_everybody().needs("ALL"));
    rows.push_back(OperationRow("assign-role-to-organization-member", "PUT /organizations/{organization}/members/{user}/roles",
                                R"({"roles":["organization-admin"]})")
        .may({401, 400, 404, 403, 403, 403, 200}).organization_admins_get(200)
        .refuses_self("You cannot change your own organization roles.").needs("ALL"));
}

void add_others(Rows& rows) {
    constexpr Statuses auditors{401, 403, 403, 200, 403, 403, 200};
    rows.push_back(OperationRow("check-authorization", "POST /authcheck",
                                R"({"checks":{"a":{"object":{"resource_type":"user"},"action":"read"}}})")
        .changes_nothing().may_everybody());
    rows.push_back(OperationRow("get-audit-logs", "GET /audit")
        .may(auditors).template_admins_get(403).refuses_self("Forbidden.").needs("ALL"));
    rows.push_back(OperationRow("get-entitlements", "GET /entitlements"));
    rows.push_back(OperationRow("update-check", "GET /updatecheck"));
    rows.push_back(OperationRow("get-appearance", "GET /appearance").may_everybody());
    rows.push_back(OperationRow("get-enabled-experiments", "GET /experiments").may_everybody());
    rows.push_back(OperationRow("get-safe-experiments", "GET /experiments/available").may_everybody());
    rows.push_back(OperationRow("get-site-wide-regions-for-workspace-connections", "GET /regions").may_everybody());
    rows.push_back(OperationRow("get-deployment-config", "GET /deployment/config")
        .may(auditors).template_admins_get(403).refuses_self("Forbidden.").needs("ALL"));
    rows.push_back(OperationRow("list-inbox-notifications", "GET /notifications/inbox").may_everybody());
    rows.push_back(OperationRow("get-notifications-settings", "GET /notifications/settings").may_everybody());
    rows.push_back(OperationRow("get-system-notification-templates", "GET /notifications/templates/system").may_everybody());
    rows.push_back(OperationRow("get-custom-notification-templates", "GET /notifications/templates/custom").may_everybody());
    rows.push_back(OperationRow("get-notification-dispatch-methods", "GET /notifications/dispatch-methods").may_everybody());
}
// clang-format on

}  // namespace

const std::vector<OperationRow>& operations() {
    static const Rows all = [] {
        Rows rows;
        for (const auto add : {add_general, add_logins, add_users, add_settings, add_keys,
                               add_organizations, add_others})
            add(rows);
        return rows;
    }();
    return all;
}

const OperationRow* operation_row(const std::string& id) {
    for (const OperationRow& row : operations())
        if (row.id == id) return &row;
    return nullptr;
}

std::string with(std::string text, std::string_view name, std::string_view value) {
    for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += value.size())
        text.replace(at, name.size(), value);
    return text;
}

Scene make_scene(const Ask& ask) {
    const std::string password = ",\"password\":\"" + good_password + "\"}";
    Scene scene;
    const auto post = [&](const std::string& path, const std::string& body) {
        const Answer answer = ask("POST", path, scene.owner, body);
        INFO(path << " " << body << " " << answer.body);
        REQUIRE(answer.status == 201);
        return parse(answer.body);
    };
    const auto login = [&](const std::string& name) {
        return post("/users/login",
                    "{\"email\":\"" + name + "@example.org\"" + password)["session_token"]
            .text();
    };
    post("/users/first", R"({"email":"owner@example.org","username":"owner")" + password);
    scene.owner = login("owner");
    for (const std::string name : {"bob", "kim"})
        post("/users",
             "{\"email\":\"" + name + "@example.org\",\"username\":\"" + name + "\"" + password);
    scene.bob = login("bob");
    scene.oidc_user = login("kim");
    scene.key_id =
        post("/users/bob/keys/tokens", R"({"token_name":"old"})")["key"].text().substr(0, 10);
    scene.organization_name =
        parse(ask("GET", "/organizations/default", scene.owner, "").body)["name"].text();
    post("/organizations", R"({"name":"crew"})");
    return scene;
}

void complete_scene(const std::string& path) {
    SQLite::Database db(path, SQLite::OPEN_READWRITE, 5000);
    db.exec(give_passcode("bob"));
    db.exec("UPDATE users SET login_type = 'oidc' WHERE username = 'kim'");
    // So that the use of their sessions changes nothing that tests compare.
    db.exec("UPDATE users SET status = 'active' WHERE username IN ('owner', 'kim')");
    db.exec("UPDATE users SET status = 'dormant' WHERE username = 'bob'");
}

GoodRequest::GoodRequest(std::string_view its_method, std::string_view its_path,
                         std::string_view its_token, std::string_view its_body)
    : method(its_method),
      target(its_path.substr(0, 1) == "!" ? its_path.substr(1) : "/api/v2"),
      token(its_token),
      body(its_body) {
    if (its_path.substr(0, 1) != "!") target += its_path;
}
GoodRequest::~GoodRequest() = default;
GoodRequest::GoodRequest(const GoodRequest&) = default;

HeaderList GoodRequest::headers() const {
    if (token.empty()) return {};
    return {{"Coder-Session-Token", token}};
}

GoodRequest good_request(const OperationRow& row, const Scene& scene) {
    std::string path = row.path + row.query;
    for (const auto& [name, value] : HeaderList{{"{user}", row.user},
                                                {"{keyid}", scene.key_id},
                                                {"{keyname}", "old"},
                                                {"{organization}", row.organization},
                                                {"{organizationname}", scene.organization_name}})
        path = with(std::move(path), name, value);
    const std::string token = row.by == By::owner       ? scene.owner
                              : row.by == By::bob       ? scene.bob
                              : row.by == By::oidc_user ? scene.oidc_user
                                                        : "";
    return {row.method, path, token, with(row.body, "{fresh}", "nora")};
}

namespace {

coder_users::Options chosen(const coder_users::testing::Controls& controls,
                            const OperationStage::Choose& choose, const std::string& database) {
    coder_users::Options options = coder_users::Options::for_tests(controls);
    options.database = database;
    if (choose) choose(options);
    return options;
}

}  // namespace

struct OperationStage::Held {
    explicit Held(const Choose& choose)
        : server(controls, chosen(controls, choose, path)), empty(server.snapshot()) {}

    TempFolder folder;
    const std::string path = folder.file("users.db");
    coder_users::testing::Controls controls;
    coder_users::testing::Server server;
    const coder_users::testing::Server::Moment empty;
    std::unique_ptr<const coder_users::testing::Server::Moment> scene = {};
    std::string release = {};  ///< "": that of the options

    void return_to(const coder_users::testing::Server::Moment& moment) {
        server.restore(moment);
        if (!release.empty()) server.set_coder_version(release);
    }
};

OperationStage::OperationStage(const Choose& choose) : held_(std::make_unique<Held>(choose)) {
    scene_ = make_scene([this](const std::string& method, const std::string& path,
                               const std::string& token, const std::string& body) {
        return send({method, path, token, body});
    });
    complete_scene(held_->path);
    held_->scene =
        std::make_unique<const coder_users::testing::Server::Moment>(held_->server.snapshot());
    begin_anew();  // sessions do not look as they did before the file was changed
}
OperationStage::~OperationStage() = default;

coder_users::Service& OperationStage::service() { return held_->server.service(); }
const std::string& OperationStage::path() const { return held_->path; }
void OperationStage::begin_anew() { held_->return_to(*held_->scene); }
void OperationStage::answer_as(const std::string& coder_version) {
    held_->release = coder_version;
    held_->server.set_coder_version(coder_version);
}
Answer OperationStage::send(const GoodRequest& sent) const {
    return request(held_->server.service().port(), sent.method, sent.target, sent.headers(),
                   sent.body);
}
Answer OperationStage::ask(const OperationRow& row) {
    if (row.elsewhere) return row.elsewhere();
    if (row.on_empty_server) held_->return_to(held_->empty);
    return send(good_request(row, scene_));
}
std::string OperationStage::sql(const std::string& query) const {
    return stored(held_->path, query);
}

std::string whole_of(const std::string& path) {
    return snapshot_of(path) + stored(path, "SELECT * FROM audit_logs ORDER BY entry");
}

}  // namespace coder_users_test
