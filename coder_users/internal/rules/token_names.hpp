// Internal: may change at any time.
// Names of tokens: which are valid, and random ones for tokens that are created without a name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/rules/crypto.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

inline constexpr std::size_t longest_token_name = 64;

/// A name such as "brave_turing7", one of four million.
inline std::string random_name(const Random& random) {
    constexpr std::array<std::string_view, 64> adjectives{
        "able",   "agile",   "amber",  "ample",  "bold",   "brave",  "bright", "brisk",
        "calm",   "candid",  "clear",  "clever", "cosmic", "crisp",  "daring", "deft",
        "eager",  "early",   "exact",  "fair",   "fancy",  "firm",   "fond",   "frank",
        "fresh",  "gentle",  "glad",   "golden", "grand",  "happy",  "hardy",  "honest",
        "humble", "jolly",   "keen",   "kind",   "lively", "loyal",  "lucid",  "lucky",
        "mellow", "merry",   "mighty", "modest", "neat",   "nimble", "noble",  "patient",
        "placid", "polite",  "proud",  "quick",  "quiet",  "rapid",  "ready",  "serene",
        "silent", "sincere", "smart",  "solid",  "steady", "swift",  "vivid",  "witty"};
    constexpr std::array<std::string_view, 64> people{
        "abel",      "babbage",  "backus",   "banach",   "bell",      "bernoulli", "bohr",
        "boole",     "borg",     "cantor",   "carson",   "cauchy",    "church",    "curie",
        "darwin",    "dijkstra", "dirac",    "einstein", "engelbart", "euclid",    "euler",
        "faraday",   "fermat",   "fermi",    "feynman",  "fourier",   "franklin",  "galileo",
        "galois",    "gauss",    "goodall",  "haskell",  "hawking",   "hilbert",   "hoare",
        "hopper",    "hypatia",  "jemison",  "kepler",   "knuth",     "lamarr",    "lamport",
        "leibniz",   "liskov",   "lovelace", "maxwell",  "mccarthy",  "meitner",   "mendel",
        "minsky",    "newton",   "noether",  "pascal",   "pasteur",   "perlman",   "planck",
        "ramanujan", "ritchie",  "sagan",    "shannon",  "tesla",     "thompson",  "turing",
        "wiener"};
    const auto bytes = random_bytes<4>(random);
    const unsigned number = (bytes[2] * 256u + bytes[3]) % 1000;
    return std::string(adjectives[bytes[0] % adjectives.size()]) + '_' +
           std::string(people[bytes[1] % people.size()]) + std::to_string(number);
}

/// 1 to 64 bytes of UTF-8 without control characters.
inline bool valid_token_name(std::string_view name) {
    return !name.empty() && name.size() <= longest_token_name && is_printable(name);
}

/// Whether a path uses this word in the place of a token's name.
inline bool reserved_token_name(std::string_view name) { return name == "tokenconfig"; }

}}}  // namespace coder_users::v0::rules
