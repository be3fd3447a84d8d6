// Internal: may change at any time.
// HTML pages for refusals of external logins, which people read in their browsers.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/http/route.hpp"
#include "coder_users/internal/login/refusal.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// Escapes text for HTML, between tags and in attributes.
inline std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&#34;";
        else if (c == '\'')
            out += "&#39;";
        else
            out += c;
    }
    return out;
}

/// Adds the headers of every HTML answer: it runs nothing, loads nothing, stands in no frame, and
/// its address, which may hold a code of a login provider, is told to nobody.
inline void add_page_security(Response& response) {
    response.headers.emplace_back("Content-Security-Policy",
                                  "default-src 'none'; base-uri 'none'; form-action 'none'; "
                                  "frame-ancestors 'none'");
    response.headers.emplace_back("Referrer-Policy", "no-referrer");
}

inline Reply page(const login::PageRefusal& refusal) {
    const std::string title = escape_html(refusal.title());
    Reply reply{refusal.status(),
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" +
                    title + "</title>\n</head>\n<body>\n<h1>" + title + "</h1>\n<p>" +
                    escape_html(refusal.message()) +
                    "</p>\n<p><a href=\"/login\">Back to the login page</a></p>\n</body>\n"
                    "</html>\n"};
    reply.content_type = "text/html; charset=utf-8";
    return reply;
}

}}}  // namespace coder_users::v0::http
