// Internal: may change at any time.
// The id of a trace that goes through several servers (W3C Trace Context, header traceparent).
#pragma once

#include <cstddef>
#include <string_view>

namespace coder_users { inline namespace v0 { namespace http {

/// Returns the 32 hex digits of the trace; "" when the header is not one of a known form.
inline std::string_view trace_id(std::string_view traceparent) {
    const auto is_hex = [&](std::size_t at, std::size_t count) {
        return traceparent.substr(at, count).find_first_not_of("0123456789abcdef") ==
               std::string_view::npos;
    };
    const auto is_dash = [&](std::size_t at) { return traceparent[at] == '-'; };
    if (traceparent.size() < 55 || !is_dash(2) || !is_dash(35) || !is_dash(52)) return {};
    const std::string_view version = traceparent.substr(0, 2), id = traceparent.substr(3, 32);
    if (!is_hex(0, 2) || !is_hex(3, 32) || !is_hex(36, 16) || !is_hex(53, 2)) return {};
    // Later versions may add something behind one more dash.
    if (version == "ff" || (version == "00" && traceparent.size() != 55)) return {};
    if (traceparent.size() > 55 && !is_dash(55)) return {};
    return id.find_first_not_of('0') == std::string_view::npos ? std::string_view() : id;
}

}}}  // namespace coder_users::v0::http
