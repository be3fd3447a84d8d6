// Documents and tokens of a login provider must be read or refused, whatever their bytes are.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "coder_users/internal/rules/id_token.hpp"
#include "coder_users/internal/rules/jwt.hpp"
#include "coder_users/internal/wire/provider_documents.hpp"

namespace {

using namespace coder_users;

void require(bool good) {
    if (!good) std::abort();
}

/// Returns what `read()` returns; nothing when it refuses in the only allowed way.
template <class Read>
auto read_or_refuse(Read read) -> std::optional<decltype(read())> {
    try {
        return read();
    } catch (const ProviderFailure& failure) {
        require(failure.what()[0] != '\0');
        return std::nullopt;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (const auto keys = read_or_refuse([&] { return wire::read_key_set(text); }))
        for (const rules::IssuerKey& each : rules::issuer_keys(*keys))
            require(!each.key.first.empty() && !each.key.second.empty());
    const auto discovery = read_or_refuse([&] { return wire::read_discovery(text, "https://i"); });
    if (discovery) require(discovery->token_endpoint.substr(0, 8).size() == 8);
    wire::read_id_token_header(text);
    if (const auto claims = wire::Claims::read(text)) claims->registered();
    const auto got = read_or_refuse([&] { return wire::read_token_answer({200, text}, never); });
    if (got) require(!got->tokens.access_token.empty());
    read_or_refuse([&] { return wire::read_github_user({200, text}); });
    read_or_refuse([&] { return wire::read_github_memberships({200, text}); });
    read_or_refuse([&] { return wire::read_github_emails({200, text}); });
    wire::max_age(text);

    const auto jwt = rules::split_jwt(text);
    if (!jwt) return 0;
    // The reader is strict: writing the parts again gives the same text.
    require(rules::base64url_encode(jwt->header) + '.' + rules::base64url_encode(jwt->claims) +
                '.' + rules::base64url_encode(jwt->signature) ==
            text);
    if (const auto header = wire::read_id_token_header(jwt->header))
        require(rules::check_signature(*jwt, *header, {}) != rules::SignatureCheck::good);
    require(!rules::verified_jwt_claims(text, "key"));
    return 0;
}
