// Requests and answers on the wire, refusals, and which of them end the connection.
#include <string>
#include <vector>

#include "catch.hpp"
#include "front_harness.hpp"
#include "raw_client.hpp"

namespace front_requests_test {

using coder_users_test::Answer;
using coder_users_test::eventually;
using coder_users_test::RawClient;
using front_test::FrontHarness;
using front_test::HarnessOptions;

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
const std::string post = "POST /p HTTP/1.1\r\nHost: a\r\n";
const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
const std::string get_answer = "GET / 0 127.0.0.1\n";

std::string json(const std::string& message) { return "{\"message\":\"" + message + "\"}\n"; }

std::string repeat(int count, const std::string& text) {
    std::string out;
    while (count-- > 0) out += text;
    return out;
}

/// Whether the connection still answers requests.
bool goes_on(RawClient& client) {
    client.send(get + "\r\n");
    return client.read().body == get_answer;
}

TEST_CASE("every refusal is answered, closes the connection, and nothing behind it is run") {
    struct Case {
        std::string request;
        int status;
        const char* message;
    };
    const std::string mebi(1048576, 'a');
    const char* const not_http = "Request is not valid HTTP.";
    const std::vector<Case> cases = {
        {"hello\r\n\r\n", 400, not_http},
        {"\x16\x03\x01\x02", 400, not_http},
        {"GET / HTTP/1.1\nHost: a\n\n", 400, not_http},
        {get + "X : a\r\n\r\n", 400, not_http},
        {get + "Content-Length: x\r\n\r\n", 400, not_http},
        {post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400, not_http},
        {"GET / HTTP/1.1\r\n\r\n", 400, not_http},
        {chunked + "3\r\nabcX\r\n", 400, not_http},
        {post + "Content-Length: 1048577\r\n\r\n", 413, "Request body is too large."},
        {post + "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", 413,
         "Request body is too large."},
        {post + "Content-Length: 3000000\r\n\r\n" + repeat(3, mebi), 413,
         "Request body is too large."},
        {chunked + "100000\r\n" + mebi + "\r\n1\r\na\r\n", 413, "Request body is too large."},
        {"GET /" + std::string(9000, 'a'), 414, "Request line is too long."},
        {"GET /" + repeat(2, mebi), 414, "Request line is too long."},
        {post + "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", 415,
         "Content-Encoding is not supported."},
        {get + "X: " + std::string(40000, 'a'), 431, "Request header is too large."},
        {get + repeat(100, "X: a\r\n") + "\r\n", 431, "Request header is too large."},
    };
    FrontHarness front;
    for (const Case& row : cases) {
        INFO(row.request.substr(0, 80));
        RawClient client(front.port());
        client.send(row.request);
        client.send(get + "\r\n");  // may find the connection closed already
        const Answer answer = client.read();
        CHECK(answer.status == row.status);
        CHECK(answer.body == json(row.message));
        CHECK(answer.header("content-type") == "application/json; charset=utf-8");
        CHECK(answer.header("connection") == "close");
        CHECK(client.at_end());
        CHECK_FALSE(client.was_reset());  // a reset could destroy an answer on its way
    }
    CHECK(front.answered() == 0);
}

TEST_CASE("a URL that cannot be decoded closes the connection only before a bad body") {
    FrontHarness front;
    RawClient client(front.port());
    const std::string lost = "POST /%zz HTTP/1.1\r\nHost: a\r\n";
    for (const std::string end : {"\r\n", "Content-Length: 2\r\n\r\nab",
                                  "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"}) {
        client.send(lost + end);
        CHECK(client.read().body == "POST /%zz 0 127.0.0.1\n");
    }
    client.send(lost + "Content-Length: 2000000\r\n\r\n");
    const Answer answer = client.read();
    CHECK(answer.status == 400);
    CHECK(answer.body ==
          "{\"message\":\"Request URL is not valid.\",\"detail\":\"Path or query cannot be "
          "decoded.\"}\n");
    CHECK(client.at_end());
}

TEST_CASE("the refusal of a HEAD has no body") {
    FrontHarness front;
    RawClient client(front.port());
    client.send("HEAD / HTTP/1.1\r\n\r\n");
    const Answer answer = client.read(true);
    CHECK(answer.status == 400);
    CHECK(answer.header("content-length") ==
          std::to_string(json("Request is not valid HTTP.").size()));
    CHECK(client.at_end());
}

TEST_CASE("requests in all their forms are answered, and the connection goes on") {
    struct Case {
        std::string request;
        std::string answer;
    };
    const std::string mebi(1048576, 'a');
    const std::string head_start = get + "X: ";
    std::vector<Case> cases = {
        {get + repeat(99, "X: a\r\n") + "\r\n", "GET / 0"},
        {head_start + std::string(32768 - head_start.size() - 4, 'a') + "\r\n\r\n", "GET / 0"},
        {post + "Content-Length: 1048576\r\n\r\n" + mebi, "POST /p 1048576"},
        {chunked + "100000\r\n" + mebi + "\r\n0\r\n\r\n", "POST /p 1048576"},
        {"\r\n\r\n" + get + "\r\n", "GET / 0"},
        {post + "Content-Encoding: identity\r\nContent-Length: 2\r\n\r\nab", "POST /p 2"},
        {get + "Content-Length: 31\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 0"},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
         "OPTIONS * 0"},
        {chunked + "3;ext=\"q\"\r\nabc\r\n003 \r\ndef\r\n0\r\nTrailer: x\r\n\r\n", "POST /p 6"},
        {get + "Range: bytes=0-1,5-2\r\nAccept: ;;;q=x\r\nExpect: what\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n",
         "GET / 0"},
        {"FOO / HTTP/1.1\r\nHost: a\r\n\r\n", "FOO / 0"},
        {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "TRACE / 0"},
        {"GET http://b/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://b/x?y 0"},
    };
    for (const std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
        const std::string head = method + " /n HTTP/1.1\r\nHost: a\r\n";
        cases.push_back({head + "\r\n", method + " /n 0"});
        for (const std::string type : {"multipart/form-data", "application/x-www-form-urlencoded"})
            cases.push_back({head + "Content-Type: " + type + "\r\nContent-Length: 10000\r\n\r\n" +
                                 std::string(10000, 'a'),
                             method + " /n 10000"});
    }
    FrontHarness front;
    RawClient client(front.port());
    for (const Case& row : cases) {
        INFO(row.request.substr(0, 80));
        client.send(row.request);
        const Answer answer = client.read();
        CHECK(answer.status == 200);
        CHECK(answer.body == row.answer + " 127.0.0.1\n");
        CHECK_FALSE(answer.has("connection"));
        CHECK(goes_on(client));
    }
}

// cpp-httplib decodes header values, refuses header lines longer than 8 KiB and answers ranges.
// Whatever its version, none of that may happen here.
TEST_CASE("header values reach the handler as they were sent") {
    FrontHarness front;
    RawClient client(front.port());
    const std::string long_value(30'000, 'a');
    client.send(
        "GET /headers HTTP/1.1\r\nHost: a\r\nX-A: a%20b%0d%0aX: 1\r\nX-B: \xc3\xa9\r\n"
        "REMOTE_ADDR: 9.9.9.9\r\nRange: bytes=0-1\r\nX-C: " +
        long_value + "\r\nX-A: 2\r\n\r\n");
    const Answer answer = client.read();
    CHECK(answer.status == 200);
    CHECK(answer.body == "X-A=a%20b%0d%0aX: 1\nX-B=\xc3\xa9\nX-C=" + long_value + "\nX-A=2\n");
}

TEST_CASE("answers carry the handler's headers in order, and none that nobody wrote") {
    FrontHarness front;
    RawClient client(front.port());
    client.send("GET /cookies HTTP/1.1\r\nHost: a\r\n\r\n");
    const coder_users_test::HeaderList expected = {{"content-type", "text/plain"},
                                                   {"set-cookie", "a=1"},
                                                   {"set-cookie", "b=\xc3\xa9 2"},
                                                   {"content-length", "0"}};
    CHECK(client.read().headers == expected);
}

TEST_CASE("HEAD, 204 and errors keep the connection in step") {
    FrontHarness front;
    RawClient client(front.port());
    client.send("HEAD /big/600 HTTP/1.1\r\nHost: a\r\n\r\n");
    const Answer head = client.read(true);
    CHECK(head.status == 200);
    CHECK(head.header("content-length") == "600");
    client.send("GET /204 HTTP/1.1\r\nHost: a\r\n\r\n");
    const Answer empty = client.read();
    CHECK(empty.status == 204);
    CHECK(empty.headers.empty());
    client.send("GET /404 HTTP/1.1\r\nHost: a\r\n\r\n");
    const Answer error = client.read();
    CHECK(error.status == 404);
    CHECK_FALSE(error.has("connection"));
    CHECK(goes_on(client));
}

TEST_CASE("the connection closes when the client says so") {
    FrontHarness front;
    for (const std::string& request :
         {get + "Connection: close\r\n\r\n", get + "Connection: keep-alive, Close\r\n\r\n",
          std::string("GET / HTTP/1.0\r\n\r\n")}) {
        RawClient client(front.port());
        client.send(request + get + "\r\n");
        const Answer answer = client.read();
        CHECK(answer.body == get_answer);
        CHECK(answer.header("connection") == "close");
        CHECK(client.at_end());
    }
    RawClient kept(front.port());
    kept.send("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    CHECK(kept.read().status == 200);
    CHECK(goes_on(kept));
}

TEST_CASE("requests that come in pieces are put together") {
    FrontHarness front;
    const std::string with_length = post + "X: yy\r\nContent-Length: 5\r\n\r\nhello";
    const std::string in_chunks = chunked + "3;e=1\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n";
    RawClient client(front.port());
    for (const std::string& request : {with_length, in_chunks}) {
        for (std::size_t cut = 1; cut < request.size(); ++cut) {
            client.send(request.substr(0, cut));
            // The front has read the first piece once it holds it, so that it sees two pieces.
            CHECK(eventually([&] { return front.held_bytes() > 0; }));
            client.send(request.substr(cut));
            CHECK(client.read().body == "POST /p 5 127.0.0.1\n");
            CHECK(eventually([&] { return front.held_bytes() == 0; }));
        }
    }
    CHECK(front.answered() == with_length.size() + in_chunks.size() - 2);
}

TEST_CASE("pipelined requests are answered in order") {
    FrontHarness front;
    const std::string some = get + "\r\n" + post + "Content-Length: 2\r\n\r\nab" + chunked +
                             "3\r\nabc\r\n0\r\n\r\nGET /lane HTTP/1.1\r\nHost: a\r\n\r\n";
    RawClient client(front.port());
    client.send(repeat(50, some));
    for (int i = 0; i < 50; ++i)
        for (const std::string expected : {"GET / 0", "POST /p 2", "POST /p 3", "GET /lane 0"})
            CHECK(client.read().body == expected + " 127.0.0.1\n");
    CHECK(goes_on(client));
}

TEST_CASE("a client that waits for 100 gets one") {
    FrontHarness front;
    RawClient client(front.port());
    client.send(post + "Content-Length: 3\r\nExpect: 100-Continue\r\n\r\n");
    CHECK(client.read().status == 100);
    client.send("abc");
    CHECK(client.read().body == "POST /p 3 127.0.0.1\n");
    client.send(post + "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.read().status == 100);
    client.send("1\r\na\r\n0\r\n\r\n");
    CHECK(client.read().body == "POST /p 1 127.0.0.1\n");
    client.send(post + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
    CHECK(client.read().status == 200);
}

TEST_CASE("a client that ends its side still gets the answer to what it sent") {
    FrontHarness front;
    for (const std::string target : {"/", "/lane"}) {
        RawClient client(front.port());
        client.send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
        client.half_close();
        CHECK(client.read().status == 200);
        CHECK(client.at_end());
    }
    RawClient cut_off(front.port());
    cut_off.send(post + "Content-Length: 3\r\n\r\na");
    cut_off.half_close();
    CHECK(cut_off.at_end());
    CHECK(eventually([&] { return front.open_connections() == 0; }));
}

TEST_CASE("clients that reset their connection harm nobody") {
    FrontHarness front;
    const std::string whole = post + "Content-Length: 5\r\n\r\nhello";
    const std::vector<std::string> sent = {whole.substr(0, 20), whole,
                                           "GET /big/1000000 HTTP/1.1\r\nHost: a\r\n\r\n",
                                           "GET /lane HTTP/1.1\r\nHost: a\r\n\r\n"};
    for (std::size_t i = 0; i < 200; ++i) {
        RawClient client(front.port());
        client.send(sent[i % sent.size()]);
        client.reset();
    }
    RawClient client(front.port());
    CHECK(goes_on(client));
    CHECK(eventually([&] { return front.open_connections() == 1 && front.held_bytes() == 0; }));
}

TEST_CASE("IPv6 clients are served, and IPv4 ones of an IPv6 listener shown as such") {
    HarnessOptions options;
    options.address = "::1";
    FrontHarness only_v6(options);
    coder_users_test::ClientOptions to_v6;
    to_v6.host = "::1";
    RawClient client(only_v6.port(), to_v6);
    client.send(get + "\r\n");
    CHECK(client.read().body == "GET / 0 ::1\n");

    options.address = "::";
    FrontHarness both(options);
    RawClient v4(both.port());
    CHECK(goes_on(v4));
}

}  // namespace front_requests_test
