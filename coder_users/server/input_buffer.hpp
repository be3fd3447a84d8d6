// The bytes of a connection that are not used up yet, and the lines at their front.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace coder_users { inline namespace v0 { namespace server {

enum class LineStep { incomplete, complete, malformed, too_long };

/// Control bytes, the tab excepted, have no place in any line of HTTP.
inline constexpr bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

/// A byte is looked at once, however the bytes come in, and what is found depends on the bytes
/// alone. Returned views are good until the next append() or shrink().
class InputBuffer {
 public:
    void append(std::string_view bytes) {
        bytes_.erase(0, used_);
        used_ = 0;
        bytes_ += bytes;
    }

    bool empty() const { return used_ == bytes_.size(); }
    std::size_t size() const { return bytes_.size() - used_; }

    /// Uses up a line that ends in CRLF and yields it without its end. `too_long`: it has more
    /// than `limit` bytes; `malformed`: there is a control byte in it, or a CR or LF on its own.
    LineStep take_line(std::size_t limit, std::string_view& line) {
        const std::string_view rest = std::string_view(bytes_).substr(used_);
        for (; scanned_ < rest.size(); ++scanned_) {
            const char c = rest[scanned_];
            if (c == '\r') {
                if (scanned_ + 1 == rest.size()) return LineStep::incomplete;
                if (rest[scanned_ + 1] != '\n') return LineStep::malformed;
                line = rest.substr(0, scanned_);
                used_ += scanned_ + 2;
                scanned_ = 0;
                return LineStep::complete;
            }
            if (is_control(c)) return LineStep::malformed;
            if (scanned_ == limit) return LineStep::too_long;
        }
        return LineStep::incomplete;
    }

    /// Uses up at most `limit` bytes.
    std::string_view take(std::size_t limit) {
        const std::string_view bytes = std::string_view(bytes_).substr(used_, limit);
        used_ += bytes.size();
        return bytes;
    }

    /// Gives back the memory of a buffer that is used up.
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
    std::size_t scanned_ = 0;  ///< of the line at the front: known to hold neither end nor error
};

}}}  // namespace coder_users::v0::server
