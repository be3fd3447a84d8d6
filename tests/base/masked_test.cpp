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
}

}  // namespace masked_test
