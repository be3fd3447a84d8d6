// Log lines on their way to the host: escaped when they become text, never able to break a request.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/base/text.hpp"

namespace coder_users { inline namespace v0 {

/// Quoted when it holds anything but printable ASCII without blanks, quotes and backslashes.
inline std::string escaped_for_log(std::string_view text) {
    std::string out;
    bool plain = !text.empty();
    for (const char c : text) {
        const bool printable = c > ' ' && c <= '~';
        plain = plain && printable && c != '"' && c != '\\' && c != '=';
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (printable || c == ' ')
            out += c;
        else
            out += "\\x" + to_hex(static_cast<unsigned char>(c));
    }
    return plain ? out : '"' + out + '"';
}

namespace server {

/// Hands lines to the host one at a time. What the host's function throws is dropped.
class Log {
 public:
    explicit Log(std::function<void(const LogLine&)> sink) : sink_(std::move(sink)) {}

    bool on() const { return static_cast<bool>(sink_); }

    void write(const LogLine& line) noexcept {
        if (!sink_) return;
        try {
            const std::lock_guard<std::mutex> lock(mutex_);
            sink_(line);
        } catch (...) {
            // the host's log is not the client's trouble
        }
    }

 private:
    std::function<void(const LogLine&)> sink_;
    std::mutex mutex_;
};

}  // namespace server

}}  // namespace coder_users::v0
