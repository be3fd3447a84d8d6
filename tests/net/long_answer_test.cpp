// Answers that are sent while they are made: the bytes, and what happens when the rest cannot be
// made.
#include <chrono>
#include <string>

#include "catch.hpp"
#include "front_harness.hpp"
#include "raw_client.hpp"

namespace long_answer_test {

using coder_users_test::Answer;
using coder_users_test::eventually;
using coder_users_test::RawClient;
using coder_users_test::request_text;
using front_test::FrontHarness;
using front_test::HarnessOptions;
using std::chrono::milliseconds;

/// Returns the body of /pieces/<count>.
std::string pieces(std::size_t count) {
    std::string body = "first ";
    for (std::size_t left = count; left > 0; --left)
        body.append(1000, static_cast<char>('a' + left % 26));
    return body;
}

std::string get(const std::string& target) { return request_text("GET", target); }

/// More than the system keeps for a client that does not read.
constexpr std::size_t endless = 20'000;

TEST_CASE("a long answer comes in chunks and whole, and the connection goes on") {
    FrontHarness front;
    RawClient client(front.port());
    const std::size_t count = GENERATE(1u, 2u, 300u);
    REQUIRE(client.send(get("/pieces/" + std::to_string(count)) + get("/after")));
    const Answer answer = client.read();
    CHECK(answer.status == 200);
    CHECK(answer.header("transfer-encoding") == "chunked");
    CHECK_FALSE(answer.has("content-length"));
    CHECK(answer.body == pieces(count));
    CHECK(client.read().body == "GET /after 0 127.0.0.1\n");
    CHECK(front.long_bodies() == 0);
}

TEST_CASE("HEAD of a long answer has its fields and makes none of it") {
    FrontHarness front;
    RawClient client(front.port());
    REQUIRE(client.send(request_text("HEAD", "/pieces/300") + get("/after")));
    const Answer head = client.read(true);
    CHECK(head.status == 200);
    CHECK(head.header("transfer-encoding") == "chunked");
    CHECK(client.read().body == "GET /after 0 127.0.0.1\n");
    CHECK(front.long_bodies() == 0);
}

TEST_CASE("an HTTP/1.0 client gets a long answer up to the end of the connection") {
    FrontHarness front;
    RawClient client(front.port());
    REQUIRE(client.send("GET /pieces/300 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    const Answer answer = client.read();
    CHECK(answer.status == 200);
    CHECK_FALSE(answer.has("transfer-encoding"));
    CHECK_FALSE(answer.has("content-length"));
    CHECK(answer.header("connection") == "close");
    CHECK(answer.body == pieces(300));
    CHECK(client.at_end());
    CHECK_FALSE(client.was_reset());
}

TEST_CASE("a long answer that cannot be completed never looks complete") {
    FrontHarness front;
    const std::string version = GENERATE("1.0", "1.1");
    // In the first piece, and after more than the system would keep.
    const std::size_t fails = GENERATE(0u, 299u, 5000u);
    RawClient client(front.port());
    REQUIRE(client.send("GET /pieces/6000/" + std::to_string(fails) + " HTTP/" + version +
                        "\r\nHost: a\r\n\r\n" + get("/after")));
    const std::string all = client.read_all();
    CAPTURE(version, fails, all.size());
    CHECK(client.was_reset());
    CHECK(all.find("0\r\n\r\n") == std::string::npos);
    CHECK(all.find("/after") == std::string::npos);
    CHECK(eventually([&] { return front.open_connections() == 0 && front.long_bodies() == 0; }));
}

TEST_CASE("a client that does not read holds little, no thread, and not for ever") {
    HarnessOptions options;
    options.limits.workers = 1;
    options.deadlines.write = milliseconds(1000);  // enough for a look at what it holds until then
    FrontHarness front(options);
    coder_users_test::ClientOptions slow;
    slow.receive_buffer = 4096;
    RawClient client(front.port(), slow);
    REQUIRE(client.send(get("/pieces/" + std::to_string(endless))));
    REQUIRE(eventually([&] { return front.held_bytes() > 0; }));
    CHECK(front.held_bytes() < 10'000);
    CHECK(coder_users_test::request(front.port(), "GET", "/other").status == 200);
    CHECK(eventually([&] { return front.open_connections() == 0; }));
    CHECK(front.long_bodies() == 0);
    CHECK(front.held_bytes() == 0);
    const std::string all = client.read_all();
    CHECK(all.find("\r\n0\r\n\r\n") == std::string::npos);
}

TEST_CASE("a client that leaves in the middle of a long answer takes it with it") {
    FrontHarness front;
    {
        RawClient client(front.port());
        REQUIRE(client.send(get("/pieces/" + std::to_string(endless))));
        REQUIRE(eventually([&] { return front.long_bodies() == 1; }));
        const bool reset = GENERATE(false, true);
        if (reset) client.reset();
    }
    CHECK(eventually([&] { return front.open_connections() == 0; }));
    CHECK(front.long_bodies() == 0);
}

TEST_CASE("stop ends a long answer in its middle") {
    FrontHarness front;
    const std::string version = GENERATE("1.0", "1.1");
    RawClient client(front.port());
    REQUIRE(client.send("GET /pieces/" + std::to_string(endless) + " HTTP/" + version +
                        "\r\nHost: a\r\n\r\n"));
    REQUIRE(eventually([&] { return front.long_bodies() == 1; }));
    front.request_stop();
    front.join();
    CHECK(front.long_bodies() == 0);
    client.read_all();
    CHECK(client.was_reset());
}

}  // namespace long_answer_test
