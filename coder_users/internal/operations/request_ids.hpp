// Internal: may change at any time.
// Makes the ids of requests and of calls in the process.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/rules/crypto.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// Any thread may call any function.
class RequestIds {
 public:
    /// `random` must outlive this object.
    explicit RequestIds(const rules::Random& random)
        : random_(random), is_systems_(is_systems(random)) {}

    /// Returns the nil id when randomness fails: the request will be refused then, and its answer
    /// needs some id.
    std::string next() const {
        try {
            return is_systems_ ? make_uuid(bytes()) : new_uuid(random_);
        } catch (...) {  // a host's function may throw anything
            return std::string(nil_uuid);
        }
    }

 private:
    static bool is_systems(const rules::Random& random) {
        const auto* const function = random.target<void (*)(unsigned char*, std::size_t)>();
        return function && *function == &rules::system_random;
    }

    /// Draws the bytes of 32 ids at once, which costs hardly more than those of one. They need not
    /// be kept secret.
    static std::array<unsigned char, 16> bytes() {
        thread_local std::array<std::array<unsigned char, 16>, 32> kept;
        thread_local std::size_t left = 0;
        if (left == 0) {
            rules::system_random(kept[0].data(), sizeof kept);
            left = kept.size();
        }
        return kept[--left];
    }

    const rules::Random& random_;
    const bool is_systems_;
};

}}}  // namespace coder_users::v0::operations
