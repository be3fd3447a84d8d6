// Signatures of every allowed kind, by keys that are not this library's own.
#include "coder_users/internal/rules/signatures.hpp"

#include <string>

#include "catch.hpp"
#include "coder_users/internal/rules/id_token.hpp"
#include "coder_users/internal/wire/provider_documents.hpp"
#include "signing.hpp"

namespace signatures_test {

using namespace coder_users;
using namespace coder_users::rules;
using coder_users_test::ProviderKey;

IssuerKey read_key(const ProviderKey& key, const std::string& id = "k") {
    return issuer_keys(wire::read_key_set("{\"keys\":[" + key.jwk(id) + "]}")).at(0);
}

bool fits(const char* algorithm, const PublicKey& key, const std::string& text,
          const std::string& signature) {
    return signature_fits(*signature_algorithm_named(algorithm), key, text, signature);
}

TEST_CASE("a signature fits its key, its text and its algorithm, and nothing else") {
    const ProviderKey rsa = ProviderKey::rsa(), ec = ProviderKey::ec();
    const PublicKey rsa_public = read_key(rsa).key, ec_public = read_key(ec).key;
    const PublicKey other_rsa = read_key(ProviderKey::rsa()).key;
    const PublicKey other_ec = read_key(ProviderKey::ec()).key;
    const char* const all[] = {"RS256", "RS384", "RS512", "PS256", "ES256"};
    for (const std::string algorithm : all) {
        CAPTURE(algorithm);
        const bool is_ec = algorithm == "ES256";
        const std::string signature = (is_ec ? ec : rsa).sign(algorithm, "text");
        CHECK(fits(algorithm.c_str(), is_ec ? ec_public : rsa_public, "text", signature));
        CHECK_FALSE(fits(algorithm.c_str(), is_ec ? ec_public : rsa_public, "Text", signature));
        CHECK_FALSE(fits(algorithm.c_str(), is_ec ? other_ec : other_rsa, "text", signature));
        CHECK_FALSE(fits(algorithm.c_str(), is_ec ? rsa_public : ec_public, "text", signature));
        for (const char* other : all)
            if (other != algorithm)
                CHECK_FALSE(fits(other, is_ec ? ec_public : rsa_public, "text", signature));
        std::string spoilt = signature;
        spoilt[spoilt.size() / 2] = static_cast<char>(spoilt[spoilt.size() / 2] ^ 1);
        for (const std::string& bad : {spoilt, std::string(), signature.substr(1), signature + 'x',
                                       std::string(signature.size(), '\0')})
            CHECK_FALSE(fits(algorithm.c_str(), is_ec ? ec_public : rsa_public, "text", bad));
    }
}

TEST_CASE("keys that are not fit for use verify nothing") {
    const ProviderKey small = ProviderKey::rsa(1024);
    CHECK_FALSE(fits("RS256", read_key(small).key, "text", small.sign("RS256", "text")));
    const ProviderKey ec = ProviderKey::ec();
    PublicKey key = read_key(ec).key;
    key.second[31] = static_cast<char>(key.second[31] ^ 1);  // not on the curve
    CHECK_FALSE(fits("ES256", key, "text", ec.sign("ES256", "text")));
    key = read_key(ec).key;
    key.first.erase(0, 1);
    CHECK_FALSE(fits("ES256", key, "text", ec.sign("ES256", "text")));
    const ProviderKey rsa = ProviderKey::rsa();
    for (const char* exponent : {"\x01", "\x02", "\x04"}) {
        key = read_key(rsa).key;
        key.second = exponent;
        CHECK_FALSE(fits("RS256", key, "text", rsa.sign("RS256", "text")));
    }
}

TEST_CASE("the key that a token names is the one that counts; any does when it names none") {
    const ProviderKey one = ProviderKey::ec(), two = ProviderKey::ec();
    const std::vector<IssuerKey> keys{read_key(one, "1"), read_key(two, "2")};
    const std::string input = coder_users_test::signing_input("{}", "{}");
    const std::string token = coder_users_test::with_signature(input, two.sign("ES256", input));
    const auto jwt = split_jwt(token);
    REQUIRE(jwt);
    using Check = SignatureCheck;
    CHECK(check_signature(*jwt, {"ES256", "2"}, keys) == Check::good);
    CHECK(check_signature(*jwt, {"ES256", {}}, keys) == Check::good);
    CHECK(check_signature(*jwt, {"ES256", "1"}, keys) == Check::bad);
    CHECK(check_signature(*jwt, {"ES256", "3"}, keys) == Check::unknown_key);
    CHECK(check_signature(*jwt, {"ES256", "../2"}, keys) == Check::unknown_key);
    CHECK(check_signature(*jwt, {"RS256", "2"}, keys) == Check::bad);
    CHECK(check_signature(*jwt, {"none", {}}, keys) == Check::bad);
    CHECK(check_signature(*jwt, {"HS256", "2"}, keys) == Check::bad);
    CHECK(check_signature(*jwt, {"ES256", {}}, {keys[0]}) == Check::unknown_key);
}

}  // namespace signatures_test
