// What the endpoint tests share: a server with users of every kind over a database file, exact
// bodies, and tables of requests with what they answer and what they leave behind.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/rules/crypto.hpp"
#include "server_fixture.hpp"

namespace coder_users_test {

/// A JSON string as docs/contract/http.md, "Answers" has it; for texts without control characters.
inline std::string json_text(std::string_view text) {
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

/// {"message":...,"detail":...}
inline std::string detailed(std::string_view text, std::string_view detail) {
    return "{\"message\":" + json_text(text) + ",\"detail\":" + json_text(detail) + "}\n";
}

using Fields = std::vector<std::pair<std::string, std::string>>;

/// {"message":...,"validations":[{"field":...,"detail":...},...]}
inline std::string with_validations(std::string_view text, const Fields& fields) {
    std::string out = "{\"message\":" + json_text(text) + ",\"validations\":[";
    for (const auto& [field, detail] : fields) {
        if (out.back() != '[') out += ',';
        out += "{\"field\":" + json_text(field) + ",\"detail\":" + json_text(detail) + "}";
    }
    return out + "]}\n";
}

/// The 400 of broken field rules; each of `rules` is a field with its rule and the value shown.
struct BrokenRule {
    std::string field, rule, value;
};
inline std::string broken(const std::vector<BrokenRule>& rules) {
    Fields fields;
    for (const BrokenRule& each : rules)
        fields.emplace_back(each.field, "Validation failed for tag \"" + each.rule +
                                            "\" with value: \"" + each.value + "\"");
    return with_validations("Validation failed.", fields);
}

inline const std::string signed_out =
    "You are signed out or your session has expired. Please sign in again to continue.";
inline const std::string no_session =
    detailed(signed_out,
             "Cookie \"coder_session_token\" or header \"Coder-Session-Token\" must be provided.");
inline const std::string bad_key = detailed(signed_out, "API key is invalid.");
inline const std::string forbidden_answer = message("Forbidden.");
inline const std::string route_not_found = message("Route not found.");
inline const std::string bad_method = message("Method not allowed.");
inline std::string no_user(std::string_view text) {
    std::string shown;
    for (const char c : text) (c == '"' || c == '\\' ? shown += '\\' : shown) += c;
    return detailed("Resource not found or you do not have access to this resource",
                    "queried user=\"" + shown + "\"");
}

/// The JSON of a User, key by key.
struct UserJson {
    std::string id, username, email;
    std::string organization;  ///< "": none
    std::string status = "dormant";
    std::string roles = "[]";
    std::string login_type = "password";
    std::string created_at = "2026-01-02T03:04:05.678901Z";
    std::string last_seen_at = "0001-01-01T00:00:00Z";

    std::string text() const {
        const std::string organizations =
            organization.empty() ? "[]" : "[" + json_text(organization) + "]";
        return "{\"id\":" + json_text(id) + ",\"username\":" + json_text(username) +
               ",\"email\":" + json_text(email) + ",\"created_at\":" + json_text(created_at) +
               ",\"last_seen_at\":" + json_text(last_seen_at) + ",\"status\":" + json_text(status) +
               ",\"organization_ids\":" + organizations + ",\"roles\":" + roles +
               ",\"login_type\":" + json_text(login_type) +
               ",\"avatar_url\":\"\",\"theme_preference\":\"\"}";
    }
    std::string answer() const { return text() + "\n"; }
};

inline const std::string owner_role = R"([{"name":"owner","display_name":"Owner"}])";
inline const std::string nil_id = "00000000-0000-0000-0000-000000000000";

/// A key as it lies in the database.
struct KeyRow {
    std::string id = "Key0000001";
    std::string secret = "Secret0123456789abcdef";
    std::string login_type = "token";
    std::string scope = "all";
    std::string token_name = "by-hand";
    std::chrono::seconds expires_in = std::chrono::hours(24);
    std::chrono::seconds lifetime = std::chrono::hours(24);
    Time last_used = coder_users::never;

    std::string token() const { return id + "-" + secret; }
};

/// All that requests may change, but for the traces that every use of a key leaves.
inline std::string snapshot_of(const std::string& path) {
    std::string all;
    for (const char* query :
         {"SELECT id, username, username_folded, email, email_folded, hashed_password, "
          "created_at, status, login_type, avatar_url, theme_preference, deleted FROM users "
          "ORDER BY id",
          "SELECT * FROM user_roles ORDER BY 1, 2",
          "SELECT id, user_id, hashed_secret, created_at, updated_at, login_type, scope, "
          "token_name, lifetime_seconds FROM api_keys ORDER BY id",
          "SELECT * FROM organizations ORDER BY id",
          "SELECT * FROM organization_members ORDER BY 1, 2",
          "SELECT * FROM organization_member_roles ORDER BY 1, 2, 3",
          "SELECT * FROM git_ssh_keys ORDER BY 1", "SELECT * FROM user_links ORDER BY 1"})
        all += stored(path, query) + "\n--\n";
    return all;
}

/// A server over a file, with its owner, and a second hand on the file.
class World {
 public:
    explicit World(coder_users::Options options = {})
        : path(folder_.file("users.db")), server(over(path, std::move(options))) {
        owner = server.owner();
        organization = sql("SELECT id FROM organizations");
    }

    std::string sql(const std::string& query) const { return stored(path, query); }
    void execute(const std::string& statement) const {
        SQLite::Database db(path, SQLite::OPEN_READWRITE, 5000);
        db.exec(statement);
    }
    std::string id_of(const std::string& name) const {
        return sql("SELECT id FROM users WHERE deleted = 0 AND username = '" + name + "'");
    }
    void give_role(const std::string& name, const std::string& role) const {
        execute("INSERT INTO user_roles VALUES ('" + id_of(name) + "', '" + role + "')");
    }
    /// Creates and logs in a user with a site role ("": none).
    std::string member(const std::string& name, const std::string& role = "") const {
        const std::string token = server.member(owner, name);
        if (!role.empty()) give_role(name, role);
        return token;
    }
    /// Puts a key into the file; its token.
    std::string add_key(const std::string& name, const KeyRow& key) const {
        const auto number = [](Time time) { return std::to_string(coder_users::micros(time)); };
        const std::string now = number(server.now());
        execute("INSERT INTO api_keys VALUES ('" + key.id + "', '" + id_of(name) + "', '" +
                coder_users::rules::sha256_hex(key.secret) + "', " + now + ", " + now + ", " +
                number(server.now() + key.expires_in) + ", " + number(key.last_used) + ", '" +
                key.login_type + "', '" + key.scope + "', '" + key.token_name + "', " +
                std::to_string(key.lifetime.count()) + ")");
        return key.token();
    }

    /// snapshot_of() the server's file.
    std::string snapshot() const { return snapshot_of(path); }
    std::string last_entry() const { return sql("SELECT COALESCE(MAX(entry), 0) FROM audit_logs"); }
    /// "type|action|target|status" of every audit entry behind `entry`.
    std::string entries_since(const std::string& entry) const {
        return sql(
            "SELECT resource_type, action, resource_target, status_code FROM audit_logs "
            "WHERE entry > " +
            entry + " ORDER BY entry");
    }
    /// Whether the file comes to hold `expected`; the deadline is generous, a second should do.
    bool comes_to_hold(const std::string& query, const std::string& expected) const {
        return eventually([&] { return sql(query) == expected; });
    }

 private:
    static coder_users::Options over(const std::string& file, coder_users::Options options) {
        options.database = file;
        options.limits.cached_sessions = 0;  // for it looks at the file anew after execute()
        return options;
    }
    TempFolder folder_;

 public:
    const std::string path;
    TestServer server;
    std::string owner;         ///< the owner's session token
    std::string organization;  ///< the id of the one organization
};

/// A request that changes nothing but, perhaps, the audit log.
struct Row {
    std::string title;
    std::string method, path, token;
    std::string body;
    int status;
    std::string answer;      ///< exactly
    std::string audit = {};  ///< the entries it adds, "type|action|target|status"; "": none
    HeaderList headers = {};
};

inline void check_rows(const World& world, const std::vector<Row>& rows) {
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
