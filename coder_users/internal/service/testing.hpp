// Internal: may change at any time.
// The functions of coder_users/testing.hpp that need more than the API: an HTTP client and reading
// JSON.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/net/httplib.hpp"
#include "coder_users/internal/wire/json.hpp"
#include "coder_users/testing.hpp"

namespace coder_users { inline namespace v0 { namespace testing {

CODER_USERS_INLINE std::string make_uuid(const std::array<unsigned char, 16>& bytes) {
    return v0::make_uuid(bytes);
}

CODER_USERS_INLINE Response send(const std::string& url, const Request& request) {
    return net::send_over_http(url, request);
}

CODER_USERS_INLINE std::string json_member(const std::string& json, const std::string& path) {
    auto found = wire::text_at(json, path);
    if (!found)
        throw std::out_of_range(std::string("no ").append(path).append(" in ").append(json));
    return std::move(*found);
}

}}}  // namespace coder_users::v0::testing
