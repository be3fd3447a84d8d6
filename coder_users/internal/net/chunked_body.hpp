// Internal: may change at any time.
// The chunked transfer coding: decodes the body of a request and writes the chunks of an answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/net/input_buffer.hpp"
#include "coder_users/internal/net/request_head.hpp"

namespace coder_users { inline namespace v0 { namespace net {

/// How a client recognizes the end of a body.
enum class BodyEnd { by_length, by_last_chunk, by_close };

inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// Makes a chunk of the bytes of `out` from index `begin` on.
inline void make_chunk(std::string& out, std::size_t begin) {
    if (begin == out.size()) return;  // an empty chunk would be the last one
    char size[24];
    const int digits = std::snprintf(size, sizeof size, "%zx\r\n", out.size() - begin);
    out.insert(begin, size, static_cast<std::size_t>(digits));
    out += "\r\n";
}

/// Decodes one body. Checks chunk extensions and trailers, and drops them.
class ChunkedBody {
 public:
    enum class Step { need_more, done, refused };

    /// Consumes the input that is there and calls `sink(std::string_view)` with decoded data.
    template <class Sink>
    Step decode(InputBuffer& input, std::size_t max_body, Sink sink) {
        for (;;) {
            if (part_ == Part::data && left_ > 0) {
                const std::string_view data = input.take(left_);
                if (data.empty()) return Step::need_more;
                left_ -= data.size();
                sink(data);
                continue;
            }
            std::string_view line;
            switch (input.take_line(line_limit(), line)) {
                case LineStep::incomplete:
                    return Step::need_more;
                case LineStep::malformed:
                case LineStep::too_long:
                    refuse(not_http);
                    return Step::refused;
                case LineStep::complete:
                    if (!read_line(line, max_body)) return Step::refused;
            }
            if (part_ == Part::end) return Step::done;
        }
    }

    /// Why the body is refused.
    const Refusal& refusal() const { return refusal_; }

 private:
    enum class Part { size, data, trailers, end };

    static constexpr std::size_t max_size_line = 256;
    static constexpr std::size_t max_trailers = 8192;

    bool refuse(const Refusal& refusal) {
        refusal_ = refusal;
        return false;
    }

    std::size_t line_limit() const {
        if (part_ == Part::size) return max_size_line;
        return part_ == Part::data ? 0 : max_trailers - trailers_;
    }

    bool read_line(std::string_view line, std::size_t max_body) {
        switch (part_) {
            case Part::size:
                return read_size(line, max_body);
            case Part::data:  // the CRLF after the data
                part_ = Part::size;
                return true;
            default:
                return read_trailer(line);
        }
    }

    bool read_trailer(std::string_view line) {
        if (line.empty()) {
            part_ = Part::end;
            return true;
        }
        trailers_ += line.size();
        const std::size_t colon = line.find(':');
        return (colon != line.npos && is_token(line.substr(0, colon))) || refuse(not_http);
    }

    bool read_size(std::string_view line, std::size_t max_body) {
        std::uint64_t size = 0;
        std::size_t digits = 0;
        for (; digits < line.size() && hex_value(line[digits]) >= 0; ++digits)
            size = size << 4 | static_cast<std::uint64_t>(hex_value(line[digits]));
        const std::string_view extension = trim(line.substr(digits));
        const bool well_formed =
            digits > 0 && digits <= 15 && (extension.empty() || starts_with(extension, ";"));
        if (!well_formed) return refuse(not_http);
        if (size > max_body - total_) return refuse(body_too_large);
        left_ = static_cast<std::size_t>(size);
        total_ += left_;
        part_ = size ? Part::data : Part::trailers;
        return true;
    }

    Part part_ = Part::size;
    std::size_t left_ = 0;   ///< bytes of the current chunk
    std::size_t total_ = 0;  ///< bytes of all chunks so far
    std::size_t trailers_ = 0;
    Refusal refusal_{0, "", ""};
};

}}}  // namespace coder_users::v0::net
