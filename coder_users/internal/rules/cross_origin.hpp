// Internal: may change at any time.
// Finds out which requests with a cookie come from another site (docs/contract/http.md,
// "Cross-origin rule").
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

/// Returns `host:port` in lower case for `host[:port]`, and nothing for any other text. An IPv6
/// host is in brackets.
inline std::optional<std::string> normal_authority(std::string_view text,
                                                   std::string_view default_port) {
    // Colons inside the brackets belong to the host.
    const std::size_t bracket = text.rfind(']');
    const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const std::string_view host = text.substr(0, colon);
    std::string_view port;
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
    if (port.empty()) port = default_port;
    const bool ipv6 = starts_with(host, "[") && ends_with(host, "]");
    const std::string_view name = ipv6 ? host.substr(1, host.size() - 2) : host;
    if (name.empty() || name.find_first_of("[]/\\?#@, \t") != std::string_view::npos ||
        port.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    return fold_ascii(host).append(":").append(port);
}

/// Whether `host` (a Host header) served the page at `origin` (an Origin header).
inline bool is_origin_of(std::string_view origin, std::string_view host) {
    const std::size_t colon = origin.find("://");
    if (colon == std::string_view::npos) return false;
    const std::string_view scheme = origin.substr(0, colon);
    const bool https = same_folded(scheme, "https");
    if (!https && !same_folded(scheme, "http")) return false;
    const std::string_view default_port = https ? "443" : "80";
    const auto theirs = normal_authority(origin.substr(colon + 3), default_port);
    return theirs && theirs == normal_authority(host, default_port);
}

/// Whether `origin` (an Origin header) is that of `url`, an http or https URL or "".
inline bool is_origin_of_url(std::string_view origin, std::string_view url) {
    const std::size_t colon = url.find("://");
    if (colon == std::string_view::npos ||
        !same_folded(origin.substr(0, colon + 3), url.substr(0, colon + 3)))
        return false;
    const std::string_view rest = url.substr(colon + 3);
    return is_origin_of(origin, rest.substr(0, rest.find_first_of("/?#")));
}

/// Whether to refuse a request that presents no token in a header and whose method is not GET, HEAD
/// or OPTIONS. Pass nothing for an absent header, but "" for an absent Host.
inline bool is_cross_origin(std::optional<std::string_view> sec_fetch_site,
                            std::optional<std::string_view> origin, std::string_view host) {
    if (sec_fetch_site) return *sec_fetch_site != "same-origin" && *sec_fetch_site != "none";
    return origin && !is_origin_of(*origin, host);
}

inline ApiError cross_origin_refused() { return {403, "Cross-origin request refused."}; }

}}}  // namespace coder_users::v0::rules
