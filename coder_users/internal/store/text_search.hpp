// Internal: may change at any time.
// Finds the users who have a text in their names or addresses: among texts that are kept in memory,
// or by a full-text index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/counters.hpp"
#include "coder_users/internal/store/user_texts.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace users {

/// So few rows may all be read and sorted.
inline constexpr std::int64_t few = 1000;

/// A LIKE pattern for texts that contain `text`, with `%`, `_` and the escape character taken
/// literally.
inline std::string containing(std::string_view text) {
    std::string pattern = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern += '%';
}

/// A full-text phrase that matches all texts that contain `text`. The index holds sequences of
/// three letters, so there is no phrase for shorter texts, nor for bytes that are not UTF-8.
inline std::optional<std::string> phrase(std::string_view text) {
    constexpr std::size_t longest = 64;  // a longer phrase costs more and finds hardly fewer
    std::string quoted = "\"";
    std::size_t letters = 0;
    while (!text.empty() && quoted.size() < longest) {
        const std::string_view before = text;
        if (take_code_point(text) <= 0) return std::nullopt;
        quoted += before.substr(0, before.size() - text.size());
        if (before.front() == '"') quoted += '"';
        ++letters;
    }
    if (letters < 3) return std::nullopt;
    return quoted += '"';
}

/// A JSON array of numbers, one after the other.
class NumberArray {
 public:
    void add(std::int64_t number) {
        text_.append(text_.empty() ? "[" : ",").append(std::to_string(number));
    }
    /// Returns the whole; call it once.
    std::string end() { return text_.empty() ? "[]" : std::move(text_ += ']'); }

 private:
    std::string text_;
};

inline std::string json_array(const std::vector<std::int64_t>& numbers) {
    NumberArray array;
    for (const std::int64_t number : numbers) array.add(number);
    return array.end();
}

/// Returns the numbers of the users who may have a text, as a JSON array; nothing when there are
/// more than `few`, when no phrase stands for the text, or when the engine looks texts up by
/// itself. Asked only once, since long phrases cost more than the rest of the query.
inline std::optional<std::string> few_by_index(Connection& c, std::string_view text) {
    const auto match = phrase(text);
    if (!match || !*c.dialect().numbers_with_text) return std::nullopt;
    Query rows = c.query(c.dialect().numbers_with_text, *match, few + 1);
    NumberArray numbers;
    for (std::int64_t found = 0; rows.next(); ++found) {
        if (found == few) return std::nullopt;
        numbers.add(rows.integer(0));
    }
    return numbers.end();
}

/// Reads the texts of all users; nullptr when they cannot be kept.
inline Shared<UserTexts> read_texts(Connection& c) {
    const auto texts = std::make_shared<UserTexts>();
    Query rows = c.query("SELECT u.username_folded, u.email_folded, " +
                         std::string(c.dialect().row_of_user) + " FROM " +
                         users_along("users_live_search", c.dialect().names_indexes) +
                         " WHERE u.deleted = 0 ORDER BY u.username_folded");
    while (rows.next())
        if (!texts->add(rows.text(0), rows.text(1), rows.integer(2))) return nullptr;
    return texts;
}

/// The state of the texts that `c` sees, when a search for `text` may use texts that are kept. Few
/// users are looked at as fast in their rows.
inline std::optional<KeptTexts::State> state_of_texts(Connection& c, std::string_view text) {
    if (!compares_by_bytes(text) || !c.shared_texts().usable()) return std::nullopt;
    if (counters::value(c, counters::live_users) <= few) return std::nullopt;
    return c.shared_texts().state(counters::value(c, counters::user_texts));
}

/// What is known of the users who have a text before a row of them is read.
struct TextMatches {
    std::optional<std::string> few = {};   ///< a JSON array of numbers of all who may have it
    const char* numbered_by = "u.number";  ///< what it holds of these users u
    Shared<UserTexts> texts = nullptr;     ///< if they are kept
    std::int64_t count = 0;                ///< of those who have it, when there are `texts`
};

/// `text` must not be empty.
inline TextMatches find_text(Connection& c, std::string_view text) {
    TextMatches matches;
    const auto state = state_of_texts(c, text);
    if (state) matches.texts = c.shared_texts().kept().find(*state);
    if (!matches.texts) {
        matches.few = few_by_index(c, text);
        if (matches.few || !state) return matches;
        const auto read = [&] { return read_texts(c); };
        matches.texts = c.shared_texts().kept().make(*state, read);
        if (!matches.texts) return matches;
    }
    const auto found = matches.texts->find(text, static_cast<std::size_t>(few));
    matches.count = found.count;
    matches.numbered_by = c.dialect().row_of_user;
    if (found.count <= few) matches.few = json_array(found.rows);
    return matches;
}

}}}}  // namespace coder_users::v0::store::users
