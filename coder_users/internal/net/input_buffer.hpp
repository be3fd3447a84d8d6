// Internal: may change at any time.
// The bytes of a connection that no request has consumed yet, and the lines at their front.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace net {

enum class LineStep { incomplete, complete, malformed, too_long };

/// No line of HTTP may hold control bytes except the tab.
inline constexpr bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

/// Which bytes the scan for the end of a line has to look at more closely.
inline constexpr std::array<bool, 256> is_special_in_line = [] {
    std::array<bool, 256> special{};
    for (std::size_t byte = 0; byte < special.size(); ++byte)
        special[byte] = is_control(static_cast<char>(byte));  // CR, too
    return special;
}();

/// Examines each byte once, and its results depend only on the bytes, not on how they arrive.
/// Returned views are valid until the next append() or shrink().
class InputBuffer {
 public:
    void append(std::string_view bytes) {
        bytes_.erase(0, used_);
        used_ = 0;
        bytes_ += bytes;
    }

    bool empty() const { return used_ == bytes_.size(); }
    std::size_t size() const { return bytes_.size() - used_; }

    /// Consumes a line that ends in CRLF and returns it without its end. `too_long`: it has more
    /// than `limit` bytes; `malformed`: it holds a control byte, or a CR or LF alone.
    LineStep take_line(std::size_t limit, std::string_view& line) {
        const std::string_view rest = std::string_view(bytes_).substr(used_);
        const std::size_t stop = (std::min)(rest.size(), limit);
        if (scanned_ < stop) scanned_ += printable_eights(rest.substr(scanned_, stop - scanned_));
        while (scanned_ < stop && !is_special_in_line[static_cast<unsigned char>(rest[scanned_])])
            ++scanned_;
        if (scanned_ == rest.size()) return LineStep::incomplete;
        const char c = rest[scanned_];
        if (c != '\r') return is_control(c) ? LineStep::malformed : LineStep::too_long;
        if (scanned_ + 1 == rest.size()) return LineStep::incomplete;
        if (rest[scanned_ + 1] != '\n') return LineStep::malformed;
        line = rest.substr(0, scanned_);
        used_ += scanned_ + 2;
        scanned_ = 0;
        return LineStep::complete;
    }

    /// Consumes at most `limit` bytes.
    std::string_view take(std::size_t limit) {
        const std::string_view bytes = std::string_view(bytes_).substr(used_, limit);
        used_ += bytes.size();
        return bytes;
    }

    /// Frees the memory of an empty buffer.
    void shrink() {
        if (!empty()) return;
        used_ = 0;
        bytes_.clear();
        if (bytes_.capacity() > kept_capacity) bytes_.shrink_to_fit();
    }

 private:
    static constexpr std::size_t kept_capacity = 4096;

    std::string bytes_;
    std::size_t used_ = 0;
    std::size_t scanned_ = 0;  ///< bytes at the front that hold neither a line end nor an error
};

}}}  // namespace coder_users::v0::net
