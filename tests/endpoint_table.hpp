// What the tests of endpoints share: a server over a database file with users of every kind, the
// exact bodies of answers, and tables of requests with their answers and effects.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/release.hpp"
#include "server_fixture.hpp"

namespace coder_users_test {

/// Writes a JSON string as the contract does, for texts without control characters.
std::string json_text(std::string_view text);

/// {"message":...,"detail":...}
std::string detailed(std::string_view text, std::string_view detail);

using Fields = std::vector<std::pair<std::string, std::string>>;

/// {"message":...,"validations":[{"field":...,"detail":...},...]}
std::string with_validations(std::string_view text, const Fields& fields);

/// A broken field rule, as the 400 reports it: the field, its rule, and the value shown.
struct BrokenRule {
    ~BrokenRule();
    std::string field, rule, value;
};
std::string broken(const std::vector<BrokenRule>& rules);

inline const std::string signed_out =
    "You are signed out or your session has expired. Please sign in again to continue.";
inline const std::string no_session =
    detailed(signed_out,
             "Cookie \"coder_session_token\" or header \"Coder-Session-Token\" must be provided.");
inline const std::string bad_key = detailed(signed_out, "API key is invalid.");
inline const std::string forbidden_answer = message("Forbidden.");
inline const std::string route_not_found = message("Route not found.");
inline const std::string bad_method = message("Method not allowed.");
std::string no_user(std::string_view text);
/// What the two above are in answers of a release, and so of operations that came with it.
std::string forbidden_as_of(coder_users::Release release);
std::string no_user_as_of(coder_users::Release release, std::string_view text);

/// The JSON of a User, member by member.
struct UserJson {
    ~UserJson();

    std::string id, username, email;
    std::string organization;  ///< "": none
    std::string status = "dormant";
    std::string roles = "[]";
    std::string login_type = "password";
    std::string created_at = "2026-01-02T03:04:05.678901Z";
    std::string last_seen_at = "0001-01-01T00:00:00Z";

    std::string text() const;
    std::string answer() const;
};

inline const std::string owner_role = R"([{"name":"owner","display_name":"Owner"}])";
inline const std::string nil_id = "00000000-0000-0000-0000-000000000000";

/// A row of the table of keys.
struct KeyRow {
    ~KeyRow();

    std::string id = "Key0000001";
    std::string secret = "Secret0123456789abcdef";
    std::string login_type = "token";
    std::string scope = "all";
    std::string token_name = "by-hand";
    std::chrono::seconds expires_in = std::chrono::hours(24);
    std::chrono::seconds lifetime = std::chrono::hours(24);
    Time last_used = coder_users::never;

    std::string token() const;
};

/// A one-time passcode, and the statement that gives it to a user for twenty minutes from the start
/// of the test on.
inline const std::string some_passcode = "6c1d0b9a-1e57-4c3e-8f0e-2b9a4d7c5e10";
std::string give_passcode(const std::string& name);

/// All that requests may change, except the traces of using a key.
std::string snapshot_of(const std::string& path);

/// A server with its owner, over a database file that the test can also read and change.
class World {
 public:
    World();
    explicit World(const coder_users::Options& options);
    ~World();

    std::string sql(const std::string& query) const;
    /// Beneath the server: sessions that were used before do not see it, new ones do.
    void execute(const std::string& statement) const;
    std::string id_of(const std::string& name) const;
    void give_role(const std::string& name, const std::string& role) const;
    /// A new session of a user whom the server made.
    std::string log_in(const std::string& name) const;
    /// Creates and logs in a user with a site role ("": none).
    std::string member(const std::string& name, const std::string& role = "") const;
    /// Writes a key into the file and returns its text.
    std::string add_key(const std::string& name, const KeyRow& key) const;

    /// Returns snapshot_of() the server's file.
    std::string snapshot() const;
    std::string last_entry() const;
    /// Returns "type|action|target|status" of every audit entry after `entry`.
    std::string entries_since(const std::string& entry) const;
    /// Waits until the query returns `expected`. The contract allows a second; the deadline is
    /// longer, for slow machines.
    bool comes_to_hold(const std::string& query, const std::string& expected) const;

 private:
    TempFolder folder_;

 public:
    const std::string path;
    TestServer server;
    std::string owner;         ///< the owner's session token
    std::string organization;  ///< the id of the one organization
};

/// A request that changes nothing, except that it may write an audit entry.
struct Row {
    Row();
    Row(std::string_view its_title, std::string_view its_method, std::string_view its_path,
        std::string_view its_token, std::string_view its_body, int its_status,
        std::string_view its_answer, std::string_view its_audit = {});
    Row(std::string_view its_title, std::string_view its_method, std::string_view its_path,
        std::string_view its_token, std::string_view its_body, int its_status,
        std::string_view its_answer, std::string_view its_audit, HeaderList its_headers);
    Row(const Row&);
    ~Row();

    std::string title;
    std::string method, path, token;
    std::string body;
    int status = 0;
    std::string answer;  ///< exactly
    std::string audit;   ///< the entries it adds, "type|action|target|status"; "": none
    HeaderList headers;
};

void check_rows(const World& world, const std::vector<Row>& rows);

}  // namespace coder_users_test

extern template class std::vector<coder_users_test::Row>;
extern template class std::vector<coder_users_test::BrokenRule>;
