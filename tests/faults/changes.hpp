// A database with a user for every kind of change, and one good request for each route that changes
// something.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "endpoint_table.hpp"

namespace faults {

using namespace coder_users_test;

/// Writes the same bytes in the same order in every process, so that the files can be compared.
inline void repeatable_random(unsigned char* bytes, std::size_t count) {
    static std::atomic<std::uint64_t> step{0};
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t x = (step += 0x9e3779b97f4a7c15u);
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        bytes[i] = static_cast<unsigned char>(x >> 56);
    }
}

/// Options whose service depends on nothing but the file and the requests.
inline coder_users::Options repeatable(const std::string& database) {
    coder_users::Options options{database};
    options.port = 0;
    options.password_hash_cost = 4;
    options.disable_rate_limits = true;
    options.env.random = repeatable_random;
    options.env.now = [] { return start_of_test; };
    options.send_passcode = [](const coder_users::Passcode&) {};
    return options;
}

inline coder_users::Response ask(coder_users::Service& service, const std::string& method,
                                 const std::string& path, const std::string& token,
                                 const std::string& body = "") {
    HeaderList headers;
    if (!token.empty()) headers.emplace_back("Coder-Session-Token", token);
    return service.handle({method, "/api/v2" + path, headers, body, "127.0.0.1"});
}

/// A request that changes something.
struct Change {
    std::string id;  ///< of the operation
    std::string method, path, body = {};
    std::string token = {};  ///< "": nobody's; the owner's is filled in otherwise
    bool in_empty_file = false;
};

/// Owner, bob and his token and session, closed cleanly.
class Prepared {
 public:
    Prepared() {
        coder_users::start(repeatable(folder_.file("empty.db"))).stop();
        auto service = coder_users::start(repeatable(path()));
        const auto post = [&](const std::string& where, const std::string& body) {
            const auto answer = ask(service, "POST", where, owner, body);
            REQUIRE(answer.status == 201);
            return parse(answer.body);
        };
        const std::string password = ",\"password\":\"" + good_password + "\"}";
        post("/users/first", R"({"email":"owner@example.org","username":"owner")" + password);
        owner = post("/users/login", R"({"email":"owner@example.org")" + password)["session_token"]
                    .text();
        post("/users", R"({"email":"bob@example.org","username":"bob")" + password);
        post("/organizations", R"({"name":"crew"})");
        token = post("/users/me/keys/tokens", R"({"token_name":"old"})")["key"].text();
        session = post("/users/login", R"({"email":"bob@example.org")" + password)["session_token"]
                      .text();
        service.stop();
        SQLite::Database(path(), SQLite::OPEN_READWRITE).exec(give_passcode("bob"));
    }

    /// Copies the database and its key to `to`; or an unused one when `empty`.
    void copy(const std::string& to, bool empty = false) const {
        namespace fs = std::filesystem;
        const std::string from = empty ? folder_.file("empty.db") : path();
        for (const char* suffix : {"", ".key"})
            fs::copy_file(from + suffix, to + suffix, fs::copy_options::overwrite_existing);
        for (const char* suffix : {"-wal", "-shm", ".lock"}) fs::remove(to + suffix);
    }

    std::string owner, token, session;

    /// Returns one change for every route of the table that changes something.
    std::vector<Change> changes() const {
        const std::string password = "\"password\":\"" + good_password + "\"}";
        const std::string organization =
            stored(path(), "SELECT id FROM organizations WHERE is_default = 1");
        const std::string key = token.substr(0, token.find('-'));
        std::vector<Change> all{
            {"create-initial-user", "POST", "/users/first",
             R"({"email":"a@example.org","username":"a",)" + password, "none", true},
            {"log-in-user", "POST", "/users/login", R"({"email":"bob@example.org",)" + password},
            {"log-in-user", "POST", "/users/login",
             R"({"email":"bob@example.org","password":"x"})"},
            {"log-out-user", "POST", "/users/logout", "", session},
            {"request-one-time-passcode", "POST", "/users/otp/request",
             R"({"email":"bob@example.org"})"},
            {"change-password-with-a-one-time-passcode", "POST", "/users/otp/change-password",
             R"({"email":"bob@example.org","password":"an0ther-Horse","one_time_passcode":")" +
                 some_passcode + "\"}"},
            {"change-password-with-a-one-time-passcode", "POST", "/users/otp/change-password",
             R"({"email":"bob@example.org","password":"an0ther-Horse","one_time_passcode":"x"})"},
            {"create-new-user", "POST", "/users",
             R"({"email":"nora@example.org","username":"nora",)" + password},
            {"delete-user", "DELETE", "/users/bob"},
            {"update-user-profile", "PUT", "/users/bob/profile", R"({"username":"bert"})"},
            {"update-user-email", "PUT", "/users/bob/email", R"({"email":"rob@example.org"})"},
            {"update-user-appearance-settings", "PUT", "/users/bob/appearance",
             R"({"theme_preference":"dark"})"},
            {"update-user-password", "PUT", "/users/bob/password",
             R"({"password":"an0ther-Horse"})"},
            {"suspend-user-account", "PUT", "/users/bob/status/suspend"},
            {"activate-user-account", "PUT", "/users/bob/status/activate"},
            {"convert-user-from-password-to-oauth-authentication", "POST",
             "/users/me/convert-login", R"({"to_type":"github",)" + password},
            {"assign-role-to-user", "PUT", "/users/bob/roles", R"({"roles":["auditor"]})"},
            {"regenerate-user-ssh-key", "PUT", "/users/bob/gitsshkey"},
            {"create-new-session-key", "POST", "/users/bob/keys"},
            {"create-token-api-key", "POST", "/users/bob/keys/tokens", R"({"token_name":"new"})"},
            {"delete-api-key", "DELETE", "/users/me/keys/" + key},
            {"expire-api-key", "PUT", "/users/me/keys/" + key + "/expire"},
            {"update-user-preference-settings", "PUT", "/users/bob/preferences",
             R"({"thinking_display_mode":"preview"})"},
            {"update-user-notification-preferences", "PUT", "/users/bob/notifications/preferences",
             R"({"template_disabled_map":{"11111111-1111-1111-1111-111111111111":true}})"},
            {"delete-user-sessions", "DELETE", "/users/bob/sessions"},
            {"assign-role-to-organization-member", "PUT",
             "/organizations/" + organization + "/members/bob/roles",
             "{\"roles\":[\"organization-admin:" + organization + "\"]}"},
            {"create-organization", "POST", "/organizations", R"({"name":"new-one"})"},
            {"update-organization", "PATCH", "/organizations/crew", R"({"name":"team"})"},
            {"delete-organization", "DELETE", "/organizations/crew"},
            {"add-organization-member", "POST", "/organizations/crew/members/bob"},
            {"remove-organization-member", "DELETE", "/organizations/default/members/bob"},
        };
        for (Change& change : all)
            if (change.token.empty()) change.token = owner;
        return all;
    }

 private:
    std::string path() const { return folder_.file("base.db"); }
    TempFolder folder_;
};

/// Everything in the file that requests may change, the audit log included.
inline std::string whole_of(const std::string& path) {
    return snapshot_of(path) + stored(path, "SELECT * FROM audit_logs ORDER BY entry");
}

}  // namespace faults
