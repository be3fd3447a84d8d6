// The refusals of external login that people read: HTML pages.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "coder_users/base/errors.hpp"
#include "coder_users/routes/route.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// A refusal that is shown as a page.
class PageRefusal : public ApiError {
 public:
    PageRefusal(std::string title, std::string text)
        : ApiError(403, std::move(text)), title_(std::move(title)) {}
    const std::string& title() const noexcept { return title_; }

 private:
    std::string title_;
};

/// Text that stays text between tags and in attributes.
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

inline Reply page(const PageRefusal& refusal) {
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

inline PageRefusal account_suspended() {
    return {"Account suspended",
            "Your account is suspended. Contact an admin to reactivate your account."};
}

}}}  // namespace coder_users::v0::routes
