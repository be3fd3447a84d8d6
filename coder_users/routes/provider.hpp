// A login provider as the handlers see it: one request, one answer, or the reason why there is
// none.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/base/time.hpp"
#include "coder_users/format/json.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// A call to a provider. Its fields and body may hold secrets.
struct ProviderRequest {
    std::string method = "GET";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};  ///< a form, when there is one
};

struct ProviderAnswer {
    int status = 0;
    std::string body;
    std::string cache_control = {};
    std::string link = {};  ///< the Link field: further pages
};

/// Why a provider's answer cannot be used. The text is short, holds no secrets, and may be shown.
class ProviderFailure : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The way to the providers. Called from any thread at once; may take as long as a call is given.
class ProviderAccess {
 public:
    virtual ~ProviderAccess() = default;
    /// Throws ProviderFailure when no complete answer of acceptable size came in time.
    virtual ProviderAnswer send(const ProviderRequest& request) = 0;
};

/// The JSON that a provider sent. Throws ProviderFailure.
inline format::Json provider_json(const std::string& text) {
    try {
        return format::parse_json(text, format::DuplicateKeys::refused);
    } catch (const format::JsonError& error) {
        throw ProviderFailure(std::string("the answer is not valid JSON: ") + error.what());
    }
}

/// The JSON of an answer with status 200. Throws ProviderFailure.
inline format::Json json_of(const ProviderAnswer& answer) {
    if (answer.status != 200)
        throw ProviderFailure("the provider answered with status " + std::to_string(answer.status));
    return provider_json(answer.body);
}

/// What a provider gave for itself: at most 512 bytes, whole characters.
inline std::string cut_text(std::string text) {
    constexpr std::size_t longest = 512;
    if (text.size() <= longest) return text;
    std::size_t size = longest;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    text.resize(size);
    return text;
}

/// What a provider lets the server do for a user. Secret.
struct ProviderTokens {
    std::string access_token;
    std::string refresh_token = {};  ///< "" when there is none
    Time expires_at = never;         ///< of the access token; `never` when it does not end
};

/// Who has logged in, as a provider says.
struct ExternalUser {
    std::string linked_id;
    std::string username = {};
    std::string email = {};
    bool email_verified = false;
    std::string avatar_url = {};
    ProviderTokens tokens = {};
};

}}}  // namespace coder_users::v0::routes
