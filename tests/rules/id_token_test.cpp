#include "coder_users/internal/rules/id_token.hpp"

#include <functional>
#include <string>

#include "catch.hpp"

namespace id_token_test {

using namespace coder_users;
using namespace coder_users::rules;

constexpr double now = 1'767'323'045;

IdTokenClaims good() {
    IdTokenClaims claims;
    claims.issuer = "https://issuer";
    claims.audiences = {"client"};
    claims.expires_at = now + 300;
    claims.issued_at = now - 1;
    claims.subject = "ada";
    claims.nonce = "nonce";
    return claims;
}

std::string flaw(const IdTokenClaims& claims, const char* nonce = "nonce") {
    const Time time = from_micros(static_cast<std::int64_t>(now) * 1'000'000);
    const char* text = id_token_flaw(claims, {"https://issuer", "client", nonce, time});
    return text ? text : "";
}

TEST_CASE("an id token is believed when every claim is as it should be") {
    struct Row {
        const char* name;
        std::function<void(IdTokenClaims&)> change;
        const char* flaw;
    };
    const Row rows[] = {
        {"nothing", [](IdTokenClaims&) {}, ""},
        {"issuer", [](auto& c) { c.issuer = "https://issuer/"; }, "it is from another issuer"},
        {"no issuer", [](auto& c) { c.issuer = ""; }, "it is from another issuer"},
        {"audience", [](auto& c) { c.audiences = {"other"}; }, "it is for another audience"},
        {"none", [](auto& c) { c.audiences = {}; }, "it is for another audience"},
        {"two",
         [](auto& c) {
             c.audiences = {"other", "client"};
         },
         "it is for another authorized party"},
        {"two with azp",
         [](auto& c) {
             c.audiences = {"other", "client"}, c.authorized_party = "client";
         },
         ""},
        {"two with wrong azp",
         [](auto& c) {
             c.audiences = {"other", "client"}, c.authorized_party = "other";
         },
         "it is for another authorized party"},
        {"azp", [](auto& c) { c.authorized_party = "client"; }, ""},
        {"wrong azp", [](auto& c) { c.authorized_party = "other"; },
         "it is for another authorized party"},
        {"empty azp", [](auto& c) { c.authorized_party = ""; },
         "it is for another authorized party"},
        {"just expired", [](auto& c) { c.expires_at = now - 59; }, ""},
        {"expired", [](auto& c) { c.expires_at = now - 60; }, "it has expired"},
        {"not a number", [](auto& c) { c.expires_at = std::stod("nan"); }, "it has expired"},
        {"soon valid", [](auto& c) { c.not_before = now + 60; }, ""},
        {"not yet", [](auto& c) { c.not_before = now + 61; }, "it is not valid yet"},
        {"soon issued", [](auto& c) { c.issued_at = now + 60; }, ""},
        {"future", [](auto& c) { c.issued_at = now + 61; }, "it was issued in the future"},
        {"no iat", [](auto& c) { c.issued_at.reset(); }, ""},
        {"no subject", [](auto& c) { c.subject = ""; }, "it names no subject"},
        {"nonce", [](auto& c) { c.nonce = "other"; }, "its nonce is not that of this login"},
        {"no nonce", [](auto& c) { c.nonce = ""; }, "its nonce is not that of this login"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.name);
        IdTokenClaims claims = good();
        row.change(claims);
        CHECK(flaw(claims) == row.flaw);
    }
    IdTokenClaims claims = good();
    claims.nonce = "";
    CHECK(flaw(claims, "") == "its nonce is not that of this login");
}

TEST_CASE("only five algorithms are known, each with one type of key") {
    for (const char* name : {"RS256", "RS384", "RS512", "PS256", "ES256"})
        CHECK(signature_algorithm_named(name) != nullptr);
    for (const char* name : {"none", "None", "", "HS256", "HS512", "rs256", "ES384", "ES512",
                             "PS384", "PS512", "EdDSA", "RS1", "RS256 "})
        CHECK(signature_algorithm_named(name) == nullptr);
}

}  // namespace id_token_test
