// Internal: may change at any time.
// Operation: the facts about an operation that do not depend on the caller. Routes and Caller read
// the same constants.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "coder_users/action.hpp"
#include "coder_users/events.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/release.hpp"
#include "coder_users/internal/store/need.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// A bounded pool of threads, chosen by what an operation waits for. `read` has none: the thread at
/// hand runs it.
enum class Lane { read, write, hash, provider };

/// The kind of an audit entry.
struct AuditKind {
    const char* resource_type = nullptr;
    const char* action = nullptr;
};

/// The refusal for callers who name themselves.
struct OnSelf {
    int status = 0;
    const char* message = nullptr;
};

/// What a key must cover to be used for an operation (docs/contract/scopes.md, "What scopes
/// cover").
struct KeyNeeds {
    bool full_power = true;
    std::array<const char*, 3> rights = {};
    bool keys = false;           ///< it is about keys; on those of others it needs "user:read", too
    bool any_key_right = false;  ///< on the own user any right on keys does as well
};

/// The object that an operation touches besides `{user}`, where a key's allow list is asked before
/// anything is looked up.
enum class KeyTouches { nothing, new_key, presented_key, caller };

/// Facts about one operation, a constant. Operations on a user say permits() or decides_itself().
class Operation {
 public:
    /// `id` is the operation's name in the API description and in Options::disabled_routes; "" for
    /// operations of the host alone.
    explicit constexpr Operation(const char* id) : id_(id) {}

    constexpr const char* id() const { return id_; }
    /// The release that its answers are those of, on a server that answers as `server`: at least
    /// the first release that has the operation.
    constexpr Release answered_as(Release server) const {
        return server < since_ ? since_ : server;
    }
    constexpr Lane lane() const { return lane_; }
    /// Callers need no session.
    constexpr bool open() const { return open_; }
    /// The answer needs no row of the database, so it comes at once also while that hangs.
    constexpr bool needs_no_row() const { return needs_no_row_; }
    /// What the caller must be allowed to do to the target.
    constexpr std::optional<Action> action() const {
        return has_action_ ? std::optional<Action>(action_) : std::nullopt;
    }
    /// The message of that refusal; nullptr: "Forbidden."
    constexpr const char* forbidden() const { return forbidden_; }
    /// Why the operation itself decides who may; nullptr when action() decides or nobody is
    /// refused.
    constexpr const char* decides_itself_because() const { return own_decision_; }
    constexpr OnSelf on_self() const { return on_self_; }
    constexpr AuditKind audit() const { return audit_; }
    /// Refusals of this operation are recorded in the audit log, too.
    constexpr bool records_refusals() const { return refusals_; }
    /// Whether the host is told of events of this kind.
    constexpr bool tells(EventKind kind) const {
        for (std::size_t i = 0; i < told_count_; ++i)
            if (told_[i] == kind) return true;
        return false;
    }
    /// Whether each success tells something.
    constexpr bool always_tells() const { return told_count_ > 0 && always_tells_; }
    /// What it may use when the disk is full.
    constexpr store::Need need() const { return need_; }
    /// Whether it may make the first owner or leave none.
    constexpr bool decides_owners() const { return decides_owners_; }
    /// Keys of scope application_connect may use it on their own user.
    constexpr bool for_limited_keys() const { return for_limited_keys_; }
    /// Unless it is open. What says nothing needs full power, so that forgetting it opens nothing.
    constexpr const KeyNeeds& key_needs() const { return needs_; }
    constexpr KeyTouches key_touches() const { return touches_; }

    constexpr Operation since_release(int major, int minor) const {
        Operation changed = *this;
        changed.since_ = {major, minor};
        return changed;
    }
    constexpr Operation in(Lane lane) const {
        Operation changed = *this;
        changed.lane_ = lane;
        return changed;
    }
    constexpr Operation for_anybody() const {
        Operation changed = *this;
        changed.open_ = true;
        return changed;
    }
    constexpr Operation without_rows() const {
        Operation changed = *this;
        changed.needs_no_row_ = true;
        return changed;
    }
    constexpr Operation permits(Action action, const char* refusal = nullptr) const {
        Operation changed = *this;
        changed.has_action_ = true;
        changed.action_ = action;
        changed.forbidden_ = refusal;
        return changed;
    }
    constexpr Operation decides_itself(const char* because) const {
        Operation changed = *this;
        changed.own_decision_ = because;
        return changed;
    }
    constexpr Operation refuses_self(int status, const char* message) const {
        Operation changed = *this;
        changed.on_self_ = {status, message};
        return changed;
    }
    constexpr Operation audited(const char* resource_type, const char* action) const {
        Operation changed = *this;
        changed.audit_ = {resource_type, action};
        return changed;
    }
    constexpr Operation audited_with_refusals(const char* resource_type, const char* action) const {
        Operation changed = audited(resource_type, action);
        changed.refusals_ = true;
        return changed;
    }
    constexpr Operation tells_of(EventKind kind) const {
        Operation changed = *this;
        changed.told_[changed.told_count_++] = kind;
        return changed;
    }
    /// The same where not every success is such an event.
    constexpr Operation tells_at_times_of(EventKind kind) const {
        Operation changed = tells_of(kind);
        changed.always_tells_ = false;
        return changed;
    }
    /// It begins sessions.
    constexpr Operation is_login() const {
        Operation changed = *this;
        changed.need_ = store::Need::login;
        return changed;
    }
    /// It ends sessions, keys or accounts.
    constexpr Operation is_revocation() const {
        Operation changed = *this;
        changed.need_ = store::Need::revocation;
        return changed;
    }
    /// It makes the first user, or takes the role owner or an account from somebody: no two of
    /// these run at the same time.
    constexpr Operation may_decide_owners() const {
        Operation changed = *this;
        changed.decides_owners_ = true;
        return changed;
    }
    /// Names the rights that a key must cover, such as "user:read"; none: any key will do.
    constexpr Operation needs(const char* first = nullptr, const char* second = nullptr,
                              const char* third = nullptr) const {
        Operation changed = *this;
        changed.needs_.full_power = false;
        changed.needs_.rights = {first, second, third};
        return changed;
    }
    constexpr Operation is_about_keys() const {
        Operation changed = *this;
        changed.needs_.keys = true;
        return changed;
    }
    constexpr Operation or_any_key_right() const {
        Operation changed = *this;
        changed.needs_.any_key_right = true;
        return changed;
    }
    constexpr Operation touches(KeyTouches what) const {
        Operation changed = *this;
        changed.touches_ = what;
        return changed;
    }
    constexpr Operation open_to_limited_keys() const {
        Operation changed = *this;
        changed.for_limited_keys_ = true;
        return changed;
    }

 private:
    const char* id_;
    Release since_ = {};
    Lane lane_ = Lane::read;
    bool open_ = false;
    bool needs_no_row_ = false;
    bool has_action_ = false;
    Action action_ = Action::read_user;
    const char* forbidden_ = nullptr;
    const char* own_decision_ = nullptr;
    OnSelf on_self_ = {};
    AuditKind audit_ = {};
    bool refusals_ = false;
    std::array<EventKind, 2> told_ = {};
    std::size_t told_count_ = 0;
    bool always_tells_ = true;
    store::Need need_ = store::Need::ordinary;
    bool decides_owners_ = false;
    bool for_limited_keys_ = false;
    KeyNeeds needs_ = {};
    KeyTouches touches_ = KeyTouches::nothing;
};

}}}  // namespace coder_users::v0::operations
