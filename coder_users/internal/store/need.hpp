// Internal: may change at any time.
// Need: what a change may use when the disk is full.
#pragma once

namespace coder_users { inline namespace v0 { namespace store {

/// On a full disk an ordinary change is refused; a login may use one part of the reserve, and a
/// revocation all of it. These two are essential changes, which may run more than once: a run that
/// finds the disk full is rolled back completely.
enum class Need { ordinary, login, revocation };

}}}  // namespace coder_users::v0::store
