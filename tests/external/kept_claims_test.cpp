// What is kept of the claims of a login (docs/contract/external_login.md, "GET
// /users/oidc-claims").
#include "login_world.hpp"

using namespace coder_users_test;

namespace {

std::string text(const std::string& value) { return '"' + value + '"'; }

std::string claims_of(OidcWorld& oidc, const Answer& login) {
    CHECK(login.status == 307);
    const Answer answer = oidc.world.server.send("GET", "/users/oidc-claims", session_of(login));
    CHECK(answer.status == 200);
    return answer.body;
}

}  // namespace

TEST_CASE("the claims of the last login are those of the token under those of userinfo") {
    OidcWorld oidc;
    const Answer first = oidc.log_in_with([](OidcFace& face) {
        face.claims["team"] = text("old");
        face.claims["level"] = "9007199254740993";
        face.claims["nested"] = R"({"list":[1,2.5,null,true,"<&>"],"empty":{}})";
        face.userinfo = {{"team", text("new")}, {"more", "false"}};
    });
    const Value claims = parse(claims_of(oidc, first))["claims"];
    CHECK(claims["team"].text() == "new");
    CHECK(claims["more"].text() == "false");
    CHECK(claims["level"].text() == "9007199254740993");
    CHECK(claims["nested"].text() == R"({"empty":{},"list":[1,2.5,null,true,"<&>"]})");
    CHECK(claims.has("iss"));
    CHECK(claims.has("sub"));
    CHECK(claims.has("exp"));
    // As in every answer, whatever the provider wrote.
    CHECK(claims_of(oidc, first).find("\\u003c\\u0026\\u003e") != std::string::npos);
    const std::string stored = oidc.world.sql("SELECT sealed_claims FROM user_links");
    CHECK(stored.size() > 100);
    CHECK(stored.find("nested") == std::string::npos);

    INFO("the next login replaces them, for older sessions, too");
    const Answer second =
        oidc.log_in_with([](OidcFace& face) { face.claims["team"] = text("third"); });
    CHECK(parse(claims_of(oidc, second))["claims"]["team"].text() == "third");
    CHECK(claims_of(oidc, first) == claims_of(oidc, second));
    CHECK_FALSE(parse(claims_of(oidc, second))["claims"].has("more"));
}

TEST_CASE("claims of more than 64 KiB are not kept, and replace earlier ones") {
    OidcWorld oidc;
    const auto with_text_of = [&](std::size_t size) {
        return claims_of(oidc, oidc.log_in_with([&](OidcFace& face) {
            face.userinfo["long"] = text(std::string(size, 'x'));
        }));
    };
    const std::string small = with_text_of(1);
    const std::size_t rest = small.size() - std::string("{\"claims\":}\n").size() - 1;
    CHECK(with_text_of((64 << 10) - rest).size() == small.size() - 1 + (64 << 10) - rest);
    CHECK(with_text_of((64 << 10) - rest + 1) == "{\"claims\":{}}\n");
    CHECK(with_text_of(1).size() == small.size());
}
