#include "endpoint_table.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/store/sqlite/dialect.hpp"
#include "coder_users/internal/store/users.hpp"
#include "test_database.hpp"

template class std::vector<coder_users_test::Row>;
template class std::vector<coder_users_test::BrokenRule>;

namespace coder_users_test {

namespace {

coder_users::Options over(const std::string& file, coder_users::Options options) {
    options.database = file;
    return options;
}

}  // namespace

std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '<' || c == '>' || c == '&') {
            out += c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : "\\u0026";
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

std::string detailed(std::string_view text, std::string_view detail) {
    return "{\"message\":" + json_text(text) + ",\"detail\":" + json_text(detail) + "}\n";
}

std::string with_validations(std::string_view text, const Fields& fields) {
    std::string out = "{\"message\":" + json_text(text) + ",\"validations\":[";
    for (const auto& [field, detail] : fields) {
        if (out.back() != '[') out += ',';
        out += "{\"field\":" + json_text(field) + ",\"detail\":" + json_text(detail) + "}";
    }
    return out + "]}\n";
}

std::string broken(const std::vector<BrokenRule>& rules) {
    Fields fields;
    for (const BrokenRule& each : rules)
        fields.emplace_back(each.field, "Validation failed for tag \"" + each.rule +
                                            "\" with value: \"" + each.value + "\"");
    return with_validations("Validation failed.", fields);
}

std::string forbidden_as_of(coder_users::Release release) {
    if (release < coder_users::Release{2, 20}) return forbidden_answer;
    return detailed(
        "Forbidden.",
        "You don't have permission to view this content. If you believe this is a mistake, please "
        "contact your administrator or try signing in with different credentials.");
}
std::string no_user_as_of(coder_users::Release release, std::string_view text) {
    if (release < coder_users::Release{2, 32}) return no_user(text);
    return message("Resource not found or you do not have access to this resource");
}
std::string no_user(std::string_view text) {
    std::string shown;
    for (const char c : text) (c == '"' || c == '\\' ? shown += '\\' : shown) += c;
    return detailed("Resource not found or you do not have access to this resource",
                    "queried user=\"" + shown + "\"");
}

std::string give_passcode(const std::string& name) {
    return "INSERT INTO one_time_passcodes SELECT id, '" +
           coder_users::rules::sha256_hex(some_passcode) + "', " +
           std::to_string(coder_users::micros(start_of_test + std::chrono::minutes(20))) +
           " FROM users WHERE username = '" + name +
           "' ON CONFLICT (user_id) DO UPDATE SET hashed_passcode = excluded.hashed_passcode, "
           "expires_at = excluded.expires_at";
}

std::string snapshot_of(const std::string& path) {
    std::string all;
    for (const char* query :
         {"SELECT id, username, username_folded, email, email_folded, hashed_password, "
          "created_at, status, login_type, avatar_url, theme_preference, deleted, name, "
          "updated_at, is_service_account FROM users "
          "ORDER BY id",
          "SELECT * FROM user_roles ORDER BY 1, 2",
          "SELECT id, user_id, hashed_secret, created_at, updated_at, login_type, scopes, "
          "token_name, lifetime_seconds FROM api_keys ORDER BY id",
          "SELECT * FROM organizations ORDER BY id",
          "SELECT * FROM organization_members ORDER BY 1, 2",
          "SELECT * FROM organization_member_roles ORDER BY 1, 2, 3",
          "SELECT * FROM git_ssh_keys ORDER BY 1", "SELECT * FROM user_links ORDER BY 1",
          "SELECT * FROM one_time_passcodes ORDER BY 1",
          "SELECT * FROM user_settings ORDER BY 1, 2",
          "SELECT * FROM notification_preferences ORDER BY 1, 2"})
        all += stored(path, query) + "\n--\n";
    return all;
}

BrokenRule::~BrokenRule() = default;
UserJson::~UserJson() = default;
KeyRow::~KeyRow() = default;

std::string UserJson::text() const {
    const std::string organizations =
        organization.empty() ? "[]" : "[" + json_text(organization) + "]";
    return "{\"id\":" + json_text(id) + ",\"username\":" + json_text(username) +
           ",\"email\":" + json_text(email) + ",\"created_at\":" + json_text(created_at) +
           ",\"last_seen_at\":" + json_text(last_seen_at) + ",\"status\":" + json_text(status) +
           ",\"organization_ids\":" + organizations + ",\"roles\":" + roles +
           ",\"login_type\":" + json_text(login_type) +
           ",\"avatar_url\":\"\",\"theme_preference\":\"\"}";
}
std::string UserJson::answer() const { return text() + "\n"; }

std::string KeyRow::token() const { return id + "-" + secret; }

World::World() : World(coder_users::Options()) {}
World::World(const coder_users::Options& options)
    : path(database_or(folder_.file("users.db"))), server(over(path, options)) {
    owner = server.owner();
    organization = sql("SELECT id FROM organizations");
}
World::~World() = default;

std::string World::sql(const std::string& query) const { return stored(path, query); }
void World::execute(const std::string& statement) const {
    namespace store = coder_users::store;
    // What the server keeps in the rows of users besides.
    store::Dialect dialect = store::sqlite::dialect;
    if (on_postgres()) dialect.join_texts = "string_agg";
    const std::string roles = store::users::roles_in_row(dialect);
    const std::string organizations = store::users::organizations_in_row(dialect);
    const std::string derive = "UPDATE users AS u SET roles = " + roles +
                               ", organization_ids = " + organizations + " WHERE roles <> " +
                               roles + " OR organization_ids <> " + organizations;
    if (on_postgres()) return run_on_postgres(path, statement + ";" + derive);
    SQLite::Database db(path, SQLite::OPEN_READWRITE, 5000);
    db.exec(statement);
    db.exec(derive);
}
std::string World::id_of(const std::string& name) const {
    return sql("SELECT id FROM users WHERE deleted = 0 AND username = '" + name + "'");
}
void World::give_role(const std::string& name, const std::string& role) const {
    execute("INSERT INTO user_roles VALUES ('" + id_of(name) + "', '" + role + "')");
}
std::string World::log_in(const std::string& name) const {
    return server.log_in(name + "@example.org");
}
std::string World::member(const std::string& name, const std::string& role) const {
    const std::string token = server.member(owner, name);
    if (!role.empty()) give_role(name, role);
    return token;
}
std::string World::add_key(const std::string& name, const KeyRow& key) const {
    const auto number = [](Time time) { return std::to_string(coder_users::micros(time)); };
    const std::string now = number(server.now());
    execute(
        "INSERT INTO api_keys (id, user_id, hashed_secret, created_at, updated_at, expires_at, "
        "last_used, login_type, scopes, allow_list, token_name, lifetime_seconds) VALUES ('" +
        key.id + "', '" + id_of(name) + "', '" + coder_users::rules::sha256_hex(key.secret) +
        "', " + now + ", " + now + ", " + number(server.now() + key.expires_in) + ", " +
        number(key.last_used) + ", '" + key.login_type + "', 'coder:" + key.scope + "', '*:*', '" +
        key.token_name + "', " + std::to_string(key.lifetime.count()) + ")");
    return key.token();
}

std::string World::snapshot() const { return snapshot_of(path); }
std::string World::last_entry() const {
    return sql("SELECT COALESCE(MAX(entry), 0) FROM audit_logs");
}
std::string World::entries_since(const std::string& entry) const {
    return sql(
        "SELECT resource_type, action, resource_target, status_code FROM audit_logs "
        "WHERE entry > " +
        entry + " ORDER BY entry");
}
bool World::comes_to_hold(const std::string& query, const std::string& expected) const {
    return eventually([&] { return sql(query) == expected; });
}

Row::Row(std::string_view its_title, std::string_view its_method, std::string_view its_path,
         std::string_view its_token, std::string_view its_body, int its_status,
         std::string_view its_answer, std::string_view its_audit)
    : Row(its_title, its_method, its_path, its_token, its_body, its_status, its_answer, its_audit,
          {}) {}
Row::Row(std::string_view its_title, std::string_view its_method, std::string_view its_path,
         std::string_view its_token, std::string_view its_body, int its_status,
         std::string_view its_answer, std::string_view its_audit, HeaderList its_headers)
    : title(its_title),
      method(its_method),
      path(its_path),
      token(its_token),
      body(its_body),
      status(its_status),
      answer(its_answer),
      audit(its_audit),
      headers(std::move(its_headers)) {}
Row::Row() = default;
Row::Row(const Row&) = default;
Row::~Row() = default;

void check_rows(const World& world, const std::vector<Row>& rows) {
    std::string before = world.snapshot();
    for (const Row& row : rows) {
        INFO(row.title << ": " << row.method << " " << row.path << " " << row.body);
        const std::string entry = world.last_entry();
        const Answer answer =
            world.server.send(row.method, row.path, row.token, row.body, row.headers);
        CHECK(answer.status == row.status);
        CHECK(answer.body == row.answer);
        const std::string after = world.snapshot();
        CHECK(after == before);
        before = after;
        CHECK(world.entries_since(entry) == row.audit);
    }
}

}  // namespace coder_users_test
