#include "server_fixture.hpp"

#include <coder_users/testing.hpp>
#include <mutex>
#include <utility>

#include "coder_users/internal/store/database_address.hpp"
#include "test_database.hpp"

namespace coder_users_test {

Value::Value(Json json) : json_(std::move(json)) {}
Value::Value(const Value&) = default;
Value& Value::operator=(const Value&) = default;
Value::~Value() = default;

Value Value::operator[](const std::string& key) const {
    if (!json_.is<picojson::object>() || !json_.contains(key)) return Value(Json());
    return Value(json_.get(key));
}
Value Value::operator[](std::size_t index) const {
    if (!json_.is<picojson::array>() || !json_.contains(index)) return Value(Json());
    return Value(json_.get(index));
}
bool Value::has(const std::string& key) const {
    return json_.is<picojson::object>() && json_.contains(key);
}
std::size_t Value::size() const {
    return json_.is<picojson::array>()    ? json_.get<picojson::array>().size()
           : json_.is<picojson::object>() ? json_.get<picojson::object>().size()
                                          : 0;
}
std::string Value::text() const {
    return json_.is<std::string>() ? json_.to_str() : json_.serialize();
}

Value parse(const std::string& text) { return Value(coder_users::wire::parse_json(text)); }

StoredFile::StoredFile(const std::string& path)
    : SQLite::Database(path, SQLite::OPEN_READONLY, 5000) {}
StoredFile::~StoredFile() = default;

std::string stored(const SQLite::Database& file, const std::string& sql) {
    SQLite::Statement rows(file, sql);
    std::string out;
    while (rows.executeStep()) {
        if (!out.empty()) out += '\n';
        for (int i = 0; i < rows.getColumnCount(); ++i)
            (out += i ? "|" : "") +=
                rows.getColumn(i).isNull() ? "NULL" : rows.getColumn(i).getString();
    }
    return out;
}
std::string stored(const std::string& path, const std::string& sql) {
    if (coder_users::store::is_postgres_address(path)) return postgres_rows(path, sql);
    return stored(StoredFile(path), sql);
}

coder_users::Options in_memory() {
    coder_users::Options options{database_or(":memory:")};
    if (on_postgres()) options.secret_key = test_secret_key;
    options.port = 0;
    options.password_hash_cost = 4;
    options.disable_rate_limits = true;
    return options;
}

/// What the running service reads and writes.
struct TestServer::Held {
    coder_users::testing::Clock clock;
    std::mutex mutex;
    std::string log;
};

TestServer::TestServer() : TestServer(coder_users::Options()) {}
TestServer::TestServer(const coder_users::Options& chosen, bool rate_limits)
    : held_(std::make_shared<Held>()) {
    held_->clock.set(start_of_test);
    coder_users::Options options = chosen;
    if (options.database == coder_users::Options{}.database)
        options.database = database_or(":memory:");
    const bool needs_key = coder_users::store::is_postgres_address(options.database) &&
                           options.secret_key.empty() && options.secret_key_file.empty();
    if (needs_key) options.secret_key = test_secret_key;
    options.port = 0;
    options.disable_rate_limits = !rate_limits;
    options.password_hash_cost = 4;
    options.env.now = [clock = held_->clock] { return clock.now(); };
    options.log = [held = held_](const coder_users::LogLine& line) {
        const std::lock_guard<std::mutex> lock(held->mutex);
        held->log += coder_users::to_text(line) + '\n';
    };
    service_ = std::make_unique<coder_users::Service>(coder_users::start(std::move(options)));
}
TestServer::~TestServer() = default;

int TestServer::port() const { return service_->port(); }
Time TestServer::now() const { return held_->clock.now(); }
void TestServer::advance(coder_users::Duration step) { held_->clock.advance(step); }
std::string TestServer::log() const {
    const std::lock_guard<std::mutex> lock(held_->mutex);
    return held_->log;
}

Answer TestServer::send(std::string_view method, std::string_view path, std::string_view token,
                        std::string_view body) const {
    return send(method, path, token, body, {});
}
Answer TestServer::send(std::string_view method, std::string_view path, std::string_view token,
                        std::string_view body, HeaderList headers) const {
    if (!token.empty()) headers.emplace_back("Coder-Session-Token", std::string(token));
    const std::string target =
        path.substr(0, 1) == "!" ? std::string(path.substr(1)) : "/api/v2" + std::string(path);
    return request(port(), method, target, headers, body);
}

std::string TestServer::owner() const {
    const Answer made = send(
        "POST", "/users/first", "",
        R"({"email":"owner@example.org","username":"owner","password":")" + good_password + "\"}");
    REQUIRE(made.status == 201);
    return log_in("owner@example.org");
}

std::string TestServer::create(std::string_view by, const std::string& name) const {
    const Answer made = send("POST", "/users", by,
                             R"({"email":")" + name + R"(@example.org","username":")" + name +
                                 R"(","password":")" + good_password + "\"}");
    REQUIRE(made.status == 201);
    return parse(made.body)["id"].text();
}

std::string TestServer::log_in(const std::string& email, const std::string& password) const {
    const Answer answer = send("POST", "/users/login", "",
                               R"({"email":")" + email + R"(","password":")" + password + "\"}");
    REQUIRE(answer.status == 201);
    return parse(answer.body)["session_token"].text();
}

std::string TestServer::member(std::string_view by, const std::string& name) const {
    create(by, name);
    return log_in(name + "@example.org");
}

std::string TestServer::first_users() const {
    const std::string token = owner();
    create(token, "bob");
    create(token, "gone");
    REQUIRE(send("DELETE", "/users/gone", token).status == 200);
    REQUIRE(
        send("PUT", "/users/bob/roles", token, R"({"roles":["auditor","user-admin"]})").status ==
        200);
    return token;
}

std::string message(std::string_view text) {
    return "{\"message\":\"" + std::string(text) + "\"}\n";
}

}  // namespace coder_users_test
