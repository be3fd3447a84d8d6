// Internal: may change at any time.
// Hands log lines to the host and escapes what they quote.
#pragma once

#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/options.hpp"

namespace coder_users { inline namespace v0 {

/// Puts the text in quotes unless it is all printable ASCII without blanks, quotes, `=` and
/// backslashes.
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

/// Hands lines to the host one at a time, from any thread. Drops what the host's function throws.
class Log {
 public:
    explicit Log(std::function<void(const LogLine&)> sink) : sink_(std::move(sink)) {}

    bool on() const { return static_cast<bool>(sink_); }

    /// Writes a line about a request or a call that has failed for a reason that its caller does
    /// not get to know. Where the host has no log, the first one goes to standard error.
    void write_failure(const LogLine& line) noexcept {
        if (sink_) return write(line);
        try {
            {
                const std::lock_guard<std::mutex> lock(mutex_);
                if (std::exchange(told_, true)) return;
            }
            const std::string text = "coder_users: " + to_text(line) +
                                     "\ncoder_users: further failures are not shown, because "
                                     "Options::log is not set\n";
            std::fputs(text.c_str(), stderr);
        } catch (...) {
            // there is no memory for the text
        }
    }

    void write(const LogLine& line) noexcept {
        if (!sink_) return;
        try {
            const std::lock_guard<std::mutex> lock(mutex_);
            sink_(line);
        } catch (...) {
            // a failing log of the host must not fail the request
        }
    }

 private:
    std::function<void(const LogLine&)> sink_;
    std::mutex mutex_;
    bool told_ = false;
};

}}  // namespace coder_users::v0
