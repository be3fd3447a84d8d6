#include "coder_users/internal/rules/jwt.hpp"

#include <string>

#include "catch.hpp"

namespace jwt_test {

using namespace coder_users::rules;

TEST_CASE("base64url is read as it is written, and in no other way") {
    for (const std::string text : {"", "f", "fo", "foo", "foob", "\xfb\xff\xfe", "fooba?>"}) {
        CAPTURE(text);
        CHECK(base64url_decode(base64url_encode(text)) == text);
    }
    CHECK(base64url_decode("-_-_") == "\xfb\xff\xbf");
    for (const char* bad :
         {"+/+/", "Zg==", "Zg=", "Z", "Zh", "Zm9 v", "Zm9v\n", "Zm9vYh", "Z!9v"}) {
        CAPTURE(bad);
        CHECK_FALSE(base64url_decode(bad));
    }
}

TEST_CASE("the PKCE challenge of RFC 7636, appendix B") {
    CHECK(pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") ==
          "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST_CASE("a token has three parts of base64url") {
    const auto jwt = split_jwt("e30.eyJhIjoxfQ.AQID");
    REQUIRE(jwt);
    CHECK(jwt->header == "{}");
    CHECK(jwt->claims == R"({"a":1})");
    CHECK(jwt->signature == "\x01\x02\x03");
    CHECK(jwt->signed_text == "e30.eyJhIjoxfQ");
    CHECK(split_jwt("e30.e30."));  // without a signature, which others refuse
    for (const char* bad : {"", ".", "e30.e30", "e30.e30.AQID.AQID", "e30.e30.AQID.", "e30.e30.A",
                            "e30=.e30.AQID", "e30.e30.AQID ", "e 30.e30.AQID", "a.b.c.d.e"}) {
        CAPTURE(bad);
        CHECK_FALSE(split_jwt(bad));
    }
}

TEST_CASE("this server's own tokens are known by their key, their header and every byte") {
    const std::string token = sign_jwt(R"({"a":1})", "key");
    CHECK(verified_jwt_claims(token, "key") == R"({"a":1})");
    CHECK_FALSE(verified_jwt_claims(token, "other key"));
    CHECK_FALSE(verified_jwt_claims("", "key"));
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string spoilt = token;
        spoilt[i] = spoilt[i] == 'A' ? 'B' : 'A';
        CAPTURE(spoilt);
        CHECK_FALSE(verified_jwt_claims(spoilt, "key"));
    }
    // Signed with the right key, but another header.
    for (const char* header : {R"({"alg":"none"})", R"({"alg":"HS256","typ":"JWT"})",
                               R"({"alg":"HS512"})", R"({"typ":"JWT","alg":"HS512"})"}) {
        const std::string text = base64url_encode(header) + '.' + base64url_encode("{}");
        CAPTURE(header);
        CHECK_FALSE(
            verified_jwt_claims(text + '.' + base64url_encode(hmac_sha512("key", text)), "key"));
        CHECK_FALSE(verified_jwt_claims(text + '.', "key"));
    }
}

}  // namespace jwt_test
