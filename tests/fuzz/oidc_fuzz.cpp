// Documents and tokens of a login provider are read or refused, whatever bytes they are.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "coder_users/routes/oidc_documents.hpp"
#include "coder_users/rules/id_token.hpp"
#include "coder_users/rules/jwt.hpp"

namespace {

using namespace coder_users;

void require(bool good) {
    if (!good) std::abort();
}

/// What `read()` makes of it; nothing when it refuses in the one way that there is.
template <class Read>
auto read_or_refuse(Read read) -> std::optional<decltype(read())> {
    try {
        return read();
    } catch (const routes::ProviderFailure& failure) {
        require(failure.what()[0] != '\0');
        return std::nullopt;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto keys = read_or_refuse([&] { return routes::parse_issuer_keys(text); });
    if (keys) require(!keys->empty());
    const auto discovery =
        read_or_refuse([&] { return routes::parse_discovery(text, "https://i"); });
    if (discovery) require(discovery->token_endpoint.substr(0, 8).size() == 8);
    routes::parse_id_token_header(text);
    if (const auto json = read_or_refuse([&] { return routes::provider_json(text); })) {
        routes::registered_claims(*json);
        const auto tokens = read_or_refuse([&] {
            return routes::parse_tokens({200, text}, *json, never);
        });
        if (tokens) require(!tokens->access_token.empty());
    }
    routes::max_age(text);

    const auto jwt = rules::split_jwt(text);
    if (!jwt) return 0;
    // Strict: the parts can be written in one way only.
    require(rules::base64url_encode(jwt->header) + '.' + rules::base64url_encode(jwt->claims) +
                '.' + rules::base64url_encode(jwt->signature) ==
            text);
    if (const auto header = routes::parse_id_token_header(jwt->header))
        require(rules::check_signature(*jwt, *header, {}) != rules::SignatureCheck::good);
    require(!rules::verified_jwt_claims(text, "key"));
    return 0;
}
