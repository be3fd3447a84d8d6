// Internal: may change at any time.
// Values that many threads read and nobody changes, shared instead of copied.
#pragma once

#include <memory>
#include <utility>

#include "coder_users/internal/base/kept_text.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 {

template <class T>
using Shared = std::shared_ptr<const T>;

/// Points to a part of a shared value and keeps the whole alive.
template <class Whole, class Part>
Shared<Part> part_of(const Shared<Whole>& whole, const Part& part) {
    return Shared<Part>(whole, &part);
}

/// Points to a value without owning it: the value must outlive the result.
template <class T>
Shared<T> unowned(const T& value) {
    return Shared<T>(Shared<void>(), &value);
}

/// An Identity whose user is shared: the kept sessions of a user hold one copy of it.
struct SharedIdentity {
    Shared<User> user;
    ApiKey key;
    bool linked = true;  ///< false: the key's login type needs a link that the user does not have
    /// `user` as answers show it; lives as long as `user`. nullptr: that is not kept.
    const KeptText* user_text = nullptr;

    bool is_system() const { return user->id == nil_uuid; }
    bool has_full_power() const { return v0::has_full_power(key); }
};

inline SharedIdentity shared(Identity identity) {
    return {std::make_shared<const User>(std::move(identity.user)), std::move(identity.key)};
}

}}  // namespace coder_users::v0
