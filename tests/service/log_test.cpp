#include "coder_users/config.hpp"
#undef CODER_USERS_INLINE
#define CODER_USERS_INLINE inline  // to_text() is defined once already, in the compiled library
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "coder_users/internal/base/log.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/http/trace.hpp"
#include "server_fixture.hpp"
#include "test_database.hpp"

using namespace coder_users_test;
using namespace coder_users;

namespace {

/// Returns the lines that hold `part`.
std::vector<std::string> lines_with(const std::string& log, const std::string& part) {
    std::vector<std::string> found;
    for (const std::string_view line : split(log, '\n'))
        if (line.find(part) != std::string_view::npos) found.emplace_back(line);
    return found;
}

/// Returns the lines of requests, once there are `wanted` of them: a line may be written after the
/// answer.
std::vector<std::string> requests(const TestServer& server, std::size_t wanted) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    std::vector<std::string> lines;
    do {
        lines = lines_with(server.log(), " request ");
        std::this_thread::yield();
    } while (lines.size() < wanted && std::chrono::steady_clock::now() < end);
    return lines;
}

}  // namespace

TEST_CASE("values in a line are quoted and escaped unless they are plain") {
    struct Row {
        std::string_view value;
        const char* text;
    };
    const Row rows[] = {
        {"plain/value:1.2", "plain/value:1.2"},
        {"", "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"\"\\", R"("\"\\")"},
        {"a\nb", R"("a\x0ab")"},
        {"\r\n\t\x1b[31m\x7f", R"("\x0d\x0a\x09\x1b[31m\x7f")"},
        {{"\0", 1}, R"("\x00")"},
        {"\xc3\xa4\xff", R"("\xc3\xa4\xff")"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(escaped_for_log(row.value) == row.text);
    }
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    for (const char c : escaped_for_log(all)) CHECK((c >= ' ' && c <= '~'));
}

TEST_CASE("a line is time, level, message and fields") {
    CHECK(to_text({LogLevel::info, from_micros(0), "listening", {{"url", "http://x:1"}}}) ==
          "1970-01-01T00:00:00.000000Z info  listening url=http://x:1");
    CHECK(to_text({LogLevel::warning, from_micros(1), "a b", {{"x", "1 2"}, {"y", ""}}}) ==
          "1970-01-01T00:00:00.000001Z warn  a b x=\"1 2\" y=\"\"");
    CHECK(to_text({LogLevel::error, never, "m", {}}) == "0001-01-01T00:00:00.000000Z error m");
    CHECK(to_text({LogLevel::info, from_micros(1'500'000), "m", {}}) ==
          "1970-01-01T00:00:01.500000Z info  m");
}

TEST_CASE("a line as JSON is one object, whatever clients have sent") {
    CHECK(to_json({LogLevel::warning,
                   from_micros(1),
                   "a \"b\"",
                   {{"x", "1\n2"}, {"y", "\xc3\xa4"}, {"z", "\xff"}}}) ==
          R"({"time":"1970-01-01T00:00:00.000001Z","level":"warning","message":"a \"b\"",)"
          R"("x":"1\n2","y":")"
          "\xc3\xa4"
          R"(","z":"\"\\xff\""})");
    CHECK(to_json({LogLevel::error, never, "m", {}}) ==
          R"({"time":"0001-01-01T00:00:00.000000Z","level":"error","message":"m"})");
}

TEST_CASE("the trace of a request is that of a header that can be read") {
    using http::trace_id;
    const std::string id = "0af7651916cd43dd8448eb211c80319c", end = "-b7ad6b7169203331-01";
    CHECK(trace_id("00-" + id + end) == id);
    CHECK(trace_id("cc-" + id + end + "-more") == id);
    for (const std::string& bad :
         {std::string(), std::string("00"), "00-" + id, "00-" + id + end + "-more",
          "ff-" + id + end, "cc-" + id + end + "more", "00-" + std::string(32, '0') + end,
          "00-" + id.substr(1) + "G" + end, "00_" + id + end, "0g-" + id + end,
          "00-" + id + "-b7ad6b716920333g-01", "00-" + id + "-b7ad6b7169203331-0"})
        CHECK(trace_id(bad).empty());
}

TEST_CASE("the trace of a request is in its line") {
    TestServer server;
    const std::string id = "0af7651916cd43dd8448eb211c80319c";
    server.send("GET", "/users/first", "", "",
                {{"Traceparent", "00-" + id + "-b7ad6b7169203331-01"}});
    server.send("GET", "/users/first", "", "", {{"traceparent", "x\ny"}});
    const auto lines = requests(server, 2);
    REQUIRE(lines.size() == 2);
    CHECK_THAT(lines[0], Catch::Matchers::EndsWith(" trace=" + id));
    CHECK(lines[1].find("trace=") == std::string::npos);
}

TEST_CASE("the last line tells that the service has stopped") {
    TestServer server;
    server.service().stop();
    const auto lines = lines_with(server.log(), " stopped");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == to_rfc3339(start_of_test) + " info  stopped");
}

TEST_CASE("lines reach the host one at a time, and what it throws is dropped") {
    std::atomic<int> inside{0}, most{0}, seen{0};
    Log log([&](const LogLine&) {
        const int now_inside = ++inside;
        if (now_inside > most) most = now_inside;
        ++seen;
        --inside;
        if (seen % 2) throw std::runtime_error("the host's trouble");
        throw 5;
    });
    CHECK(log.on());
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int k = 0; k < 100; ++k) log.write({});
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(seen == 400);
    CHECK(most == 1);
    Log none(nullptr);
    CHECK_FALSE(none.on());
    none.write({});
}

TEST_CASE("the first line tells where the service listens") {
    TestServer server;
    const auto lines = lines_with(server.log(), "listening");
    REQUIRE(lines.size() == 1);
    const std::string line =
        to_rfc3339(start_of_test) + " info  listening url=" + server.service().url() + " database=";
    if (on_postgres())
        CHECK(lines[0].find(line + "\"postgres://") == 0);  // quoted, as its options have "="
    else
        CHECK(lines[0] == line + ":memory:");
}

TEST_CASE("every request is one line with method, path, status, address and id") {
    TestServer server;
    const Answer answer = server.send("GET", "/users/first");
    const auto lines = requests(server, 1);
    REQUIRE(lines.size() == 1);
    const std::string& line = lines[0];
    CHECK_THAT(line, Catch::Matchers::StartsWith(
                         to_rfc3339(start_of_test) +
                         " info  request method=GET path=/api/v2/users/first status=404 us="));
    CHECK_THAT(line, Catch::Matchers::EndsWith(" address=127.0.0.1 id=" +
                                               answer.header("x-coder-request-id")));
    server.service().handle({"GET", "/healthz", {}, "", "192.0.2.7"});
    CHECK_THAT(requests(server, 2).at(1),
               Catch::Matchers::ContainsSubstring("path=/healthz status=200") &&
                   Catch::Matchers::ContainsSubstring("address=192.0.2.7 "));
}

TEST_CASE("a refusal by permission is a warning with user, route and reason") {
    TestServer server;
    const std::string owner = server.owner();
    const std::string bob = server.create(owner, "bob");
    const std::string token = server.log_in("bob@example.org");
    const std::string stranger(22, 'z');
    const auto line_of = [&](const Answer& answer) {
        const std::string id = " id=" + answer.header("x-coder-request-id");
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        for (;;) {
            const auto lines = lines_with(server.log(), id);
            if (!lines.empty() || std::chrono::steady_clock::now() > end) {
                REQUIRE(lines.size() == 1);
                return lines[0];
            }
            std::this_thread::yield();
        }
    };
    struct Row {
        const char *method, *path, *body;
        int status;
        const char *route, *reason;  ///< "": the line is that of every request
    };
    const char* const hidden = "the user is hidden from the caller";
    const Row rows[] = {
        {"GET", "/users/owner?q=hunter2", "", 404, "/users/{user}", hidden},
        {"PUT", "/users/owner/status/suspend", "", 404, "/users/{user}/status/suspend", hidden},
        {"GET", "/users/owner/nosuch", "", 404, "*", hidden},
        {"GET", "/audit", "", 403, "/audit", "Forbidden."},
        {"POST", "/users", R"({"email":"a@example.org","username":"a","password":"hunter2"})", 403,
         "/users", "You are not authorized to create users."},
        {"GET", "/users/nobody", "", 404, "", ""},
        {"GET", "/users/me/keys/0123456789", "", 404, "", ""},
        {"GET", "/users/me/nosuch", "", 404, "", ""},
        {"GET", "/users/me", "", 200, "", ""},
        {"PUT", "/users/me/profile", "{}", 400, "", ""},
    };
    for (const Row& row : rows) {
        INFO(row.method << " " << row.path);
        const Answer answer = server.send(row.method, row.path, token, row.body);
        CHECK(answer.status == row.status);
        const bool denied = *row.route != '\0';
        const std::string more = " user=" + bob +
                                 (denied ? " route=" + escaped_for_log(row.route) +
                                               " reason=" + escaped_for_log(row.reason)
                                         : "");
        const std::string line = line_of(answer);
        CHECK_THAT(line,
                   Catch::Matchers::EndsWith(" id=" + answer.header("x-coder-request-id") + more));
        CHECK_THAT(line, Catch::Matchers::ContainsSubstring(denied ? " warn  request "
                                                                   : " info  request "));
    }
    // Nobody is signed in here: the lines stay as they are.
    for (const std::string& sent : {std::string(), "0123456789-" + stranger}) {
        const Answer answer = server.send("GET", "/users/bob", sent);
        CHECK(answer.status == 401);
        CHECK_THAT(line_of(answer), Catch::Matchers::ContainsSubstring(" info  request "));
    }
    for (const std::string& secret : {token, token.substr(11), std::string("hunter2"), stranger})
        CHECK(server.log().find(secret) == std::string::npos);
}

TEST_CASE("refused requests are one line, too, and no client can write a line of its own") {
    TestServer server;
    {
        RawClient client(server.port());
        client.send("nonsense\r\n\r\n");
        CHECK(client.read().status == 400);
    }
    CHECK(requests(server, 1).size() == 1);
    server.service().handle(
        {"GET", "/a\n2026-01-01T00:00:00Z info  request method=GET", {}, "", ""});
    server.service().handle({"GET\r\nX", "/b c=d \"\\\xff", {}, "", "1.2.3.4\nforged"});
    const auto lines = requests(server, 3);
    REQUIRE(lines.size() == 3);
    CHECK_THAT(lines[1], Catch::Matchers::ContainsSubstring("path=\"/a\\x0a2026"));
    CHECK_THAT(lines[2], Catch::Matchers::ContainsSubstring("method=\"GET\\x0d\\x0aX\""));
    CHECK_THAT(lines[2], Catch::Matchers::ContainsSubstring("address=\"1.2.3.4\\x0aforged\""));
    CHECK(lines_with(server.log(), "").size() == 5);  // with the first line and an empty last one
}

TEST_CASE("neither queries nor passwords, tokens, cookies or bodies are ever logged") {
    TestServer server;
    const std::string token = server.owner();
    const std::string secret = token.substr(11);
    server.send("GET", "/users?q=hidden-query&token=" + token, token);
    server.send("GET", "/users/me", "", "", {{"Cookie", "coder_session_token=" + token}});
    server.send("GET", "/users/me", "", "", {{"Authorization", "Bearer " + token}});
    server.send("POST", "/users/login", "",
                R"({"email":"owner@example.org","password":"hidden-password"})");
    server.send("POST", "/users", token, "{\"password\":\"hidden-password\"");
    server.send("GET", "/users/me", token.substr(0, 10) + "-" + std::string(22, 'z'));
    server.send("GET", "!http://user:hidden-host@localhost/api/v2/?hidden-query");
    CHECK(requests(server, 9).size() == 9);
    const std::string log = server.log();
    for (const std::string& hidden :
         {std::string("hidden-query"), std::string("hidden-password"), good_password, secret,
          std::string(22, 'z'), std::string("coder_session_token")}) {
        CAPTURE(hidden);
        CHECK(log.find(hidden) == std::string::npos);
    }
}

TEST_CASE("a log that throws does not harm requests") {
    Options options{":memory:"};
    options.port = 0;
    options.log = [](const LogLine&) { throw std::runtime_error("disk full"); };
    auto service = start(options);
    CHECK(service.handle({"GET", "/healthz"}).status == 200);
    CHECK(request(service.port(), "GET", "/healthz").status == 200);
}

TEST_CASE(
    "a clock that lies before the newest stored time is told at the start, and nothing else") {
    TempFolder folder;
    Options options{folder.file("a.db")};
    std::string token;
    {
        TestServer server(options);
        CHECK(lines_with(server.log(), "clock").empty());  // nothing is stored yet
        server.advance(std::chrono::hours(24));
        token = server.owner();
        server.advance(std::chrono::hours(2));
        REQUIRE(server.send("GET", "/users/me", token).status == 200);  // the newest of all
    }
    {
        TestServer server(options);  // its clock begins a day earlier
        const auto lines = lines_with(server.log(), "clock");
        REQUIRE(lines.size() == 1);
        CHECK(lines[0] == to_rfc3339(start_of_test) +
                              " warn  the clock is behind the newest stored time newest=" +
                              to_rfc3339(start_of_test + std::chrono::hours(26)));
        CHECK(server.send("GET", "/users/me", token).status == 200);
    }
    const auto warns_at = [&](Time now) {
        std::string log;
        options.port = 0;
        options.env.now = [now] { return now; };
        options.log = [&](const LogLine& line) { log += line.message + '\n'; };
        start(options).stop();
        return log.find("clock") != std::string::npos;
    };
    CHECK(warns_at(start_of_test + std::chrono::hours(26) - Duration(1)));
    CHECK_FALSE(warns_at(start_of_test + std::chrono::hours(26)));
}
