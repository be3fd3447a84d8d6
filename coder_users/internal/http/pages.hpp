// Internal: may change at any time.
// HTML pages for refusals of external logins, which people read in their browsers.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "coder_users/api.hpp"
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

/// Adds the headers of every HTML answer: it stands in no frame, and its address, which may hold a
/// code of a login provider, is told to nobody. The web page runs and loads what this server
/// serves; every other page runs nothing and loads nothing.
inline void add_page_security(Response& response, bool of_web_page) {
    constexpr const char* of_refusals =
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    constexpr const char* of_page =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'";
    response.headers.emplace_back("Content-Security-Policy", of_web_page ? of_page : of_refusals);
    response.headers.emplace_back("Referrer-Policy", "no-referrer");
}

/// A page with one text. `links` is HTML that follows it; it may be "".
inline Reply page(int status, std::string_view plain_title, std::string_view text,
                  std::string_view links) {
    const std::string title = escape_html(plain_title);
    Reply reply{status,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" +
                    title + "</title>\n</head>\n<body>\n<h1>" + title + "</h1>\n<p>" +
                    escape_html(text) + "</p>\n" + std::string(links) + "</body>\n</html>\n"};
    reply.content_type = "text/html; charset=utf-8";
    return reply;
}

inline Reply page(const login::PageRefusal& refusal) {
    return page(refusal.status(), refusal.title(), refusal.message(),
                "<p><a href=\"/login\">Back to the login page</a></p>\n");
}

}}}  // namespace coder_users::v0::http
