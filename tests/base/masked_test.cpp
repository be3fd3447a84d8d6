#include "coder_users/internal/base/masked.hpp"

#include <string>

#include "catch.hpp"

namespace masked_test {

using namespace coder_users;

TEST_CASE("secret members of a body are masked, and nothing else of it is changed") {
    CHECK(masked_body("") == "");
    CHECK(masked_body(R"({"email":"a@b.c", "password" : "geheim","x":1})") ==
          R"({"email":"a@b.c", "password" : "***","x":1})");
    CHECK(masked_body(R"([{"key":"abc-def"},{"list":[{"session_token":"x\"y"}]}])") ==
          R"([{"key":"***"},{"list":[{"session_token":"***"}]}])");
    CHECK(masked_body(R"({"login_type":"password","value":"key"})") ==
          R"({"login_type":"password","value":"key"})");
}

TEST_CASE("a secret of any type is masked as a whole") {
    CHECK(masked_body(R"({"password":123})") == R"({"password":"***"})");
    CHECK(masked_body(R"({"password":["a,}","b"],"c":{"token":{"a":"]","b":[1]}},"d":null})") ==
          R"({"password":"***","c":{"token":"***"},"d":null})");
}

TEST_CASE("a name with escapes is taken for a secret one") {
    CHECK(masked_body(R"({"pass\u0077ord":"geheim","a":"b"})") ==
          R"({"pass\u0077ord":"***","a":"b"})");
}

TEST_CASE("what is cut short or no JSON shows no secret either") {
    CHECK(masked_body(R"({"password":"gehe)") == R"({"password":"***")");
    CHECK(masked_body(R"({"password":)") == R"({"password":"***")");
    CHECK(masked_body(R"({"a":"b)") == R"({"a":"b)");
    CHECK(masked_body(R"({"a":"b\)") == R"({"a":"b\)");
    CHECK(masked_body("password=geheim&a=b") == "***");
    CHECK(masked_body("<html></html>") == "<html></html>");
}

TEST_CASE("secret headers and parameters are masked") {
    CHECK(masked_header("coder-session-TOKEN", "x") == "***");
    CHECK(masked_header("Cookie", "x") == "***");
    CHECK(masked_header("Accept", "x") == "x");
    CHECK(masked_query("q=bob&code=abc&state=&limit") == "q=bob&code=***&state=***&limit");
    CHECK(masked_query("c%6fde=abc") == "c%6fde=***");
    CHECK(masked_query("") == "");
    CHECK(masked_query("&q=bob;code=abc;x&&") == "&q=bob;code=***;x&&");
    CHECK(masked_query("Access_Token=abc&CODE=x") == "Access_Token=***&CODE=***");
}

TEST_CASE("headers are secret by the end of their name, and a referer for its query") {
    for (const char* name : {"X-Control-Token", "proxy-authorization", "X-Api-Key", "Client-SECRET",
                             "Coder-Session-Token", "X-Setup-Code"}) {
        INFO(name);
        CHECK(masked_header(name, "x") == "***");
    }
    for (const char* name : {"Token-Kind", "Keys", "Monkey", "User-Agent"}) {
        INFO(name);
        CHECK(masked_header(name, "code=x") == "code=x");
    }
    CHECK(masked_header("Referer", "http://h:1/a?code=abc&x=y") == "http://h:1/a?code=***&x=y");
    CHECK(masked_header("referer", "http://h/#access_token=abc") == "http://h/#access_token=***");
    CHECK(masked_header("Referer", "http://h/a") == "http://h/a");
}

TEST_CASE("secret members are found in any case, and behind a byte order mark") {
    CHECK(masked_body(R"({"Password":"geheim","TOKEN":1})") ==
          R"({"Password":"***","TOKEN":"***"})");
    CHECK(masked_body("PassWord=geheim") == "***");
    CHECK(masked_body("\xEF\xBB\xBF {\"password\":\"geheim\",\"a\":\"b\"}") ==
          "\xEF\xBB\xBF {\"password\":\"***\",\"a\":\"b\"}");
}

}  // namespace masked_test
