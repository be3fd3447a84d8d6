// Internal: may change at any time.
// Includes cpp-httplib for the texts of statuses and for a client, and writes the answer's bytes.
#pragma once

#include <httplib.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/answer.hpp"
#include "coder_users/internal/base/header_text.hpp"
#include "coder_users/internal/base/signals.hpp"
#include "coder_users/internal/net/chunked_body.hpp"

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#error "coder_users: link the CMake target httplib::httplib (CPPHTTPLIB_OPENSSL_SUPPORT is missing)"
#endif

namespace coder_users { inline namespace v0 { namespace net {

/// Whether answers with this status end with a body, be it empty.
inline bool has_body(int status) { return status != 204 && status != 304; }

/// Appends a complete answer, or the head and first chunk of a long one. cpp-httplib's own writer
/// differs between versions and sorts repeated headers. May throw std::bad_alloc.
inline void append_answer(std::string& out, const Answer& answer, bool to_head, bool close,
                          BodyEnd end) {
    using namespace std::string_view_literals;
    const Response& response = answer.response;
    std::size_t size = 128 + answer.fields.text().size() + (to_head ? 0 : response.body.size());
    for (const auto& [name, value] : response.headers) size += name.size() + value.size() + 4;
    out.reserve(out.size() + size);
    ((out += "HTTP/1.1 "sv) += std::to_string(response.status)) += ' ';
    (out += httplib::status_message(response.status)) += "\r\n"sv;
    for (const auto& [name, value] : response.headers)
        if (!ends_line(value)) append_field(out, name, value);
    out += answer.fields.text();
    if (end == BodyEnd::by_last_chunk)
        append_field(out, "Transfer-Encoding", "chunked");
    else if (end == BodyEnd::by_length && has_body(response.status))
        append_field(out, "Content-Length", std::to_string(response.body.size()));
    if (close) append_field(out, "Connection", "close");
    out += "\r\n"sv;
    if (to_head || !has_body(response.status)) return;
    const std::size_t begin = out.size();
    out += response.body;
    if (end == BodyEnd::by_last_chunk) make_chunk(out, begin);
}

/// Sends a request to the server at `url` and waits for the answer. Throws std::runtime_error if
/// there is none.
inline Response send_over_http(const std::string& url, const coder_users::Request& request) {
    const NoSigpipe quiet;  // cpp-httplib writes without MSG_NOSIGNAL
    httplib::Client client(url);
    httplib::Request sent;
    sent.method = request.method;
    sent.path = request.target;
    for (const auto& [name, value] : request.headers) sent.headers.emplace(name, value);
    sent.body = request.body;
    const httplib::Result result = client.send(sent);
    if (!result)
        throw std::runtime_error("no answer from " + url + ": " +
                                 httplib::to_string(result.error()));
    Response response{result->status, {}, result->body};
    for (const auto& [name, value] : result->headers) response.headers.emplace_back(name, value);
    return response;
}

}}}  // namespace coder_users::v0::net
