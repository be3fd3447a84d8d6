// How long the tests of faults run: shortly in every run of the tests, and as long as
// CODER_USERS_ROUNDS says with ./dev crash, ./dev memory and others.
#pragma once

#include <cstdlib>

#include "sanitized.hpp"

namespace faults {

using coder_users_test::sanitized;

/// What CODER_USERS_ROUNDS says; 0: it is not set.
inline long rounds_asked_for() {
    const char* const text = std::getenv("CODER_USERS_ROUNDS");
    return text ? std::atol(text) : 0;
}
inline long rounds(long usually, long when_sanitized) {
    const long asked = rounds_asked_for();
    return asked > 0 ? asked : sanitized ? when_sanitized : usually;
}

}  // namespace faults
