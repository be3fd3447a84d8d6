// Internal: may change at any time.
// Pages of other origins that may use the API in browsers (docs/contract/http.md, "Other origins").
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/http/call.hpp"
#include "coder_users/options.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// The origin of the page that sends the request, if Options::cors_origins allows it; else "".
/// Origins are compared as bytes, as browsers send them.
inline std::string_view allowed_origin(const Request& request, const Options& options) {
    if (options.cors_origins.empty()) return {};
    const std::string_view origin = header(request, "Origin").value_or("");
    const auto& allowed = options.cors_origins;
    return std::find(allowed.begin(), allowed.end(), origin) == allowed.end() ? std::string_view()
                                                                              : origin;
}

/// Adds the headers by which a browser lets such a page read the answer. A preflight is told the
/// methods of the answer's Allow header.
inline void add_cors(Response& response, const Request& request, const Options& options) {
    if (options.cors_origins.empty()) return;
    const auto add = [&](const char* name, std::string_view value) {
        response.headers.emplace_back(name, value);
    };
    add("Vary", "Origin");
    const std::string_view origin = allowed_origin(request, options);
    if (origin.empty()) return;
    add("Access-Control-Allow-Origin", origin);
    add("Access-Control-Allow-Credentials", "true");
    const bool preflight =
        request.method == "OPTIONS" && header(request, "Access-Control-Request-Method");
    const auto allow = std::find_if(response.headers.begin(), response.headers.end(),
                                    [](const auto& each) { return each.first == "Allow"; });
    if (!preflight || allow == response.headers.end()) return;
    const std::string methods = allow->second;  // adding a header moves the others
    add("Access-Control-Allow-Methods", methods);
    add("Access-Control-Allow-Headers",
        "Authorization, Coder-Session-Token, Content-Type, X-Coder-Bypass-Ratelimit, X-Setup-Code");
    add("Access-Control-Max-Age", "600");
}

}}}  // namespace coder_users::v0::http
