// What a lane does with requests: whose they are, which come first, and how long they wait
// (docs/contract/http.md, "Rate limits" and "Waiting for a turn").
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "people.hpp"

using namespace coder_users_test;

namespace {

using coder_users::ApiError;
using coder_users::Event;
using coder_users::EventKind;
using coder_users::Identity;
using coder_users::Options;
using coder_users::Veto;

const std::string busy = message("The server is temporarily unable to answer.");

constexpr std::size_t width_of_writes = 32, share_of_writes = 8;

/// Holds every renaming of the user "owner" in the write lane, on its thread, until release().
class Held {
 public:
    ~Held() { release(); }

    Options options() {
        Options options;
        options.before = [this](const Event& event) -> std::optional<Veto> {
            if (event.kind == EventKind::renamed && event.before->username == "owner") wait();
            return std::nullopt;
        };
        return options;
    }
    bool holds(std::size_t count) {
        return eventually([&] {
            const std::lock_guard<std::mutex> lock(mutex_);
            return inside_ == count;
        });
    }
    void release() {
        const std::lock_guard<std::mutex> lock(mutex_);
        open_ = true;
        released_.notify_all();
    }

 private:
    void wait() {
        std::unique_lock<std::mutex> lock(mutex_);
        ++inside_;
        released_.wait(lock, [this] { return open_; });
        --inside_;
    }

    std::mutex mutex_;
    std::condition_variable released_;
    std::size_t inside_ = 0;
    bool open_ = false;
};

/// Clients that rename the user of a token to a name that it has, each on a connection of its own.
/// Their server ends after them, and then nothing may be held any more.
class Renamers {
 public:
    Renamers(Held& held, int port, std::string token)
        : held_(held), port_(port), token_(std::move(token)) {}
    ~Renamers() { held_.release(); }
    Renamers(const Renamers&) = delete;
    Renamers& operator=(const Renamers&) = delete;

    RawClient& add(const std::string& source = "127.0.0.1") {
        ClientOptions options;
        options.source = source;
        options.deadline = std::chrono::seconds(20);
        clients_.emplace_back(port_, options);
        clients_.back().send(request_text("PUT", "/api/v2/users/me/profile",
                                          {{"Coder-Session-Token", token_}},
                                          R"({"username":"owner"})"));
        return clients_.back();
    }
    void add(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) add();
    }
    std::vector<Answer> answers() {
        std::vector<Answer> all;
        for (RawClient& client : clients_) all.push_back(client.read());
        return all;
    }

 private:
    Held& held_;
    const int port_;
    const std::string token_;
    std::vector<RawClient> clients_;
};

}  // namespace

TEST_CASE("one user holds a quarter of a lane, from however many addresses, and others go on") {
    Held held;
    const People world(held.options());
    Renamers owner(held, world.server.port(), world.owner);
    for (int i = 0; i < 12; ++i) owner.add("127.0.0." + std::to_string(i + 1));
    CHECK(held.holds(share_of_writes));
    for (int i = 0; i < 5; ++i)
        CHECK(world.server.send("PUT", "/users/me/profile", world.bob, R"({"username":"bob"})")
                  .status == 200);
    CHECK(held.holds(share_of_writes));
    held.release();
    CHECK(count_statuses(owner.answers()) == StatusCounts{{200, 12}});
}

TEST_CASE("one address without a session holds a quarter of a lane, and others go on") {
    Options options;
    options.limits.waiting_hashes = 4;
    const World world(options);
    // However many cores there are: of the requests of one address that wait, one may.
    const std::string body = R"({"email":"owner@example.org","password":"wrong"})";
    const auto answers = all_at_once(200, [&](std::size_t) {
        RawClient client(world.server.port(), {"127.0.0.1", "127.0.0.9"});
        client.send(request_text("POST", "/api/v2/users/login", {}, body));
        return client.read_by(std::chrono::seconds(20));
    });
    StatusCounts counts = count_statuses(answers);
    CHECK(counts[401] >= 1);
    CHECK(counts[401] + counts[503] == 200);
    for (const Answer& answer : answers)
        if (answer.status == 503) {
            CHECK(answer.body == busy);
            CHECK(answer.header("retry-after") == "1");
        }
}

TEST_CASE("calls in the process have no share of a lane") {
    Held held;
    World world(held.options());
    const Identity owner = world.server.service().authenticate(world.owner);
    std::vector<std::thread> callers;
    for (std::size_t i = 0; i < share_of_writes + 4; ++i)
        callers.emplace_back([&] { world.server.service().as(owner).rename_user("me", "owner"); });
    CHECK(held.holds(share_of_writes + 4));
    held.release();
    for (std::thread& caller : callers) caller.join();
}

TEST_CASE("what a lane has no room for counts against the rate limits, which come first") {
    Held held;
    Options options = held.options();
    options.limits.waiting_writes = 0;
    options.api_rate_limit = static_cast<int>(share_of_writes) + 3;
    TestServer server(options, true);
    const std::string token = server.owner();
    Renamers owner(held, server.port(), token);
    owner.add(share_of_writes);
    REQUIRE(held.holds(share_of_writes));
    const auto refused = [&](int status, const std::string& remaining) {
        const Answer answer =
            server.send("PUT", "/users/me/profile", token, R"({"username":"owner"})");
        CHECK(answer.status == status);
        CHECK(answer.body == (status == 503 ? busy
                                            : message("You've been rate limited for sending more "
                                                      "than 11 requests in 1m0s.")));
        CHECK(answer.header("x-ratelimit-limit") == "11");
        CHECK(answer.header("x-ratelimit-remaining") == remaining);
        CHECK(answer.header("retry-after") == (status == 503 ? "1" : "60"));
        CHECK(answer.has("x-coder-request-id"));
    };
    refused(503, "2");
    refused(503, "1");
    refused(503, "0");
    refused(429, "0");
    refused(429, "0");
}

TEST_CASE("what will be refused takes no place in a lane") {
    Held held;
    Options options = held.options();
    options.limits.waiting_writes = 0;
    World world(options);
    std::vector<std::thread> callers;
    for (std::size_t i = 0; i < width_of_writes; ++i)
        callers.emplace_back(
            [&] { world.server.service().as(Identity::system()).rename_user("owner", "owner"); });
    REQUIRE(held.holds(width_of_writes));
    const auto status_with = [&](const std::string& token) {
        return world.server.send("PUT", "/users/me/profile", token, R"({"username":"x"})").status;
    };
    CHECK(status_with("") == 401);
    CHECK(status_with("abcdefghij-0123456789012345678901") == 401);
    CHECK(status_with(world.owner) == 503);
    held.release();
    for (std::thread& caller : callers) caller.join();
    CHECK(status_with(world.owner) == 200);
}

TEST_CASE("a session that ends while its request waits for a turn does nothing") {
    Held held;
    World world(held.options());
    const std::string doomed = world.server.log_in("owner@example.org");
    Renamers owner(held, world.server.port(), world.owner);
    owner.add(share_of_writes);
    REQUIRE(held.holds(share_of_writes));
    RawClient waiting(world.server.port());
    waiting.send(request_text("POST", "/api/v2/users/me/keys", {{"Coder-Session-Token", doomed}}));
    REQUIRE(eventually([&] {
        return world.server.service().metrics().find(
                   "coder_users_lane_waiting{lane=\"write\"} 1\n") != std::string::npos;
    }));
    world.server.service().as(Identity::system()).revoke_key("owner", doomed.substr(0, 10));
    held.release();
    const Answer answer = waiting.read();
    CHECK(answer.status == 401);
    CHECK(parse(answer.body)["detail"].text() == "API key is invalid.");
    CHECK(count_statuses(owner.answers()) == StatusCounts{{200, 8}});
}

TEST_CASE("a request that waits too long for its turn is answered 503, and not run") {
    Held held;
    Options options = held.options();
    options.deadlines.queue = std::chrono::milliseconds(200);
    World world(options);
    const std::string other = world.server.log_in("owner@example.org");
    Renamers owner(held, world.server.port(), world.owner);
    owner.add(share_of_writes);
    REQUIRE(held.holds(share_of_writes));
    const std::string before = world.snapshot();
    const std::string path = "/users/me/keys/" + other.substr(0, 10);
    const auto check_refused = [&](int status, const std::string& body, const std::string& retry) {
        CHECK(status == 503);
        CHECK(body == busy);
        CHECK(retry == "1");
        CHECK((world.snapshot() == before));
        CHECK(world.server.send("GET", "/users/me", other).status == 200);
    };
    // A revocation waits no longer than anything else: its client learns that it has to ask again.
    const Answer over_http = world.server.send("DELETE", path, world.owner);
    check_refused(over_http.status, over_http.body, over_http.header("retry-after"));
    const auto here = world.server.service().handle(
        {"DELETE", "/api/v2" + path, {{"Coder-Session-Token", world.owner}}});
    check_refused(here.status, here.body, header_of(here.headers, "Retry-After"));
    held.release();
    CHECK(count_statuses(owner.answers()) == StatusCounts{{200, 8}});
    CHECK(world.server.send("DELETE", path, world.owner).status == 204);
    CHECK(world.server.send("GET", "/users/me", other).status == 401);
}
