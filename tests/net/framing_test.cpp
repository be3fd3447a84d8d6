// Bytes in, requests or refusals out: every rule of docs/contract/http.md, "Protocol refusals",
// however the bytes are cut.
#include "coder_users/internal/net/framing.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

namespace framing_test {

using coder_users::Request;
using coder_users::net::RequestReader;

/// Returns a line for each request and one for the rest: "more", or the refusal.
std::string read_all(RequestReader& reader, std::string_view bytes, std::size_t piece) {
    std::string seen;
    do {
        reader.feed(bytes.substr(0, piece));
        bytes.remove_prefix((std::min)(piece, bytes.size()));
        while (reader.advance() == RequestReader::Step::ready) {
            const std::string open = reader.stays_open() ? "" : " close";
            const Request request = reader.request();
            reader.next();
            seen += request.method + " " + request.target + " " +
                    std::to_string(request.headers.size()) + " [" + request.body + "]" + open +
                    "\n";
        }
    } while (!bytes.empty() && reader.advance() != RequestReader::Step::refused);
    if (reader.advance() != RequestReader::Step::refused) return seen + "more";
    const auto refusal = reader.refusal();
    seen += std::to_string(refusal.status) + " " + std::string(refusal.message);
    if (!refusal.detail.empty()) seen += " " + std::string(refusal.detail);
    return seen;
}

std::string read_all(std::string_view bytes, std::size_t piece = std::string::npos) {
    RequestReader reader;
    return read_all(reader, bytes, piece);
}

/// Checks the bytes in one piece, in pieces of several sizes, and cut at every place.
void check(const std::string& name, const std::string& bytes, const std::string& expected) {
    INFO(name << ": " << bytes.substr(0, 200));
    CHECK(read_all(bytes) == expected);
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 4096u}) {
        if (piece < 4096 && bytes.size() > 50'000) continue;
        INFO("in pieces of " << piece);
        CHECK(read_all(bytes, piece) == expected);
    }
    if (bytes.size() > 400) return;
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        RequestReader reader;
        std::string seen = read_all(reader, std::string_view(bytes).substr(0, cut), bytes.size());
        if (reader.advance() != RequestReader::Step::refused) {
            seen.erase(seen.size() - 4);
            seen += read_all(reader, std::string_view(bytes).substr(cut), bytes.size());
        }
        INFO("cut at " << cut);
        CHECK(seen == expected);
    }
}

struct Case {
    const char* name;
    std::string bytes;
    std::string expected;
};
void check(const std::vector<Case>& cases) {
    for (const Case& row : cases) check(row.name, row.bytes, row.expected);
}
/// Checks rows of bytes that have no names of their own.
void check(const std::string& what, const std::vector<std::string>& rows,
           const std::string& expected) {
    for (std::size_t i = 0; i < rows.size(); ++i)
        check(what + " " + std::to_string(i), rows[i], expected);
}

std::string repeat(std::size_t count, std::string_view text) {
    std::string out;
    while (count--) out += text;
    return out;
}

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
const std::string post = "POST /p HTTP/1.1\r\nHost: a\r\n";
const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
const std::string bad = "400 Request is not valid HTTP.";
const std::string bad_url = "400 Request URL is not valid. Path or query cannot be decoded.";
const std::string body_too_large = "413 Request body is too large.";
const std::string line_too_long = "414 Request line is too long.";
const std::string bad_encoding = "415 Content-Encoding is not supported.";
const std::string head_too_large = "431 Request header is too large.";

const std::string nul(1, '\0');

TEST_CASE("a malformed request line is 400") {
    const std::string host = "\r\nHost: a\r\n\r\n";
    check("line",
          {"hello\r\n\r\n",
           "GET /\r\n\r\n",
           "GET / HTTP/2.0" + host,
           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
           "GET  / HTTP/1.1" + host,
           "GET / HTTP/1.1 " + host,
           "GET /a b HTTP/1.1" + host,
           " GET / HTTP/1.1" + host,
           "GET / http/1.1" + host,
           "GET / HTTP/1.10" + host,
           "GET /" + nul + " HTTP/1.1" + host,
           "GET /\t HTTP/1.1" + host,
           "GET\t/ HTTP/1.1" + host,
           "G(T / HTTP/1.1" + host,
           "\x16\x03\x01\x02",
           "GET / HTTP/1.1\nHost: a\n\n",
           "GET / HTTP/1.1\rHost: a\r\n",
           "GET /\r\r HTTP/1.1" + host,
           "\n\nGET / HTTP/1.1" + host,
           "\r\rGET / HTTP/1.1" + host,
           "GET /\x7f HTTP/1.1" + host},
          bad);
}

TEST_CASE("the target is origin-form, absolute-form or the star of OPTIONS") {
    const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
    check("bad target",
          {"GET a" + rest, "GET *" + rest, "GET ftp://a/" + rest, "GET http:/a" + rest,
           "GET httpss://a" + rest, "CONNECT a:80" + rest, "GET ?a" + rest, "GET %2F" + rest,
           "OPTIONS **" + rest},
          bad);
    for (const std::string target : {"/", "//", "/a%20b?c=d&e", "/%zz", "/\xc3\xa9", "http://a",
                                     "HTTP://a/b", "httpS://a:1/?x"})
        check(target, "GET " + target + rest, "GET " + target + " 1 []\nmore");
    check("star", "OPTIONS *" + rest, "OPTIONS * 1 []\nmore");
    check("any token is a method", "F!o-0 /" + rest, "F!o-0 / 1 []\nmore");
}

TEST_CASE("a malformed field is 400") {
    const std::vector<std::string> fields = {
        "X: a" + nul + "b", "X: a\x01", "X: a\rb",  "X: a\nb", "X: a\x7f", "X : a",  ": a",  "X",
        "X: a\r\n folded",  "\tX: a",   "X\xe9: a", "X: a\r",  "X: a\n",   "X\t: a", "X@: a"};
    for (const std::string& field : fields) check("field", get + field + "\r\n\r\n", bad);
    check("a bare LF is refused though the head never ends", get + "X: a\n\n", bad);
    check("spaces around values, and bytes that are not ASCII, are fine",
          get + "X:\t a \t\r\nY:\r\nZ: \xe9\t\xc3\xa9\r\n\r\n", "GET / 4 []\nmore");
}

TEST_CASE("a control byte is found at every place of a line") {
    for (std::size_t at = 0; at < 20; ++at)
        for (int byte = 0; byte < 256; ++byte) {
            std::string value(20, 'a');
            value[at] = static_cast<char>(byte);
            const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
            INFO(at << ": " << byte);
            REQUIRE(read_all("GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n") ==
                    (control ? bad : "GET / 1 []\nmore"));
        }
}

TEST_CASE("lengths, codings and hosts that can be read in two ways are 400") {
    const std::vector<std::string> fields = {
        "Content-Length: 3\r\nContent-Length: 3",
        "Content-Length: 3\r\ncontent-length: 4",
        "Content-Length: abc",
        "Content-Length: -1",
        "Content-Length: +1",
        "Content-Length: 0x3",
        "Content-Length: 3, 3",
        "Content-Length:",
        "Content-Length: 1 2",
        "Content-Length: 3;",
        "Content-Length: 0000000000000003",
        "Content-Length: 18446744073709551616",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding:",
        "transfer-encoding: \x0b"
        "chunked",
        "Host: b",
        "host: a"};
    for (const std::string& field : fields) check("framing", post + field + "\r\n\r\nabc", bad);
    check({
        {"no host", "GET / HTTP/1.1\r\n\r\n", bad},
        {"1.0 without a host", "GET / HTTP/1.0\r\n\r\n", "GET / 0 [] close\nmore"},
        {"1.0 with two", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", bad},
        {"1.0 chunked", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", bad},
        {"of a GET, too", get + "Content-Length: x\r\n\r\n", bad},
        {"nothing after a refusal is read", get + "Content-Length: x\r\n\r\n" + get + "\r\n", bad},
    });
}

TEST_CASE("a malformed chunk is 400") {
    const std::vector<std::string> bodies = {"z\r\n",
                                             "\r\n",
                                             ";a\r\n",
                                             "3\r\nabcd\r\n",
                                             "3\nabc\r\n0\r\n\r\n",
                                             "-3\r\n",
                                             "0x3\r\n",
                                             "3 3\r\nabc",
                                             "3;a\x01=b\r\nabc",
                                             "3\r\nabc\n0\r\n",
                                             "3\r\nabc\r0\r\n",
                                             "fffffffffffffffff\r\n",
                                             "0000000000000003\r\n",
                                             std::string(400, '1'),
                                             "3;" + std::string(400, 'x'),
                                             "0\r\nbad trailer\r\n\r\n",
                                             "0\r\n folded: a\r\n\r\n",
                                             "3\r\nabc\r\n0\r\nX: a" + nul + "\r\n\r\n",
                                             "3\r\nabcX",
                                             "0\r\nX: " + std::string(9000, 'a') + "\r\n\r\n",
                                             "0\r\n" + repeat(2000, "X: 78\r\n") + "\r\n"};
    for (const std::string& body : bodies) check("chunk", chunked + body, bad);
}

TEST_CASE("chunks and trailers in all their forms are read") {
    check({
        {"variants",
         chunked +
             "3;ext=\"q\"\r\nabc\r\n003 \r\ndef\r\nA\t;x\r\n0123456789\r\n0\r\nT: x\r\nB:\r\n\r\n",
         "POST /p 2 [abcdef0123456789]\nmore"},
        {"no data", chunked + "0\r\n\r\n", "POST /p 2 []\nmore"},
        {"any case, and a request behind it",
         post + "TRANSFER-ENCODING: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n" + get + "\r\n",
         "POST /p 2 [a]\nGET / 1 []\nmore"},
        {"data that looks like the end", chunked + "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
         "POST /p 2 [\r\n0\r\n\r\n]\nmore"},
    });
}

TEST_CASE("limits hold at the byte") {
    const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string longest(8192 - 14, 'a');  // "GET /" + longest + " HTTP/1.1" is the line
    const std::string fits(32768 - get.size() - 7, 'a');
    check({
        {"line of 8192", "GET /" + longest + rest, "GET /" + longest + " 1 []\nmore"},
        {"line of 8193", "GET /a" + longest + rest, line_too_long},
        {"8192 bytes and no end", std::string(8192, 'a'), "more"},
        {"8192 bytes and a CR", std::string(8192, 'a') + "\r", "more"},
        {"8193 bytes and no end", std::string(8193, 'a'), line_too_long},
        {"a bad byte before the limit", std::string(8192, 'a') + "\n", bad},
        {"head of 32768", get + "X: " + fits + "\r\n\r\n", "GET / 2 []\nmore"},
        {"head of 32769", get + "X: a" + fits + "\r\n\r\n", head_too_large},
        {"head of 32768 in lines", get + "X: " + fits.substr(4) + "\r\nY:\r\n\r\n",
         "GET / 3 []\nmore"},
        {"head of 32769 in lines", get + "X: " + fits.substr(3) + "\r\nY:\r\n\r\n", head_too_large},
        {"endless field", get + "X: " + std::string(40000, 'a'), head_too_large},
        {"100 fields", get + repeat(99, "X: a\r\n") + "\r\n", "GET / 100 []\nmore"},
        {"101 fields", get + repeat(100, "X: a\r\n") + "\r\n", head_too_large},
        {"what is malformed before the limit comes first", get + "X\r\n" + repeat(200, "X: a\r\n"),
         bad},
        {"and what is malformed behind it never counts", get + repeat(100, "X: a\r\n") + "X\r\n",
         head_too_large},
    });
}

TEST_CASE("bodies end at 1 MiB") {
    const std::string mebi(1048576, 'a');
    check({
        {"with a length", post + "Content-Length: 1048576\r\n\r\n" + mebi,
         "POST /p 2 [" + mebi + "]\nmore"},
        {"chunked", chunked + "100000\r\n" + mebi + "\r\n0\r\n\r\n",
         "POST /p 2 [" + mebi + "]\nmore"},
        {"announced", post + "Content-Length: 1048577\r\n\r\n", body_too_large},
        {"of 15 digits", post + "Content-Length: 999999999999999\r\n\r\n", body_too_large},
        {"of a GET", get + "Content-Length: 1048577\r\n\r\n", body_too_large},
        {"one chunk", chunked + "100001\r\n", body_too_large},
        {"a huge chunk", chunked + "fffffffffffffff\r\n", body_too_large},
        {"the sum of chunks", chunked + "100000\r\n" + mebi + "\r\n1\r\na\r\n", body_too_large},
        {"chunks of a GET", get + "Transfer-Encoding: chunked\r\n\r\n100001\r\n", body_too_large},
    });
}

TEST_CASE("content encodings other than identity are 415") {
    const std::string end = "\r\nContent-Length: 2\r\n\r\nab";
    check({
        {"gzip", post + "Content-Encoding: gzip" + end, bad_encoding},
        {"without a body", post + "content-encoding: GZIP\r\nContent-Length: 0\r\n\r\n",
         bad_encoding},
        {"in a list", post + "Content-Encoding: identity, br" + end, bad_encoding},
        {"in a second field", post + "Content-Encoding: identity\r\nContent-Encoding: br" + end,
         bad_encoding},
        {"identity", post + "Content-Encoding: Identity, identity" + end, "POST /p 3 [ab]\nmore"},
        {"empty", post + "Content-Encoding:" + end, "POST /p 3 [ab]\nmore"},
    });
}

TEST_CASE("the order is: malformed, URL, encoding, length") {
    const std::string lost = "POST /%zz HTTP/1.1\r\nHost: a\r\n";
    check({
        {"a bad URL without a body goes on to the routes", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET /%zz 1 []\nmore"},
        {"nor does a length of 0 announce one", lost + "Content-Length: 0\r\n\r\n",
         "POST /%zz 2 []\nmore"},
        {"its body is dropped", lost + "Content-Length: 2\r\n\r\nab" + get + "\r\n",
         "POST /%zz 2 []\nGET / 1 []\nmore"},
        {"its chunks, too",
         lost + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n" + get + "\r\n",
         "POST /%zz 2 []\nGET / 1 []\nmore"},
        {"a bad query", "POST /?a=%ff HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
         "POST /?a=%ff 2 []\nmore"},
        {"and what is encoded",
         lost + "Content-Encoding: br\r\nContent-Length: 2\r\n\r\nab" + get + "\r\n",
         "POST /%zz 3 []\nGET / 1 []\nmore"},
        {"URL before length", lost + "Content-Length: 1048577\r\n\r\n", bad_url},
        {"URL before encoding and length",
         lost + "Content-Encoding: br\r\nContent-Length: 2000000\r\n\r\n", bad_url},
        {"URL before the sum of chunks",
         lost + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n100000\r\n", bad_url},
        {"URL before a malformed chunk", lost + "Transfer-Encoding: chunked\r\n\r\nz\r\n", bad_url},
        {"malformed before URL", lost + "Content-Length: 2\r\nHost: b\r\n\r\n", bad},
        {"encoding before length", post + "Content-Encoding: br\r\nContent-Length: 2000000\r\n\r\n",
         bad_encoding},
        {"malformed before encoding", post + "Content-Encoding: br\r\nContent-Length: x\r\n\r\n",
         bad},
    });
}

TEST_CASE("bodies of GET, HEAD and OPTIONS are read and ignored") {
    for (const std::string method : {"GET", "HEAD", "OPTIONS"}) {
        const std::string head = method + " /n HTTP/1.1\r\nHost: a\r\n";
        const std::string expected = method + " /n 2 []\nGET / 1 []\nmore";
        check(method, head + "Content-Length: 3\r\n\r\nabc" + get + "\r\n", expected);
        check(method,
              head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + get + "\r\n",
              expected);
    }
    for (const std::string method : {"POST", "PUT", "PATCH", "DELETE", "FOO"}) {
        const std::string head = method + " /n HTTP/1.1\r\nHost: a\r\n";
        check(method, head + "\r\n", method + " /n 1 []\nmore");
        check(method, head + "Content-Length: 3\r\n\r\nabc", method + " /n 2 [abc]\nmore");
    }
}

TEST_CASE("the client's wish to close is read from all forms of Connection") {
    check({
        {"close", get + "Connection: close\r\n\r\n", "GET / 2 [] close\nmore"},
        {"in a list", get + "Connection: keep-alive, CLOSE\r\n\r\n", "GET / 2 [] close\nmore"},
        {"in a second field", get + "Connection: x\r\nConnection: close\r\n\r\n",
         "GET / 3 [] close\nmore"},
        {"no word of it", get + "Connection: closed\r\n\r\n", "GET / 2 []\nmore"},
        {"1.0", "GET / HTTP/1.0\r\nConnection: close\r\n\r\n", "GET / 1 [] close\nmore"},
        {"1.0 kept", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET / 1 []\nmore"},
    });
}

TEST_CASE("pipelined requests and the empty lines before them are read one by one") {
    const std::string some = "\r\n\r\n" + get + "\r\n" + post + "Content-Length: 2\r\n\r\nab" +
                             chunked + "2\r\nab\r\n0\r\nT: v\r\n\r\n\r\n";
    check("pipelined", repeat(3, some),
          repeat(3, "GET / 1 []\nPOST /p 2 [ab]\nPOST /p 2 [ab]\n") + "more");
    check("until one is refused", some + "bad\r\n" + some,
          "GET / 1 []\nPOST /p 2 [ab]\nPOST /p 2 [ab]\n" + bad);
}

TEST_CASE("a 100 is due when the client waits for it, once") {
    const auto asks = [](const std::string& bytes) {
        RequestReader reader;
        reader.feed(bytes);
        reader.advance();
        const bool first = reader.take_continue();
        CHECK_FALSE(reader.take_continue());
        return first;
    };
    const std::string expect = "Expect: 100-Continue\r\n";
    CHECK(asks(post + expect + "Content-Length: 3\r\n\r\n"));
    CHECK(asks(post + expect + "Transfer-Encoding: chunked\r\n\r\n"));
    CHECK(asks("POST /%zz HTTP/1.1\r\nHost: a\r\n" + expect + "Content-Length: 3\r\n\r\n"));
    CHECK_FALSE(asks(post + expect + "Content-Length: 3\r\n\r\na"));
    CHECK_FALSE(asks(post + expect + "Content-Length: 0\r\n\r\n"));
    CHECK_FALSE(asks(post + expect + "Content-Length: 2000000\r\n\r\n"));
    CHECK_FALSE(asks(post + "Expect: what\r\nContent-Length: 3\r\n\r\n"));
    CHECK_FALSE(asks("POST / HTTP/1.0\r\n" + expect + "Content-Length: 3\r\n\r\n"));
}

TEST_CASE("the stage tells which deadline runs") {
    using Stage = RequestReader::Stage;
    RequestReader reader;
    const auto after = [&](std::string_view bytes) {
        reader.feed(bytes);
        reader.advance();
        return reader.stage();
    };
    CHECK(reader.stage() == Stage::idle);
    CHECK(after("\r\n") == Stage::idle);
    CHECK(after("P") == Stage::head);
    CHECK(after("OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n") == Stage::head);
    CHECK(after("\r\n") == Stage::body);
    CHECK(after("a") == Stage::body);
    CHECK(reader.request().body == "a");
    reader.next();
    CHECK(reader.stage() == Stage::idle);
}

TEST_CASE("what is known of a refused request can be read") {
    RequestReader reader;
    reader.feed("HEAD /x HTTP/1.1\r\n\r\n");
    REQUIRE(reader.advance() == RequestReader::Step::refused);
    CHECK(reader.request().method == "HEAD");
    CHECK(reader.request().target == "/x");
    reader.next();
    CHECK(reader.advance() == RequestReader::Step::refused);

    RequestReader nothing;
    nothing.feed("?\n");
    REQUIRE(nothing.advance() == RequestReader::Step::refused);
    CHECK(nothing.request().method.empty());
}

TEST_CASE("a request shows nothing of the one before, whose memory it gets") {
    RequestReader reader;
    reader.feed(
        "POST /first HTTP/1.1\r\nHost: a\r\nX-Secret: of the first request\r\n"
        "Content-Length: 4\r\n\r\nbody");
    REQUIRE(reader.advance() == RequestReader::Step::ready);
    REQUIRE(reader.request().headers.size() == 3);
    const auto* const memory = reader.request().headers.data();
    reader.next();
    reader.feed("GET /");
    REQUIRE(reader.advance() == RequestReader::Step::need_more);
    CHECK(reader.request().method.empty());
    CHECK(reader.request().headers.empty());
    CHECK(reader.request().body.empty());
    reader.feed(" HTTP/1.1\r\nHost: b\r\n\r\n");
    REQUIRE(reader.advance() == RequestReader::Step::ready);
    const Request& second = reader.request();
    CHECK(second.target == "/");
    REQUIRE(second.headers.size() == 1);
    CHECK(second.headers.front().second == "b");
    CHECK(second.headers.data() == memory);
    CHECK(second.body.empty());
    CHECK(reader.stays_open());
}

TEST_CASE("a large head leaves no memory behind") {
    RequestReader reader;
    reader.feed(get + "X: " + std::string(2000, 'a') + "\r\n\r\n");
    REQUIRE(reader.advance() == RequestReader::Step::ready);
    reader.next();
    CHECK(reader.request().headers.capacity() == 0);
}

TEST_CASE("memory follows the unfinished request alone") {
    RequestReader reader;
    CHECK(reader.held() == 0);
    reader.feed(get + "\r\n" + get);
    CHECK(reader.held() == 2 * get.size() + 2);
    REQUIRE(reader.advance() == RequestReader::Step::ready);
    reader.next();
    CHECK(reader.held() == get.size());
    reader.feed("\r\n");
    REQUIRE(reader.advance() == RequestReader::Step::ready);
    reader.next();
    CHECK(reader.held() == 0);
}

TEST_CASE("a long head that comes byte by byte is looked at once") {
    RequestReader reader;
    const std::string head = get + "X: " + std::string(32000, 'a');
    for (const char c : head) {
        reader.feed({&c, 1});
        REQUIRE(reader.advance() == RequestReader::Step::need_more);
    }
}

}  // namespace framing_test
