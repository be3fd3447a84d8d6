// Internal: may change at any time.
// Reads requests: their headers, and the form in a body.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/url.hpp"

namespace coder_users { inline namespace v0 {

/// Returns the first header of this name, if there is one.
inline std::optional<std::string_view> header(const Request& request, std::string_view name) {
    for (const auto& [key, value] : request.headers)
        if (same_folded(key, name)) return value;
    return std::nullopt;
}

/// The fields of a form, decoded, where a URL has its query; without any when it cannot be decoded.
inline Url form_in(const Request& request) { return parse_url('?' + request.body).value_or(Url()); }

}}  // namespace coder_users::v0
