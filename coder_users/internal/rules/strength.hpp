// Internal: may change at any time.
// Measures how strong a new password is and words the refusal of a weak one (docs/contract/http.md,
// "Password strength").
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/rules/password.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

inline constexpr double least_password_bits = 52;

struct CharacterClass {
    std::string_view members;
    const char* hint;  ///< advice when the class is missing; the three special classes share one
};

inline constexpr std::size_t special_classes = 3;
inline constexpr std::array<CharacterClass, 6> character_classes{{
    {"!@$&*", "including more special characters"},
    {"_-., ", "including more special characters"},
    {"\"#%'()+/:;<=>?[\\]^{|}~", "including more special characters"},
    {"abcdefghijklmnopqrstuvwxyz", "using lowercase letters"},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "using uppercase letters"},
    {"0123456789", "using numbers"},
}};

/// Sequences of keys that people use as passwords.
inline constexpr std::array<std::string_view, 5> common_sequences{
    "0123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz"};

using Characters = std::vector<std::string_view>;

/// Leaves out what would make a run of one character longer than two, so that a very long run costs
/// no memory.
inline Characters characters_of(std::string_view text) {
    Characters out;
    while (!text.empty()) {
        const std::string_view rest = text;
        take_code_point(text);
        const std::string_view one = rest.substr(0, rest.size() - text.size());
        const std::size_t size = out.size();
        if (size < 2 || out[size - 1] != one || out[size - 2] != one) out.push_back(one);
    }
    return out;
}

/// Keeps only the first two of every run; `continues(a, b)` says whether b continues the run of a.
template <class Continues>
void shorten_runs(Characters& characters, Continues continues) {
    std::size_t kept = 0, run = 0;
    std::string_view before;
    for (const std::string_view c : characters) {
        run = run > 0 && continues(before, c) ? run + 1 : 1;
        before = c;
        if (run <= 2) characters[kept++] = c;
    }
    characters.resize(kept);
}

inline void shorten_sequence(Characters& characters, std::string_view sequence) {
    std::array<char, 128> next{};
    for (std::size_t i = 1; i < sequence.size(); ++i)
        next[static_cast<unsigned char>(sequence[i - 1])] = sequence[i];
    shorten_runs(characters, [&](std::string_view a, std::string_view b) {
        const auto last = static_cast<unsigned char>(a[0]);
        return last < next.size() && next[last] != '\0' && next[last] == b[0];
    });
}

/// The length in bytes without what common sequences add; characters_of() has shortened runs.
inline std::size_t effective_length(Characters characters) {
    for (const std::string_view sequence : common_sequences) shorten_sequence(characters, sequence);
    for (const std::string_view sequence : common_sequences)
        shorten_sequence(characters, std::string(sequence.rbegin(), sequence.rend()));
    std::size_t length = 0;
    for (const std::string_view c : characters) length += c.size();
    return length;
}

using ClassFlags = std::array<bool, character_classes.size()>;

inline ClassFlags classes_in(std::string_view password) {
    std::array<bool, 256> occurs{};
    for (const char c : password) occurs[static_cast<unsigned char>(c)] = true;
    ClassFlags found{};
    for (std::size_t i = 0; i < found.size(); ++i)
        for (const char c : character_classes[i].members)
            found[i] = found[i] || occurs[static_cast<unsigned char>(c)];
    return found;
}

/// How much of a password is looked at before the rest of it.
inline constexpr std::size_t looked_at_first = 1024;

/// From how many different characters the password seems to be drawn.
inline std::size_t character_base(std::string_view password, const Characters& characters) {
    std::size_t base = 0;
    const ClassFlags found = classes_in(password);
    for (std::size_t i = 0; i < found.size(); ++i)
        if (found[i]) base += character_classes[i].members.size();
    std::set<std::string_view> others;
    for (const std::string_view c : characters)
        if (std::none_of(character_classes.begin(), character_classes.end(), [&](const auto& k) {
                return c.size() == 1 && k.members.find(c[0]) != std::string_view::npos;
            }))
            others.insert(c);
    return base + others.size();
}

inline double password_bits(std::string_view password) {
    if (password.empty()) return 0;
    const Characters characters = characters_of(password);
    return static_cast<double>(effective_length(characters)) *
           std::log2(static_cast<double>(character_base(password, characters)));
}

/// Whether the password has bits enough. More text never makes it weaker, so of a very long one,
/// which cannot be set anyway, the beginning tells as a rule.
inline bool has_enough_bits(std::string_view password) {
    const std::string_view beginning = shortened(password, looked_at_first);
    return password_bits(beginning) >= least_password_bits ||
           (beginning.size() < password.size() && password_bits(password) >= least_password_bits);
}

/// Whose password it is going to be. What is not known is "".
struct PasswordOwner {
    std::string_view username = {}, email = {};
};

inline constexpr std::size_t least_beside_owner = 8;  ///< bytes
inline constexpr std::size_t least_owner_part = 4;    ///< bytes; shorter ones are in many words

/// How many bytes of the password belong to no occurrence of the owner's name or of its address's
/// part before the `@`, in any letter case.
inline std::size_t bytes_beside_owner(std::string_view password, const PasswordOwner& owner) {
    const std::string folded = fold_ascii(password);
    std::vector<bool> covered(folded.size());
    for (const std::string_view part :
         {owner.username, owner.email.substr(0, owner.email.rfind('@'))}) {
        if (part.size() < least_owner_part) continue;
        const std::string wanted = fold_ascii(part);
        for (std::size_t at = folded.find(wanted); at != std::string::npos;
             at = folded.find(wanted, at + 1))
            for (std::size_t i = 0; i < wanted.size(); ++i) covered[at + i] = true;
    }
    return static_cast<std::size_t>(std::count(covered.begin(), covered.end(), false));
}

/// The detail of the refusal; nothing when the password may be set.
inline std::optional<std::string> password_weakness(std::string_view password,
                                                    const PasswordOwner& owner = {}) {
    if (has_enough_bits(password)) {
        if (password.size() > longest_password)
            return "password must be no more than 64 characters";
        const std::size_t left = bytes_beside_owner(password, owner);
        if (left < password.size() && left < least_beside_owner)
            return "password must not contain your user name or e-mail address";
        return std::nullopt;
    }
    const ClassFlags found = classes_in(password);
    std::vector<std::string> hints;
    const auto specials = found.begin() + special_classes;
    if (!std::all_of(found.begin(), specials, [](bool b) { return b; }))
        hints.emplace_back(character_classes[0].hint);
    for (std::size_t i = special_classes; i < found.size(); ++i)
        if (!found[i]) hints.emplace_back(character_classes[i].hint);
    if (hints.empty()) return "insecure password, try using a longer password";
    return "insecure password, try " + join(hints, ", ") + " or using a longer password";
}

}}}  // namespace coder_users::v0::rules
