// docs/contract/http.md, "Failed password checks"; threat L4.
#include "coder_users/internal/operations/password_failures.hpp"
#include "limited_server.hpp"

using namespace coder_users_test;
using coder_users::Options;

namespace {

std::string blocked(const std::string& limit = "10") {
    return message("You've been rate limited for " + limit + " failed password checks in 1m0s.");
}

/// No other limits.
Options only(int limit) {
    Options options = limits(0, 0);
    options.failed_login_limit = limit;
    return options;
}

/// A server at which somebody guesses, each time from another address.
struct Guessed : Limited {
    Guessed() : Guessed(only(10)) {}
    explicit Guessed(const Options& options) : Limited(options), token(owner()) {
        bob = member(token, "bob");
    }

    coder_users::Response log_in_as(const std::string& email, const std::string& password) {
        return ask("POST", "/users/login", "", {}, "10.0.0." + std::to_string(++guesses % 250),
                   R"({"email":")" + email + R"(","password":")" + password + "\"}");
    }
    /// "status Retry-After"
    std::string guess(const std::string& email, const std::string& password = "wrong") {
        const auto answer = log_in_as(email, password);
        if (answer.status == 429) CHECK(answer.body == blocked());
        return std::to_string(answer.status) + " " +
               header_of(answer.headers, "Retry-After", "none");
    }
    coder_users::Response put_password(const std::string& by, const std::string& old) {
        return ask("PUT", "/users/bob/password", by, {}, "1.2.3.4",
                   R"({"old_password":")" + old + R"(","password":"another-Horse-10"})");
    }
    /// How many entries of logins the audit log has, by their status.
    std::string recorded(const std::string& status) {
        const auto all = ask("GET", "/audit?limit=100&q=action:login", token);
        int count = 0;
        const Value logs = parse(all.body)["audit_logs"];
        for (std::size_t i = 0; i < logs.size(); ++i)
            count += logs[i]["status_code"].text() == status ? 1 : 0;
        return std::to_string(count);
    }

    std::string token, bob;
    int guesses = 0;
};

}  // namespace

TEST_CASE("after ten failures in a minute nobody logs in to an account, known or not") {
    for (const std::string email : {"bob@example.org", "nobody@example.org"}) {
        Guessed server;
        const std::string before = server.recorded("201");
        INFO(email);
        for (int i = 0; i < 9; ++i) {
            CHECK(server.guess(email) == "401 none");
            server.advance(std::chrono::seconds(1));
        }
        CHECK(server.guess(email) == "429 51");
        CHECK(server.recorded("401") == "9");
        CHECK(server.recorded("429") == "1");
        CHECK(server.guess(email) == "429 51");
        std::string shouted = email;
        for (char& c : shouted) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        CHECK(server.guess(shouted, good_password) == "429 51");
        CHECK(server.recorded("429") == "1");  // what is not checked is not recorded
        CHECK(server.recorded("201") == before);

        INFO("others and sessions go on");
        CHECK(server.guess("owner@example.org", good_password) == "201 none");
        CHECK(server.ask("GET", "/users/me", server.bob).status == 200);

        INFO("a minute after the first failure it is over");
        server.advance(std::chrono::seconds(51) - std::chrono::microseconds(1));
        CHECK(server.guess(email, good_password) == "429 1");
        server.advance(std::chrono::microseconds(1));
        const bool known = email[0] == 'b';
        CHECK(server.guess(email, good_password) == (known ? "201 none" : "401 none"));
        for (int i = known ? 0 : 1; i < 9; ++i) CHECK(server.guess(email) == "401 none");
        CHECK(server.guess(email) == "429 60");

        INFO("a clock that was set back keeps nobody out");
        server.advance(-std::chrono::hours(1));
        CHECK(server.guess(email) == "401 none");
    }
}

TEST_CASE("successes neither count nor end the count") {
    Guessed server;
    for (int i = 0; i < 20; ++i)
        CHECK(server.guess("bob@example.org", good_password) == "201 none");
    for (int i = 0; i < 9; ++i) {
        CHECK(server.guess("bob@example.org") == "401 none");
        CHECK(server.guess("bob@example.org", good_password) == "201 none");
    }
    CHECK(server.guess("bob@example.org") == "429 60");
    CHECK(server.guess("bob@example.org", good_password) == "429 60");
}

TEST_CASE("wrong passwords count wherever an account's password is checked") {
    Guessed server;
    const auto convert = [&](const std::string& password) {
        return server.ask("POST", "/users/me/convert-login", server.bob, {}, "1.2.3.4",
                          R"({"to_type":"oidc","password":")" + password + "\"}");
    };
    const auto identity = server.service().authenticate(server.token);
    for (int i = 0; i < 3; ++i) {
        CHECK(server.put_password(server.bob, "wrong").status == 400);
        CHECK(convert("wrong").status == 401);
    }
    CHECK(server.put_password(server.token, "wrong").status == 400);  // the owner, for bob
    CHECK_THROWS_AS(server.service().as(identity).set_password("bob", "another-Horse-10", "wrong"),
                    coder_users::ApiError);
    CHECK(server.guess("bob@example.org") == "401 none");
    const auto tenth = convert("wrong");
    CHECK(tenth.status == 429);
    CHECK(tenth.body == blocked());
    CHECK(header_of(tenth.headers, "Retry-After", "none") == "60");

    for (const std::string& password : {good_password, std::string("wrong")}) {
        CHECK(convert(password).body == blocked());
        CHECK(server.put_password(server.bob, password).body == blocked());
        CHECK(server.put_password(server.token, password).body == blocked());
    }
    try {
        server.service().as(identity).set_password("bob", "another-Horse-10", good_password);
        FAIL("not refused");
    } catch (const coder_users::ApiError& refused) {
        CHECK(refused.status() == 429);
    }
    const auto bypassed = server.ask("PUT", "/users/bob/password", server.token,
                                     {{"X-Coder-Bypass-Ratelimit", "true"}}, "1.2.3.4",
                                     R"({"old_password":"wrong","password":"another-Horse-10"})");
    CHECK(bypassed.body == blocked());
    INFO("what checks no password goes on");
    CHECK(server.ask("GET", "/users/me", server.bob).status == 200);
    CHECK(server
              .ask("PUT", "/users/bob/password", server.token, {}, "1.2.3.4",
                   R"({"password":"another-Horse-10"})")
              .status == 204);
    CHECK(server.guess("bob@example.org", "another-Horse-10") == "429 60");
}

TEST_CASE("the limit of failed checks is an option, and can be switched off") {
    const auto statuses = [](const Options& options, int number) {
        Guessed server(options);
        std::string all;
        for (int i = 0; i < number; ++i)
            all += std::to_string(server.log_in_as("bob@example.org", "wrong").status) + " ";
        return all + std::to_string(server.log_in_as("bob@example.org", good_password).status);
    };
    CHECK(statuses(only(1), 1) == "429 429");
    CHECK(statuses(only(2), 2) == "401 429 429");
    CHECK(statuses(only(2), 1) == "401 201");
    CHECK(statuses(only(0), 12).find("429") == std::string::npos);
    CHECK(statuses(only(-1), 12).find("429") == std::string::npos);
    TestServer unlimited(only(1), false);
    unlimited.owner();
    for (int i = 0; i < 12; ++i)
        CHECK(unlimited
                  .send("POST", "/users/login", "",
                        R"({"email":"owner@example.org","password":"wrong"})")
                  .status == 401);
    Guessed server(only(1));
    CHECK(server.log_in_as("bob@example.org", "wrong").body == blocked("1"));
}

TEST_CASE("of many guesses at once nine are answered") {
    Guessed server;
    const auto answers = all_at_once(40, [&](std::size_t number) {
        Answer answer;
        answer.status = server
                            .ask("POST", "/users/login", "", {}, "10.0.1." + std::to_string(number),
                                 R"({"email":"bob@example.org","password":"wrong"})")
                            .status;
        return answer;
    });
    const StatusCounts counts = count_statuses(answers);
    CHECK(counts.at(401) == 9);
    CHECK(counts.at(429) == 31);
}

TEST_CASE("failures for very many addresses neither lift a block nor make one") {
    coder_users::operations::PasswordFailures failures(only(10), std::string(32, 'k'));
    const auto is_blocked = [&](const std::string& email) {
        try {
            failures.refuse(email, start_of_test);
            return false;
        } catch (const coder_users::ApiError& refused) {
            return refused.status() == 429;
        }
    };
    for (int i = 0; i < 9; ++i) failures.count("victim@example.org", start_of_test);
    CHECK_FALSE(is_blocked("victim@example.org"));
    CHECK_THROWS_AS(failures.count("victim@example.org", start_of_test), coder_users::ApiError);
    for (int i = 0; i < 20'000; ++i)
        failures.count(std::to_string(i) + "@example.org", start_of_test);
    CHECK(is_blocked("VICTIM@example.org"));
    int others = 0;
    for (int i = 0; i < 1000; ++i) others += is_blocked("other" + std::to_string(i)) ? 1 : 0;
    CHECK(others == 0);
}

TEST_CASE("a request that is overtaken does not begin the count anew") {
    coder_users::Options options;
    coder_users::operations::PasswordFailures failures(options, "key");
    const Time now = start_of_test;
    const auto later = [&](int seconds) { return now + std::chrono::seconds(seconds); };
    for (int i = 0; i < 5; ++i) failures.count("a@x.org", later(1));
    for (int i = 0; i < 4; ++i) failures.count("a@x.org", now);
    CHECK_THROWS_AS(failures.count("a@x.org", later(1)), coder_users::ApiError);
    CHECK_THROWS_AS(failures.refuse("A@x.org", now), coder_users::ApiError);
    failures.refuse("a@x.org", later(61));
    failures.refuse("a@x.org", later(-60));  // the clock was set back
}
