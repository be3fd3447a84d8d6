// Framing: any bytes, cut into any pieces, must give what they give in one piece, and use bounded
// memory.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "coder_users/internal/net/framing.hpp"

namespace framing_fuzz {

using coder_users::Request;
using coder_users::net::FramingLimits;
using coder_users::net::RequestReader;

inline void require(bool condition) {
    if (!condition) std::abort();
}

/// Returns everything that can be seen from outside, except answers of 100, which depend on the
/// pieces. `cuts` chooses the pieces; 0: one piece.
inline std::string run(std::string_view bytes, const FramingLimits& limits, std::uint32_t cuts) {
    RequestReader reader(limits);
    std::string seen;
    while (!bytes.empty()) {
        const std::size_t piece = cuts ? 1 + (cuts >> 24) % 16 : bytes.size();
        cuts *= 1664525;
        reader.feed(bytes.substr(0, piece));
        bytes.remove_prefix((std::min)(piece, bytes.size()));
        while (reader.advance() == RequestReader::Step::ready) {
            const bool open = reader.stays_open();
            const Request request = reader.request();
            reader.next();
            require(request.headers.size() <= limits.fields && request.body.size() <= limits.body);
            seen += request.method + ' ' + request.target + (open ? " +" : " -");
            for (const auto& [name, value] : request.headers) seen += name + ':' + value + '\n';
            seen += request.body + '\n';
        }
        if (reader.advance() == RequestReader::Step::refused) {
            const auto refusal = reader.refusal();
            return seen + std::to_string(refusal.status) + std::string(refusal.message);
        }
        // A chunk's size line and a line of trailers may wait after head and body.
        require(reader.held() <= limits.head + limits.body + 8192 + 256);
    }
    return seen + std::to_string(static_cast<int>(reader.stage()));
}

}  // namespace framing_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    // With narrow limits, short inputs can reach them.
    coder_users::net::FramingLimits limits;
    if (data[0] & 1) limits = {40, 120, 4, 30};
    framing_fuzz::require(framing_fuzz::run(bytes, limits, 0) ==
                          framing_fuzz::run(bytes, limits, 2u * data[1] + 1));
    return 0;
}
