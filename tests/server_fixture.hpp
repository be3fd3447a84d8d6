// A service of its own for each test: in memory, cheapest hash, a clock that the test moves.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <atomic>
#include <chrono>
#include <coder_users.hpp>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "coder_users/format/json.hpp"
#include "raw_client.hpp"
#include "temp_folder.hpp"

namespace coder_users_test {

using coder_users::Time;
using coder_users::format::Json;

/// 2026-01-02T03:04:05.678901Z: every part of it shows in a wrong text.
inline constexpr Time start_of_test = coder_users::from_micros(1'767'323'045'678'901);

/// The members of an answer: json["users"][0]["id"].
class Value {
 public:
    explicit Value(Json json) : json_(std::move(json)) {}
    Value operator[](const std::string& key) const {
        if (!json_.is<picojson::object>() || !json_.contains(key)) return Value(Json());
        return Value(json_.get(key));
    }
    Value operator[](std::size_t index) const {
        if (!json_.is<picojson::array>() || !json_.contains(index)) return Value(Json());
        return Value(json_.get(index));
    }
    bool has(const std::string& key) const {
        return json_.is<picojson::object>() && json_.contains(key);
    }
    std::size_t size() const {
        return json_.is<picojson::array>()    ? json_.get<picojson::array>().size()
               : json_.is<picojson::object>() ? json_.get<picojson::object>().size()
                                              : 0;
    }
    /// A string's content, or the JSON text of anything else.
    std::string text() const {
        return json_.is<std::string>() ? json_.to_str() : json_.serialize();
    }
    const Json& json() const { return json_; }

 private:
    Json json_;
};

inline Value parse(const std::string& text) { return Value(coder_users::format::parse_json(text)); }

/// A database file, to be read beside the running server.
struct StoredFile : SQLite::Database {
    explicit StoredFile(const std::string& path)
        : SQLite::Database(path, SQLite::OPEN_READONLY, 5000) {}
};

/// What is stored there: rows as "a|b", joined by newlines.
inline std::string stored(const StoredFile& file, const std::string& sql) {
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
inline std::string stored(const std::string& path, const std::string& sql) {
    return stored(StoredFile(path), sql);
}

inline const std::string good_password = "correct-Horse-9";

/// The options of a service that costs a test little.
inline coder_users::Options in_memory() {
    coder_users::Options options{":memory:"};
    options.port = 0;
    options.password_hash_cost = 4;
    options.disable_rate_limits = true;
    return options;
}

/// A running service and what tests do with it again and again.
class TestServer {
 public:
    explicit TestServer(coder_users::Options options = {}, bool rate_limits = false)
        : clock_(std::make_shared<Clock>()) {
        if (options.database == coder_users::Options{}.database) options.database = ":memory:";
        options.port = 0;
        options.disable_rate_limits = !rate_limits;
        options.password_hash_cost = 4;
        options.env.now = [clock = clock_] { return coder_users::from_micros(clock->now); };
        options.log = [clock = clock_](const coder_users::LogLine& line) {
            const std::lock_guard<std::mutex> lock(clock->mutex);
            clock->log += coder_users::to_text(line) + '\n';
        };
        service_ = std::make_unique<coder_users::Service>(coder_users::start(std::move(options)));
    }

    coder_users::Service& service() { return *service_; }
    int port() const { return service_->port(); }
    Time now() const { return coder_users::from_micros(clock_->now); }
    void advance(coder_users::Duration step) { clock_->now += step.count(); }
    std::string log() const {
        const std::lock_guard<std::mutex> lock(clock_->mutex);
        return clock_->log;
    }

    /// A request over HTTP. `path` is below /api/v2 unless it begins with "!".
    Answer send(std::string_view method, std::string_view path, std::string_view token = "",
                std::string_view body = "", HeaderList headers = {}) const {
        if (!token.empty()) headers.emplace_back("Coder-Session-Token", std::string(token));
        const std::string target =
            path.substr(0, 1) == "!" ? std::string(path.substr(1)) : "/api/v2" + std::string(path);
        return request(port(), method, target, headers, body);
    }

    /// Creates the first user "owner" and logs it in.
    std::string owner() {
        const Answer made = send("POST", "/users/first", "",
                                 R"({"email":"owner@example.org","username":"owner","password":")" +
                                     good_password + "\"}");
        REQUIRE(made.status == 201);
        return log_in("owner@example.org");
    }

    /// Creates `name` with the address name@example.org; the user's id.
    std::string create(std::string_view by, const std::string& name) const {
        const Answer made = send("POST", "/users", by,
                                 R"({"email":")" + name + R"(@example.org","username":")" + name +
                                     R"(","password":")" + good_password + "\"}");
        REQUIRE(made.status == 201);
        return parse(made.body)["id"].text();
    }

    /// A session token.
    std::string log_in(const std::string& email,
                       const std::string& password = good_password) const {
        const Answer answer =
            send("POST", "/users/login", "",
                 R"({"email":")" + email + R"(","password":")" + password + "\"}");
        REQUIRE(answer.status == 201);
        return parse(answer.body)["session_token"].text();
    }

    /// Creates and logs in a plain user.
    std::string member(std::string_view by, const std::string& name) const {
        create(by, name);
        return log_in(name + "@example.org");
    }

 private:
    struct Clock {
        std::atomic<std::int64_t> now{coder_users::micros(start_of_test)};
        mutable std::mutex mutex;
        std::string log;
    };
    std::shared_ptr<Clock> clock_;
    std::unique_ptr<coder_users::Service> service_;
};

/// The body of a refusal, with its newline.
inline std::string message(std::string_view text) {
    return "{\"message\":\"" + std::string(text) + "\"}\n";
}

}  // namespace coder_users_test
