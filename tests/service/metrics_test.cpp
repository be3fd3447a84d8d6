// Service::metrics() and the port on which they are served.
#include <coder_users/testing.hpp>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "raw_client.hpp"
#include "server_fixture.hpp"

namespace service_metrics_test {

using namespace coder_users_test;
using Catch::Matchers::ContainsSubstring;
using coder_users::Options;

/// The value of a sample, given with its labels; "" when it is not there.
std::string value(const std::string& text, const std::string& sample) {
    const std::size_t begin = ("\n" + text).find("\n" + sample + " ");
    if (begin == std::string::npos) return "";
    const std::size_t number = begin + sample.size() + 1;
    return text.substr(number, text.find('\n', number) - number);
}
std::string value(TestServer& server, const std::string& sample) {
    return value(server.service().metrics(), sample);
}
std::string processed(const char* code, const char* method, const std::string& path) {
    return std::string("coderd_api_requests_processed_total{code=\"") + code + "\",method=\"" +
           method + "\",path=\"" + path + "\"}";
}

TEST_CASE("requests are counted by status, method and the pattern of their route") {
    TestServer server;
    const std::string token = server.owner();
    server.send("GET", "/users/me", token);
    server.send("GET", "/users/owner", token);
    server.send("GET", "/users/nobody", token);
    server.send("GET", "/users/me");
    server.send("HEAD", "/users/me", token);
    server.send("PATCH", "/users/me", token);
    server.send("BREW", "/nowhere/secret-path", token);
    server.send("GET", "!/healthz");

    const std::string text = server.service().metrics();
    const std::string user = "/api/v2/users/{user}";
    CHECK(value(text, processed("200", "GET", user)) == "2");
    CHECK(value(text, processed("404", "GET", user)) == "1");
    CHECK(value(text, processed("401", "GET", user)) == "1");
    CHECK(value(text, processed("200", "HEAD", user)) == "1");
    CHECK(value(text, processed("405", "PATCH", user)) == "1");
    CHECK(value(text, processed("201", "POST", "/api/v2/users/first")) == "1");
    CHECK(value(text, processed("200", "GET", "/healthz")) == "1");
    CHECK(text.find("secret-path") == std::string::npos);
    CHECK(text.find("path=\"UNKNOWN\"") != std::string::npos);
    CHECK(value(text, "coderd_api_request_latencies_seconds_count{method=\"GET\",path=\"" + user +
                          "\"}") == "4");
    CHECK(value(text, "coderd_api_request_latencies_seconds_bucket{method=\"GET\",path=\"" + user +
                          "\",le=\"+Inf\"}") == "4");
    CHECK(eventually([&] { return value(server, "coderd_api_concurrent_requests") == "0"; }));
}

TEST_CASE("users, sessions and tokens are counted as they are stored") {
    TestServer server;
    const std::string token = server.owner();
    server.member(token, "bob");
    server.create(token, "carol");
    const std::string dave = server.create(token, "dave");
    server.send("PUT", "/users/" + dave + "/status/suspend", token);
    server.send("POST", "/users/me/keys/tokens", token, R"({"lifetime":3600000000000})");
    server.send("GET", "/users/me", token);
    CHECK(eventually([&] {  // that they are active is stored within a second
        return value(server, "coderd_api_total_user_count{status=\"active\"}") == "2";
    }));
    std::string text = server.service().metrics();
    CHECK(value(text, "coderd_api_total_user_count{status=\"dormant\"}") == "1");
    CHECK(value(text, "coderd_api_total_user_count{status=\"suspended\"}") == "1");
    CHECK(value(text, "coder_users_sessions") == "2");
    CHECK(value(text, "coder_users_tokens") == "1");

    server.advance(std::chrono::hours(25));
    text = server.service().metrics();
    CHECK(value(text, "coder_users_sessions") == "0");
    CHECK(value(text, "coder_users_tokens") == "0");
}

TEST_CASE("refused logins and requests over a rate limit are counted") {
    Options options = in_memory();
    options.login_rate_limit = 3;
    TestServer server(options, true);
    server.owner();
    CHECK(value(server, "coder_users_refused_logins_total") == "0");
    const std::string body = R"({"email":"owner@example.org","password":"wrong"})";
    for (int i = 0; i < 4; ++i) server.send("POST", "/users/login", "", body);
    CHECK(value(server, "coder_users_refused_logins_total") == "2");
    CHECK(value(server, "coder_users_rate_limited_total") == "2");
}

TEST_CASE("lanes, commits and the cache of sessions are counted") {
    const TempFolder folder;
    TestServer server(Options{folder.file("users.db")});
    const std::string token = server.owner();
    server.create(token, "bob");
    CHECK(eventually([&] {  // the cache is used once the file is watched
        server.send("GET", "/users/me", token);
        return value(server, "coder_users_session_cache_hits_total") != "0";
    }));
    const std::string text = server.service().metrics();
    for (const char* lane : {"write", "hash", "provider"}) {
        const std::string label = "{lane=\"" + std::string(lane) + "\"}";
        CHECK(eventually([&] {  // work leaves its lane after its answer was sent
            return value(server, "coder_users_lane_running" + label) == "0";
        }));
        CHECK(value(text, "coder_users_lane_waiting" + label) == "0");
    }
    CHECK(value(text, "coder_users_lane_wait_seconds_count{lane=\"hash\"}") == "3");
    CHECK(std::stoi(value(text, "coder_users_commit_seconds_count")) >= 3);
    CHECK(eventually([&] {  // a commit that stores activity may be under way
        const std::string now = server.service().metrics();
        return value(now, "coder_users_commit_seconds_count") ==
               value(now, "coder_users_commit_changes_count");
    }));
    CHECK(std::stoi(value(text, "coder_users_log_bytes")) > 4096);
    CHECK(value(text, "coder_users_session_cache_misses_total") != "0");
    CHECK(text.find("coder_users_backup") == std::string::npos);
    CHECK(value(text, "coder_users_build_info{version=\"" + std::string(coder_users::version) +
                          "\",coder_version=\"2.6\"}") == "1");
}

TEST_CASE("backups that were made and failed are counted, with the age of the newest") {
    const TempFolder folder;
    Options options{folder.file("users.db")};
    options.backup_dir = folder.file("copies");
    std::filesystem::create_directory(options.backup_dir);
    TestServer server(options);
    const std::string made = "coder_users_backups_total{result=\"made\"}",
                      failed = "coder_users_backups_total{result=\"failed\"}";
    CHECK(eventually([&] { return value(server, made) == "1"; }));
    std::filesystem::rename(options.backup_dir, folder.file("away"));
    server.advance(std::chrono::hours(24));
    CHECK(eventually([&] { return value(server, failed) == "1"; }));
    CHECK(value(server, made) == "1");
    CHECK(value(server, "coder_users_backup_age_seconds") == "86400");
}

TEST_CASE("metrics have a port of their own") {
    Options options = in_memory();
    options.metrics_port = 0;
    TestServer server(options);
    server.owner();
    const std::string url = server.service().metrics_url();
    REQUIRE(url.substr(0, 17) == "http://127.0.0.1:");
    const int port = std::stoi(url.substr(17));
    CHECK(url == "http://127.0.0.1:" + std::to_string(port) + "/metrics");
    CHECK(port != server.port());

    for (const char* path : {"/metrics", "/", "/metrics?name=a"}) {
        const Answer got = request(port, "GET", path);
        CHECK(got.status == 200);
        CHECK(got.header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
        CHECK(value(got.body, processed("201", "POST", "/api/v2/users/first")) == "1");
        CHECK(got.body.find("metrics\"") == std::string::npos);  // these requests do not count
    }
    CHECK(request(port, "GET", "/api/v2/users").status == 404);
    const Answer changed = request(port, "POST", "/metrics");
    CHECK(changed.status == 405);
    CHECK(changed.header("allow") == "GET, HEAD");
    CHECK(changed.body == message("Method not allowed."));
    CHECK(server.send("GET", "!/metrics").status == 404);

    server.service().stop();
    CHECK_THROWS_AS(server.service().metrics(), coder_users::ApiError);
    CHECK(server.service().metrics_url() == url);
}

TEST_CASE("a metrics port that is taken stops the start, which leaves nothing behind") {
    const TempFolder folder;
    Options options = in_memory();
    options.metrics_port = 0;
    TestServer first(options);
    CHECK(TestServer().service().metrics_url().empty());
    Options second{folder.file("users.db")};
    second.port = 0;
    second.metrics_port = std::stoi(first.service().metrics_url().substr(17));
    CHECK_THROWS_WITH(coder_users::start(second),
                      ContainsSubstring("127.0.0.1:" + std::to_string(*second.metrics_port)));
    CHECK(folder.listing().empty());
    second.metrics_port = 65536;
    CHECK_THROWS_AS(coder_users::start(second), std::invalid_argument);
}

TEST_CASE("the release of the answers is told, also when a test changes it") {
    coder_users::testing::Server server;
    server.set_coder_version("2.35");
    CHECK(server.service().metrics().find("coder_version=\"2.35\"} 1\n") != std::string::npos);
}

}  // namespace service_metrics_test
