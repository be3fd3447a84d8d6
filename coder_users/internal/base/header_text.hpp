// Internal: may change at any time.
// The fields of an answer's head, written as HTTP has them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 {

/// Whether a value would let its content pass as another field.
inline bool ends_line(std::string_view value) {
    constexpr std::string_view ends("\r\n\0", 3);
    for (const char c : value.substr(printable_eights(value)))
        if (c < ' ' && ends.find(c) != ends.npos) return true;
    return false;
}

/// Appends a field with its line end.
inline void append_field(std::string& out, std::string_view name, std::string_view value) {
    const std::size_t before = out.size();
    out.resize(before + name.size() + value.size() + 4);
    char* to = std::copy(name.begin(), name.end(), &out[before]);
    *to++ = ':';
    *to++ = ' ';
    to = std::copy(value.begin(), value.end(), to);
    *to++ = '\r';
    *to = '\n';
}

/// Fields in one text, each with its line end.
class HeaderText {
 public:
    void reserve(std::size_t bytes) { text_.reserve(bytes); }

    /// Leaves out a field whose value holds a line end.
    void add(std::string_view name, std::string_view value) {
        if (!ends_line(value)) append_field(text_, name, value);
    }
    void add(const HeaderText& others) { text_ += others.text_; }

    const std::string& text() const { return text_; }

    /// Calls `use(name, value)` for each field.
    template <class Use>
    void for_each(const Use& use) const {
        for (std::string_view rest = text_; !rest.empty();) {
            const std::size_t colon = rest.find(':'), end = rest.find('\r', colon);
            use(rest.substr(0, colon), rest.substr(colon + 2, end - colon - 2));
            rest.remove_prefix(end + 2);
        }
    }

 private:
    std::string text_;
};

}}  // namespace coder_users::v0
