#include "coder_users/internal/rules/cross_origin.hpp"

#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"

namespace cross_origin_test {

using namespace coder_users::rules;

using Header = std::optional<std::string_view>;

TEST_CASE("Sec-Fetch-Site decides where it is sent") {
    for (const Header& origin : {Header(), Header("null"), Header("http://evil.org")})
        for (const char* host : {"x.org", ""}) {
            CHECK_FALSE(is_cross_origin("same-origin", origin, host));
            CHECK_FALSE(is_cross_origin("none", origin, host));
            for (const char* value : {"", "same-site", "cross-site", "Same-Origin", "NONE",
                                      "same-origin ", "same-origin, none", "x"})
                CHECK(is_cross_origin(value, origin, host));
        }
    CHECK(is_cross_origin("cross-site", "http://x.org", "x.org"));
}

TEST_CASE("clients that send neither header pass") {
    CHECK_FALSE(is_cross_origin(std::nullopt, std::nullopt, "x.org"));
    CHECK_FALSE(is_cross_origin(std::nullopt, std::nullopt, ""));
}

struct Pair {
    const char *origin, *host;
};

TEST_CASE("an Origin that is the request's host") {
    const std::vector<Pair> rows{
        {"http://x.org", "x.org"},
        {"https://x.org", "x.org"},
        {"http://x.org:80", "x.org"},
        {"http://x.org", "x.org:80"},
        {"http://x.org:80", "x.org:80"},
        {"https://x.org:443", "x.org"},
        {"https://x.org", "x.org:443"},
        {"http://x.org:3000", "x.org:3000"},
        {"https://x.org:80", "x.org:80"},
        {"http://X.Org", "x.oRG"},
        {"HTTP://x.org", "x.org"},
        {"HttpS://x.org", "x.org:443"},
        {"http://127.0.0.1:3000", "127.0.0.1:3000"},
        {"http://localhost", "localhost"},
        {"http://[::1]", "[::1]"},
        {"http://[::1]:80", "[::1]"},
        {"http://[::1]", "[::1]:80"},
        {"http://[::1]:3000", "[::1]:3000"},
        {"http://[2001:DB8::1]:3000", "[2001:db8::1]:3000"},
        {"http://x.org", "x.org:"},
        {"http://x-y_z.org", "x-y_z.org"},
        {"http://\xc3\xa4.org", "\xc3\xa4.org"},
    };
    for (const Pair& row : rows) {
        CAPTURE(row.origin, row.host);
        CHECK_FALSE(is_cross_origin(std::nullopt, row.origin, row.host));
    }
}

TEST_CASE("an Origin that is another") {
    const std::vector<Pair> rows{
        {"http://evil.org", "x.org"},
        {"http://x.org.evil.org", "x.org"},
        {"http://evilx.org", "x.org"},
        {"http://x.or", "x.org"},
        {"http://x.org:3000", "x.org"},
        {"http://x.org", "x.org:3000"},
        {"http://x.org:3001", "x.org:3000"},
        // A default port belongs to one scheme only.
        {"http://x.org:443", "x.org"},
        {"http://x.org", "x.org:443"},
        {"https://x.org:80", "x.org"},
        {"https://x.org", "x.org:80"},
        {"http://x.org:080", "x.org"},
        // Other schemes, and texts that are no URLs
        {"null", "x.org"},
        {"null", "null"},
        {"Null", "null"},
        {"", "x.org"},
        {"", ""},
        {"x.org", "x.org"},
        {"//x.org", "x.org"},
        {"http:x.org", "x.org"},
        {"http:/x.org", "x.org"},
        {"ftp://x.org", "x.org"},
        {"ws://x.org", "x.org"},
        {"file://", ""},
        {"file://x.org", "x.org"},
        {"chrome-extension://x.org", "x.org"},
        {"https1://x.org", "x.org"},
        {" http://x.org", "x.org"},
        {"://x.org", "x.org"},
        {"http://", ""},
        {"http://:80", ""},
        {"http://:80", ":80"},
        // More than scheme, host and port
        {"http://x.org/", "x.org"},
        {"http://x.org/path", "x.org"},
        {"http://x.org/", "x.org/"},
        {"http://x.org?", "x.org?"},
        {"http://x.org#", "x.org#"},
        {"http://x.org@evil.org", "x.org"},
        {"http://evil.org@x.org", "x.org"},
        {"http://a@x.org", "a@x.org"},
        {"http://x.org http://evil.org", "x.org"},
        {"http://x.org, http://x.org", "x.org"},
        {"http://evil.org\\x.org", "x.org"},
        {"http://x.org:port", "x.org:port"},
        {"http://x.org:80:80", "x.org:80:80"},
        {"http://x.org:-80", "x.org"},
        {"http://x.org.", "x.org"},
        // IPv6 without or with half its brackets
        {"http://::1", "::1"},
        {"http://::1", "[::1]"},
        {"http://[::1]", "::1"},
        {"http://[::1", "[::1"},
        {"http://::1]", "::1]"},
        {"http://[]", "[]"},
        {"http://[[::1]]", "[[::1]]"},
        {"http://[::1]x", "[::1]x"},
        {"http://[::1]x:80", "[::1]x:80"},
        {"http://[::1]]:80", "[::1]"},
        {"http://[::1]:3000", "[::1]"},
        {"http://[::2]", "[::1]"},
        {"http://x.org", ""},
        {"http://x.org", "["},
        {"http://x.org", ":"},
    };
    for (const Pair& row : rows) {
        CAPTURE(row.origin, row.host);
        CHECK(is_cross_origin(std::nullopt, row.origin, row.host));
    }
}

TEST_CASE("the refusal") {
    CHECK(cross_origin_refused().status() == 403);
    CHECK(cross_origin_refused().message() == "Cross-origin request refused.");
}

}  // namespace cross_origin_test
