// A service of its own for each test: in memory, cheapest hash, a clock that the test moves.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <coder_users.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "coder_users/internal/wire/json.hpp"
#include "raw_client.hpp"
#include "temp_folder.hpp"

namespace coder_users_test {

using coder_users::Time;
using coder_users::wire::Json;

/// 2026-01-02T03:04:05.678901Z: every part of it shows in a wrong text.
inline constexpr Time start_of_test = coder_users::from_micros(1'767'323'045'678'901);

/// The members of an answer: json["users"][0]["id"].
class Value {
 public:
    explicit Value(Json json);
    Value(const Value&);
    Value& operator=(const Value&);
    ~Value();

    Value operator[](const std::string& key) const;
    Value operator[](std::size_t index) const;
    bool has(const std::string& key) const;
    std::size_t size() const;
    /// A string's content, or the JSON text of anything else.
    std::string text() const;
    const Json& json() const { return json_; }

 private:
    Json json_;
};

Value parse(const std::string& text);

/// A database file, to be read beside the running server.
struct StoredFile : SQLite::Database {
    explicit StoredFile(const std::string& path);
    ~StoredFile();
};

/// What is stored there: rows as "a|b", joined by newlines.
std::string stored(const SQLite::Database& file, const std::string& sql);
std::string stored(const std::string& path, const std::string& sql);

inline const std::string good_password = "correct-Horse-9";

/// The options of a service that costs a test little.
coder_users::Options in_memory();

/// A running service and what tests do with it again and again.
class TestServer {
 public:
    TestServer();
    explicit TestServer(const coder_users::Options& options, bool rate_limits = false);
    ~TestServer();

    coder_users::Service& service() { return *service_; }
    int port() const;
    Time now() const;
    void advance(coder_users::Duration step);
    std::string log() const;

    /// A request over HTTP. `path` is below /api/v2 unless it begins with "!".
    Answer send(std::string_view method, std::string_view path, std::string_view token = "",
                std::string_view body = "") const;
    Answer send(std::string_view method, std::string_view path, std::string_view token,
                std::string_view body, HeaderList headers) const;

    /// Creates the first user "owner" and logs it in.
    std::string owner() const;

    /// Creates `name` with the address name@example.org; the user's id.
    std::string create(std::string_view by, const std::string& name) const;

    /// A session token.
    std::string log_in(const std::string& email, const std::string& password = good_password) const;

    /// Creates and logs in a plain user.
    std::string member(std::string_view by, const std::string& name) const;

    /// Creates the owner, "bob" with two roles, and "gone", who is deleted again; the owner's
    /// session token.
    std::string first_users() const;

 private:
    struct Held;
    std::shared_ptr<Held> held_;
    std::unique_ptr<coder_users::Service> service_;
};

/// The body of a refusal, with its newline.
std::string message(std::string_view text);

}  // namespace coder_users_test
