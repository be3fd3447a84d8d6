// How bodies on the wire end.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace coder_users { inline namespace v0 { namespace server {

/// How a client finds the end of a body.
enum class BodyEnd { by_length, by_last_chunk, by_close };

inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// Makes a chunk of what stands in `out` behind `begin`.
inline void make_chunk(std::string& out, std::size_t begin) {
    if (begin == out.size()) return;  // an empty chunk would be the last one
    char size[24];
    const int digits = std::snprintf(size, sizeof size, "%zx\r\n", out.size() - begin);
    out.insert(begin, size, static_cast<std::size_t>(digits));
    out += "\r\n";
}

}}}  // namespace coder_users::v0::server
