// Internal: may change at any time.
// Writes a line of the log as a JSON object.
#pragma once

#include <cstddef>
#include <string>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/log.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/options.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

inline std::string log_line(const LogLine& line) {
    constexpr const char* levels[] = {"info", "warning", "error"};
    JsonWriter json;
    json.begin_object()
        .member("time", to_fixed_rfc3339(line.time))
        .member("level", levels[static_cast<std::size_t>(line.level)])
        .member("message", line.message);
    for (const auto& [name, value] : line.fields)
        json.member(name, is_utf8(value) ? value : escaped_for_log(value));
    return json.end_object().take();
}

}}}  // namespace coder_users::v0::wire
