// Exports and imports: everything comes back byte for byte, or nothing is stored.
#include <SQLiteCpp/SQLiteCpp.h>

#include <fstream>
#include <future>
#include <sstream>
#include <streambuf>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../server_fixture.hpp"
#include "coder_users/data.hpp"

namespace transfer_test {

using namespace coder_users_test;
using Catch::Matchers::ContainsSubstring;
using coder_users::Options;
namespace data = coder_users::data;

std::string exported(const Options& options) {
    std::ostringstream out;
    data::export_to(options, out);
    return out.str();
}
void import_text(const Options& options, const std::string& text, bool new_ssh_keys = false) {
    std::istringstream in(text);
    data::import_from(options, in, new_ssh_keys);
}

/// Two databases with the same sealing key: one with a user of every kind, one without users.
struct Two {
    explicit Two(int users = 0) {
        TestServer server(source);
        token = server.first_users();
        server.send("PUT", "/users/bob/appearance", token,
                    "{\"theme_preference\":\"\xc3\xa9 \\\"<&>\\\"\"}");
        const Answer made = server.send("POST", "/users/bob/keys/tokens", token,
                                        R"({"token_name":"ci","scope":"application_connect"})");
        REQUIRE(made.status == 201);
        std::string seed;
        for (int i = 0; i < users; ++i) {
            const std::string name = "seed" + std::to_string(i);
            seed += R"({"username":")" + name + R"(","email":")" + name +
                    R"(@example.org","organization":"crew"})";
        }
        server.service().seed(seed);
        server.service().stop();
        std::filesystem::copy_file(source.database + ".key", target.database + ".key");
    }
    TempFolder folder;
    Options source = options("source.db"), target = options("target.db");
    std::string token;

 private:
    Options options(const std::string& name) const {
        Options made;
        made.database = folder.file(name);
        made.password_hash_cost = 4;
        return made;
    }
};

TEST_CASE("an export read into another database is the same export again") {
    Two two(500);
    const std::string text = exported(two.source);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1 + 2 + 502 + 1);
    // Not the bare name: sealed keys are random letters, which spell it now and then.
    CHECK(text.find("\"gone") == std::string::npos);
    CHECK(text.find("gone@") == std::string::npos);
    CHECK(text.find("PRIVATE KEY") == std::string::npos);
    import_text(two.target, text);
    CHECK(exported(two.target) == text);

    TestServer server(two.target);
    CHECK(server.send("GET", "/users/me", two.token).status == 200);
    server.log_in("bob@example.org");
    const Answer bob = server.send("GET", "/users/bob", two.token);
    CHECK(parse(bob.body)["roles"][0]["name"].text() == "auditor");
    CHECK(parse(server.send("GET", "/users?limit=1", two.token).body)["count"].text() == "502");
    CHECK(stored(two.target.database,
                 "SELECT COUNT(*), COUNT(actor_id) FROM audit_logs "
                 "WHERE action = 'create' AND ip = ''") == "502|0");
}

namespace {

void run_sql(const Options& options, const std::string& statements) {
    SQLite::Database(options.database, SQLite::OPEN_READWRITE, 5000).exec(statements);
}

/// Replaces everything from `from` to `to`, without the latter, wherever it occurs.
std::string cut(std::string text, const std::string& from, const std::string& to,
                const std::string& by = "") {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += by.size())
        text.replace(at, text.find(to, at) - at, by);
    return text;
}

}  // namespace

TEST_CASE("whatever is stored of users and organizations moves with an export") {
    Two two;
    const std::string hash(64, 'a'), mail = "22222222-2222-2222-2222-222222222222";
    const std::string of_bob = "SELECT id FROM users WHERE username = 'bob'";
    run_sql(
        two.source,
        "UPDATE users SET name = 'Bob B', name_folded = 'bob b', updated_at = 5 WHERE username = "
        "'bob';"
        "INSERT INTO user_settings SELECT id, 'theme_mode', 'sync' FROM users WHERE username = "
        "'bob';"
        "INSERT INTO user_settings SELECT id, 'terminal_font', 'fira-code' FROM users WHERE "
        "username = 'bob';"
        "INSERT INTO notification_preferences SELECT id, '" +
            mail + "', 1, 7 FROM users WHERE username = 'bob'; " +
            "INSERT INTO one_time_passcodes SELECT id, '" + hash +
            "', 8 FROM users WHERE username = 'bob';"
            "INSERT INTO user_data SELECT id, '{}' FROM users WHERE username = 'bob';"
            "UPDATE organizations SET name = 'Login', name_folded = 'login', display_name = 'D', "
            "description = 'E', icon = 'F';"
            "UPDATE api_keys SET user_agent = 'agent'");
    const std::string text = exported(two.source);
    import_text(two.target, text);
    CHECK(exported(two.target) == text);
    const auto stored_there = [&](const std::string& query) {
        return stored(two.target.database, query);
    };
    CHECK(stored_there("SELECT name, name_folded, updated_at FROM users WHERE username = 'bob'") ==
          "Bob B|bob b|5");
    CHECK(stored_there("SELECT name, value FROM user_settings WHERE user_id = (" + of_bob +
                       ") ORDER BY name") == "terminal_font|fira-code\ntheme_mode|sync");
    CHECK(stored_there("SELECT template_id, disabled, updated_at FROM notification_preferences") ==
          mail + "|1|7");
    CHECK(stored_there("SELECT hashed_passcode, expires_at FROM one_time_passcodes") ==
          hash + "|8");
    CHECK(stored_there("SELECT value FROM user_data") == "{}");
    CHECK(stored_there(
              "SELECT name, display_name, description, icon, is_default FROM organizations") ==
          "Login|D|E|F|1");
    CHECK(stored_there("SELECT DISTINCT ip, user_agent FROM api_keys") == "127.0.0.1|agent");
    CHECK(data::check(two.target).damage.empty());
}

TEST_CASE("the host's texts about users move with an export, whatever is in them") {
    using coder_users::Identity;
    const std::string odd = "\"\\\n\t\x01\x7f\xc3\xa4";
    const std::string large(std::size_t{64} << 10, 'x');
    for (const std::string& text : {odd, large}) {
        Two each;
        {
            TestServer server(each.source);
            const auto system = server.service().as(Identity::system());
            system.set_data("bob", text);
        }
        const std::string all = exported(each.source);
        import_text(each.target, all);
        CHECK(exported(each.target) == all);
        TestServer server(each.target);
        CHECK(server.service().as(Identity::system()).data("bob") == text);
        CHECK(server.service().as(Identity::system()).data("owner").empty());
    }
}

TEST_CASE("roles of the host move with an export, also where they are not declared") {
    Two two;
    two.source.roles = {{"editor", "Editor", {"notes:write"}}};
    {
        TestServer server(two.source);
        server.send("PUT", "/users/bob/roles", two.token, R"({"roles":["auditor","editor"]})");
    }
    const std::string text = exported(two.source);
    CHECK(text.find(R"("roles":["auditor","editor"])") != std::string::npos);
    import_text(two.target, text);
    CHECK(exported(two.target) == text);
    const auto bob_may_write = [&] {
        TestServer server(two.target);
        const auto bob = server.service().authenticate(server.log_in("bob@example.org"));
        CHECK(bob.user.roles == std::vector<std::string>{"auditor", "editor"});
        return server.service().may(bob, "notes:write");
    };
    CHECK_FALSE(bob_may_write());
    two.target.roles = two.source.roles;
    CHECK(bob_may_write());
}

TEST_CASE("service accounts and names that are reserved today move with an export") {
    Two two;
    {
        TestServer server(two.source);
        REQUIRE(server
                    .send("POST", "/users", two.token,
                          R"({"username":"robot","name":"Robo T","service_account":true})")
                    .status == 201);
        REQUIRE(server
                    .send("POST", "/users", two.token,
                          R"({"username":"robot2","service_account":true})")
                    .status == 201);
        REQUIRE(server.send("POST", "/users/robot/keys/tokens", two.token, "{}").status == 201);
    }
    run_sql(two.source,
            "UPDATE users SET username = 'otp', username_folded = 'otp' WHERE username "
            "= 'bob';"
            "UPDATE organizations SET name = 'new', name_folded = 'new'");
    const std::string text = exported(two.source);
    import_text(two.target, text);
    CHECK(exported(two.target) == text);
    CHECK(stored(two.target.database,
                 "SELECT username, email, name, login_type, is_service_account FROM users WHERE "
                 "is_service_account = 1 ORDER BY username") ==
          "robot||Robo T|none|1\nrobot2|||none|1");
    CHECK(stored(two.target.database,
                 "SELECT username FROM users WHERE email = "
                 "'bob@example.org'") == "otp");
    CHECK(data::check(two.target).damage.empty());
}

TEST_CASE("an import takes no service account that somebody could log in to") {
    Two two;
    {
        TestServer server(two.source);
        REQUIRE(
            server
                .send("POST", "/users", two.token, R"({"username":"robot","service_account":true})")
                .status == 201);
    }
    const std::string text = exported(two.source);
    const auto changed = [&](const std::string& from, const std::string& to) {
        const std::size_t robot = text.find("\"robot\"");
        std::string all = text;
        const std::size_t at = all.find(from, robot);
        REQUIRE(at != std::string::npos);
        return all.replace(at, from.size(), to);
    };
    const std::string rows[][2] = {
        {changed("\"email\":\"\"", "\"email\":\"r@x.org\""), "not an e-mail address"},
        {changed("\"is_service_account\":true", "\"is_service_account\":false"),
         "not an e-mail address"},
        {changed("\"login_type\":\"none\"", "\"login_type\":\"password\""),
         "a service account that can log in"},
        {changed("\"hashed_password\":\"\"",
                 "\"hashed_password\":\"$2b$04$abcdefghijklmnopqrstuufS6pobK/"
                 "FmfRO4I2JuHShY0rWrLIAq6\""),
         "a service account that can log in"},
        {changed("\"name\":\"\"", "\"name\":\" Robo\""), "not a full name"},
    };
    for (const auto& [line, reason] : rows) {
        INFO(line);
        CHECK_THROWS_WITH(import_text(two.target, line), ContainsSubstring(reason));
    }
}

TEST_CASE("an export of the version before is imported") {
    Two two;
    std::string text = exported(two.source);
    text = cut(text, "\"version\":2", ",", "\"version\":1");
    text = cut(text, ",\"display_name\":", "}}\n");
    text = cut(text, ",\"name\":\"\",", ",\"organizations\":[");
    text = cut(text, "\"scopes\":[\"coder:all\"]", "],\"token", "\"scope\":\"all\"");
    text = cut(text, "\"scopes\":[\"coder:application_connect\"]", "],\"token",
               "\"scope\":\"application_connect\"");
    text = cut(text,
               "\"],"
               "\"token_name",
               "token_name", "\",\"");
    text = cut(text, "\"all\"]", ",\"token", "\"all\"");
    text = cut(text, "connect\"]", ",\"token", "connect\"");
    text = cut(text, ",\"ip\":", "}");
    INFO(text);
    REQUIRE(text.find("coder:") == std::string::npos);
    import_text(two.target, text);
    const auto stored_there = [&](const std::string& query) {
        return stored(two.target.database, query);
    };
    CHECK(stored_there("SELECT DISTINCT scopes, allow_list, ip, user_agent FROM api_keys ORDER BY "
                       "1") == "coder:all|*:*||\ncoder:application_connect|*:*||");
    CHECK(stored_there("SELECT count(*) FROM users WHERE updated_at = MAX(created_at, "
                       "last_seen_at)") == "2");
    CHECK(stored_there("SELECT display_name = name, description, is_default FROM organizations") ==
          "1||1");
    CHECK(data::check(two.target).damage.empty());
    TestServer server(two.target);
    CHECK(server.send("GET", "/users/me", two.token).status == 200);
}

TEST_CASE("a row that names other roles or organizations than the user has is damage") {
    for (const char* change : {"UPDATE users SET roles = 'owner' WHERE username = 'bob'",
                               "UPDATE users SET organization_ids = '' WHERE username = 'bob'"}) {
        Two two;
        CHECK(data::check(two.source).damage.empty());
        run_sql(two.source, change);
        CHECK_THAT(data::check(two.source).damage,
                   ContainsSubstring("names other roles or organizations than it has"));
    }
}

TEST_CASE("sealed keys move with their key file only, or are made anew") {
    Two two;
    const std::string text = exported(two.source);
    std::filesystem::remove(two.target.database + ".key");
    CHECK_THROWS_WITH(import_text(two.target, text),
                      ContainsSubstring("line 1: sealed with another key"));
    CHECK(two.folder.listing() == "source.db source.db.key source.db.lock");
    import_text(two.target, text, true);
    CHECK(exported(two.target) != text);
    TestServer server(two.target);
    CHECK(server.send("GET", "/users/me", two.token).status == 200);
    CHECK(server.send("GET", "/users/bob/gitsshkey", two.token).body.find("ssh-ed25519") !=
          std::string::npos);
}

TEST_CASE("what is wrong is told with its line, and the database is as it was") {
    Two two;
    const std::string text = exported(two.source);
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line + '\n');
    REQUIRE(lines.size() == 5);  // header, organization, two users, end
    import_text(two.target, lines[0] + "{\"end\":{\"organizations\":0,\"users\":0}}\n");
    const std::string before = exported(two.target);

    const auto with = [&](std::size_t line, const std::string& from, const std::string& to) {
        std::string all;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            std::string each = lines[i];
            if (i == line) {
                const std::size_t at = each.find(from);
                REQUIRE(at != std::string::npos);
                each.replace(at, from.size(), to);
            }
            all += each;
        }
        return all;
    };
    const std::size_t bob = lines[2].find("\"bob\"") != std::string::npos ? 2 : 3;
    const std::string key = lines[bob].substr(lines[bob].find("\"keys\":[{\"id\":\""), 16);
    const std::string organization = lines[1].substr(lines[1].find("\"id\":\"") + 6, 36);
    std::string other = organization;
    other[0] = other[0] == '0' ? '1' : '0';
    const std::string rows[][2] = {
        {"", "line 1: the export is cut off"},
        {"{}\n", "line 1: expected"},
        {lines[1], "line 1: not an export of coder_users"},
        {lines[0] + lines[0], "line 2: a second beginning"},
        {text.substr(0, text.size() - 1), "line 5: the line does not end"},
        {text.substr(0, text.size() - lines[4].size()), "line 5: the export is cut off"},
        {text.substr(0, text.size() - lines[4].size() - 20), "line 4: the line does not end"},
        {lines[0] + lines[1] + lines[2] + lines[4], "line 4: lines are missing"},
        {text + "x", "line 6: text after the end"},
        {with(2, "{", "["), "line 3: invalid JSON"},
        {with(0, "\"version\":2", "\"version\":3"), "line 1: made by a newer version"},
        {with(2, "\"username\":", "\"surname\":"), "line 3: \"username\" must be a string"},
        {with(2, "\"avatar_url\":\"\"", "\"avatar_url\":\"\",\"x\":1"),
         "line 3: an unknown member"},
        {with(3, "\"status\":\"", "\"status\":\"very "), "line 4: \"status\" must be"},
        {with(3, "\"created_at\":\"", "\"created_at\":\"x"), "line 4: \"created_at\" must be"},
        {with(3, "$2b$04$", "$1$000$"), "line 4: \"hashed_password\" must be a bcrypt hash"},
        {with(3, "\"hashed_password\":\"$2b$04$", "\"hashed_password\":\"$2b$99$"),
         "line 4: \"hashed_password\" must be a bcrypt hash"},
        {with(1, "\"name\":\"", "\"name\":\"../"), "line 2: not a name of an organization"},
        {with(bob, "[\"auditor\",", "[\"user-editor\",\"auditor\","),
         ": \"roles\" must be sorted names of site roles"},
        {with(bob, "[\"auditor\",", "[\"Auditor\","),
         ": \"roles\" must be sorted names of site roles"},
        {with(bob, "\"token_name\":\"ci\"", "\"token_name\":\"\""),
         ": \"token_name\" is for tokens"},
        {with(bob, "\"lifetime_seconds\":", "\"lifetime_seconds\":-"),
         ": \"lifetime_seconds\" must not be negative"},
        {with(bob, key, key.substr(0, 15) + "-"), ": a key's id has 10 letters"},
        {with(bob, "\"scopes\":[\"coder:application_connect\"]", "\"scopes\":[\"user:write\"]"),
         ": a key with limits that this version does not know"},
        {with(bob, "\"scopes\":[\"coder:application_connect\"]",
              "\"scopes\":[\"user:read\",\"user:read\"]"),
         ": a key with limits that this version does not know"},
        {with(bob, "\"allow_list\":[\"*:*\"]", "\"allow_list\":[\"user:me\"]"),
         ": a key with limits that this version does not know"},
        {with(bob, "\"scopes\":[", "\"scope\":\"all\",\"scopes\":["),
         ": a key has either \"scope\" or"},
        {with(bob, "\"keys\":",
              "\"one_time_passcode\":{\"hashed_passcode\":\"x\",\"expires_at\":"
              "\"2026-01-01T00:00:00Z\"},\"keys\":"),
         ": \"hashed_passcode\" must be a SHA-256"},
        {with(bob, "\"keys\":", "\"data\":\"" + std::string((64 << 10) + 1, 'x') + "\",\"keys\":"),
         ": \"data\" has at most 64 KiB"},
        {with(bob,
              "\"keys\":", "\"settings\":[{\"name\":\"theme_mode\",\"value\":\"blue\"}],\"keys\":"),
         ": a setting that this version does not know"},
        {with(bob, "\"keys\":",
              "\"settings\":[{\"name\":\"theme_preference\",\"value\":\"x\"}],\"keys\":"),
         ": a setting that this version does not know"},
        {with(1, "\"display_name\":\"", "\"display_name\":\"\",\"icon\":\"x"),
         "line 2: an organization without a display name"},
        {lines[0] + lines[1] + lines[1], "line 3: a second default organization"},
        {with(3, "\"sealed_private_key\":\"", "\"sealed_private_key\":\"AAAA"),
         "line 4: the private SSH key is not sealed for this user"},
        {lines[0] + lines[1] + lines[2] + lines[2], "line 4: value already in use: users."},
        {lines[0] + lines[2] + lines[3] + lines[4], "line 2: a user before the first organization"},
        {with(1, organization, other), "line 3: refers to what is not there"},
    };
    for (const auto& [changed, reason] : rows) {
        INFO(changed);
        CHECK_THROWS_WITH(import_text(two.target, changed), ContainsSubstring(reason));
        CHECK(exported(two.target) == before);
    }
    import_text(two.target, text);
    CHECK_THROWS_WITH(import_text(two.target, text), ContainsSubstring("holds users already"));
    CHECK(exported(two.target) == text);
}

/// A text whose end is a read that lasts until it is let go.
class Stuck : public std::streambuf {
 public:
    explicit Stuck(std::string text) : text_(std::move(text)) {
        setg(text_.data(), text_.data(), text_.data() + text_.size());
    }
    std::promise<void> asked, let_go;

 protected:
    int_type underflow() override {
        if (!std::exchange(ended_, true)) {
            asked.set_value();
            let_go.get_future().wait();
        }
        return traits_type::eof();
    }

 private:
    bool ended_ = false;
    std::string text_;
};

TEST_CASE("an import that failed keeps nobody waiting while its next line does not come") {
    const Two two;
    const std::string text = exported(two.source);
    const std::size_t user = text.find("\n", text.find("\n") + 1) + 1;
    const std::string line = text.substr(user, text.find("\n", user) + 1 - user);
    Stuck stuck(text.substr(0, user) + line + line);
    std::istream in(&stuck);
    auto failed = std::async(std::launch::async, [&]() -> std::string {
        try {
            data::import_from(two.target, in);
        } catch (const coder_users::LineError& error) {
            return error.what();
        }
        return "imported";
    });
    stuck.asked.get_future().wait();  // inside the transaction of the import
    SQLite::Database other(two.target.database, SQLite::OPEN_READWRITE);
    CHECK(eventually([&] { return other.tryExec("BEGIN IMMEDIATE") == 0; }));
    other.exec("ROLLBACK");
    stuck.let_go.set_value();
    CHECK_THAT(failed.get(), ContainsSubstring("line 4"));
}

TEST_CASE("an export goes to a file of mode 0600 that was not there") {
    Two two;
    const std::string path = two.folder.file("users.jsonl");
    data::export_to(two.source, path);
    CHECK(std::filesystem::status(path).permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    std::ifstream file(path, std::ios::binary);
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == exported(two.source));
    CHECK_THROWS_WITH(data::export_to(two.source, path), ContainsSubstring("--force"));
    data::export_to(two.source, path, true);
    TestServer server(two.source);  // beside a server, too
    CHECK(exported(two.source).size() > 100);
}

TEST_CASE("hashes of other systems are good, and a cheap one is renewed at the next login") {
    // "correct-Horse-9" at cost 4, in the form of other systems.
    const std::string tail = "04$abcdefghijklmnopqrstuufS6pobK/FmfRO4I2JuHShY0rWrLIAq6";
    for (const std::string prefix : {"$2a$", "$2y$", "$2b$"}) {
        TempFolder folder;
        Options options;
        options.database = folder.file("users.db");
        options.port = 0;
        options.password_hash_cost = 5;
        auto users = coder_users::start(options);
        const std::string token = "Session001-Secret0123456789abcdef";
        users.seed(R"({"username":"ada","email":"ada@example.org","sessions":[")" + token +
                   R"("],"hashed_password":")" + prefix + tail + "\"}");
        const auto log_in = [&](const std::string& password) {
            return users
                .handle({"POST",
                         "/api/v2/users/login",
                         {},
                         R"({"email":"ada@example.org","password":")" + password + "\"}"})
                .status;
        };
        const std::string sql = "SELECT hashed_password FROM users";
        CHECK(log_in("wrong-Horse-9") == 401);
        CHECK(stored(options.database, sql) == prefix + tail);
        CHECK(log_in("correct-Horse-9") == 201);
        const std::string renewed = stored(options.database, sql);
        CHECK(renewed.substr(0, 7) == "$2b$05$");
        CHECK(users.authenticate(token).user.username == "ada");
        CHECK(stored(options.database,
                     "SELECT resource_type, action, diff LIKE '%password%' FROM audit_logs WHERE "
                     "status_code = 201 ORDER BY entry DESC LIMIT 1") == "api_key|login|0");
        CHECK(stored(options.database, "SELECT count(*) FROM audit_logs WHERE action = 'write'") ==
              "0");
        CHECK(log_in("correct-Horse-9") == 201);
        CHECK(stored(options.database, sql) == renewed);
        CHECK(log_in("wrong-Horse-9") == 401);
    }
}

TEST_CASE("logins at the same moment all succeed while one of them renews the hash") {
    Options options;
    options.database = ":memory:";
    options.port = 0;
    options.password_hash_cost = 6;
    auto users = coder_users::start(options);
    users.seed(R"({"username":"ada","email":"ada@example.org","hashed_password":)"
               R"("$2a$04$abcdefghijklmnopqrstuufS6pobK/FmfRO4I2JuHShY0rWrLIAq6"})");
    std::vector<int> statuses(8);
    std::vector<std::thread> threads;
    for (int& status : statuses)
        threads.emplace_back([&] {
            status = users
                         .handle({"POST",
                                  "/api/v2/users/login",
                                  {},
                                  R"({"email":"ada@example.org","password":"correct-Horse-9"})"})
                         .status;
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(statuses == std::vector<int>(8, 201));
}

}  // namespace transfer_test
