// Internal: may change at any time.
// What the stand-ins of login providers share: how a login begins at a provider and goes back to
// the server, and how a server proves that it is the client (RFC 6749).
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/request.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/testing_logins.hpp"

namespace coder_users { inline namespace v0 { namespace stand_in {

/// The server, as a provider knows it.
struct Client {
    std::string id, secret;
};

inline Response json_answer(std::string body, int status = 200) {
    return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

/// With what a login begins at the provider.
struct Authorization {
    std::string redirect_uri, state, nonce, challenge;
};

/// Whether it is the URL of a callback of the server, which may be mounted anywhere: its path ends
/// with `callback`, and nothing follows.
inline bool is_callback(std::string_view uri, std::string_view callback) {
    const std::size_t host = starts_with(uri, "http://") ? 7 : starts_with(uri, "https://") ? 8 : 0;
    if (host == 0 || !ends_with(uri, callback) || uri.size() <= host + callback.size())
        return false;
    if (uri[host] == '/') return false;
    return std::all_of(uri.begin(), uri.end(), [](char c) {
        return c > ' ' && c < '\x7f' &&
               std::string_view("?#@\\\"<>").find(c) == std::string_view::npos;
    });
}

/// Nothing when a provider would not send the browser back. `callback` is the end of its path.
inline std::optional<Authorization> read_authorization(const Request& request, const Client& client,
                                                       std::string_view callback) {
    const Url url = parse_url(request.target).value_or(Url());
    const auto of = [&](const char* name) { return url.parameter(name).value_or(""); };
    Authorization asked{of("redirect_uri"), of("state"), of("nonce"), of("code_challenge")};
    if (request.method != "GET" || of("client_id") != client.id || of("response_type") != "code" ||
        of("code_challenge_method") != "S256" || asked.state.empty() ||
        !is_callback(asked.redirect_uri, callback))
        return std::nullopt;
    return asked;
}

inline Response text_page(int status, const std::string& text) {
    return {status,
            {{"Content-Type", "text/html; charset=utf-8"}},
            "<!DOCTYPE html>\n<title>Test login</title>\n<p>" + text + "</p>\n"};
}

inline Response not_for_us() {
    return text_page(400, "This is no start of a login by the server of the test.");
}

/// What a browser sees when the test has not said who logs in.
inline Response nobody_named(const std::string& provider, const std::string& control) {
    return text_page(409, "Nobody is named who logs in at the " + provider +
                              " of this test. Say who it is: <code>PUT /test/v1/logins/" + control +
                              "</code>, in C++ <code>server.logins()." + control + "(…)</code>.");
}

inline Response send_back(const Authorization& asked, std::string_view parameters) {
    return {302,
            {{"Location", asked.redirect_uri + '?' + std::string(parameters) +
                              "&state=" + percent_encode(asked.state)},
             {"Cache-Control", "no-store"}},
            ""};
}
inline Response send_back_with_code(const Authorization& asked, const std::string& code) {
    return send_back(asked, "code=" + percent_encode(code));
}
inline Response send_back_refused(const Authorization& asked,
                                  const testing::LoginRefusal& refusal) {
    std::string parameters = "error=" + percent_encode(refusal.error);
    if (!refusal.description.empty())
        parameters += "&error_description=" + percent_encode(refusal.description);
    return send_back(asked, parameters);
}

/// The token of "Authorization: Bearer <token>"; "" when there is none.
inline std::string bearer_token(const Request& request) {
    constexpr std::string_view scheme = "Bearer ";
    const std::string_view given = header(request, "Authorization").value_or("");
    return starts_with(given, scheme) ? std::string(given.substr(scheme.size())) : std::string();
}

/// Whether the secret came, in the form or else in Basic authentication, where both parts are form
/// encoded before they are joined (RFC 6749 2.3.1).
inline bool comes_from(const Client& client, const Request& request, const Url& form) {
    constexpr std::string_view scheme = "Basic ";
    const std::string_view given = header(request, "Authorization").value_or("");
    if (!starts_with(given, scheme))
        return form.parameter("client_id") == client.id &&
               form.parameter("client_secret") == client.secret;
    const std::string pair = rules::base64_decode(given.substr(scheme.size())).value_or("");
    const std::size_t colon = pair.find(':');
    return colon != std::string::npos && !form.parameter("client_secret") &&
           percent_decode(pair.substr(0, colon), true) == client.id &&
           percent_decode(pair.substr(colon + 1), true) == client.secret;
}

}}}  // namespace coder_users::v0::stand_in
