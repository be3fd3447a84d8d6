// Internal: may change at any time.
// change(), the one way to change anything. In one transaction it reads session and target again,
// checks permission again, makes the change, writes the audit entry and reserves the place of the
// event. After the commit the host is told.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/function_ref.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/operations/audit.hpp"
#include "coder_users/internal/operations/operation.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

inline Event make_event(const Acting& acting, const User& actor, EventKind kind, const User& user,
                        const User* before, const ApiKey* key) {
    Event event;
    event.kind = kind;
    event.time = acting.now;
    event.request_id = std::string(acting.request_id);
    event.address = std::string(acting.address);
    // Users who log in, and the first user, act for themselves.
    if (!acting.is_host()) event.actor = actor.id.empty() ? user : actor;
    event.user = user;
    if (before) event.before = *before;
    if (key) event.key = *key;
    return event;
}

/// Proof that ask_host() was called, or that there is nothing to ask. change() takes one, so that
/// nobody forgets it.
class Asked {
 public:
    /// For changes by the host itself and for those without an event.
    static Asked not_needed() { return Asked(); }

    Asked and_also(const Asked& other) const {
        Asked both = *this;
        both.kinds_ |= other.kinds_;
        return both;
    }
    bool about(EventKind kind) const { return (kinds_ & bit(kind)) != 0; }

 private:
    friend Asked ask_host(const Acting&, EventKind, const User&, const User*, const ApiKey*);
    Asked() = default;
    explicit Asked(EventKind kind) : kinds_(bit(kind)) {}
    static constexpr std::uint32_t bit(EventKind kind) {
        return std::uint32_t{1} << static_cast<unsigned>(kind);
    }

    std::uint32_t kinds_ = 0;
};

/// Asks Options::before about a change. Call it before the transaction, because a host may take its
/// time. Throws the host's refusal.
inline Asked ask_host(const Acting& acting, EventKind kind, const User& user,
                      const User* before = nullptr, const ApiKey* key = nullptr) {
    const auto& before_change = acting.backend.options.before;
    if (!before_change) return Asked(kind);
    const std::optional<Veto> veto =
        before_change(make_event(acting, acting.user(), kind, user, before, key));
    if (!veto) return Asked(kind);
    const bool usable = veto->status >= 400 && veto->status <= 499;
    throw ApiError(usable ? veto->status : 403, veto->reason);
}

/// What the function of a change works with, inside the transaction. The function may run on
/// another caller's thread, and again: on a full disk an essential change is tried anew with the
/// reserve. So each run must do the same as the first, and none may call the store. Random
/// values are made before, except names of tokens, which have to be looked up here.
class Change {
 public:
    Change(store::Tx& transaction, const Acting& acting, const Operation& about, const Asked& asked)
        : tx(transaction), acting_(acting), about_(about), asked_(asked) {}

    store::Tx& tx;
    Shared<SharedIdentity> identity = nobody();  ///< the caller, read again inside the transaction
    Shared<User> user = nullptr;                 ///< the target, read again inside the transaction

    const User& actor() const { return *identity->user; }
    const User& target() const { return *user; }

    /// Writes an entry of the audit log.
    void record(AuditNote note) { record_as(actor(), std::move(note)); }
    /// The same for callers without a session: `actor` is who logs in, or the first user.
    void record_as(const User& actor, AuditNote note) {
        if (!about_.audit().action && !note.kind.action)
            throw std::logic_error("an audit entry that the operation does not name");
        operations::record(tx, acting_, actor, about_.audit(), std::move(note));
        recorded_ = true;
    }

    /// Tells the host after the commit; of changes of one user in the order of the commits.
    void tell(EventKind kind, const User& about_whom, const User* before = nullptr,
              const ApiKey* key = nullptr) {
        if (!about_.tells(kind) || !asked_.about(kind))
            throw std::logic_error(
                "an event that the operation does not name, or did not ask about");
        told_ = true;
        if (EventSink* const sink = acting_.backend.events)
            announcements.emplace_back(*sink,
                                       make_event(acting_, actor(), kind, about_whom, before, key));
    }

    /// Says that nothing was left to change, so that there is nothing to record or to tell.
    void changes_nothing() { recorded_ = told_ = true; }

    /// Throws std::logic_error when the audit entry or the event is missing that the operation
    /// announces.
    void check_complete() const {
        if (about_.audit().action && !recorded_) throw std::logic_error("no audit entry");
        if (about_.always_tells() && !told_) throw std::logic_error("no event");
    }

    std::vector<Announcement<Event>> announcements;

 private:
    const Acting& acting_;
    const Operation& about_;
    const Asked& asked_;
    bool recorded_ = false;
    bool told_ = false;
};

/// Reads the caller again: its session may have ended, or its user may have lost a role, since the
/// request was checked. Ended on purpose, a key ends at the time of a request that came later.
inline Shared<SharedIdentity> identity_now(store::Tx& tx, const Acting& acting) {
    if (acting.is_nobody() || acting.is_host()) return acting.actor;
    auto identity = acting.backend.store.identity_in(tx, acting.actor->key.id);
    if (!identity) throw rules::key_invalid();
    rules::refuse_session(*identity, acting.backend.options.session_max_life, acting.backend.now());
    return identity;
}

/// Reads the target again, which is the caller itself often enough.
inline Shared<User> target_now(store::Tx& tx, const Shared<SharedIdentity>& identity,
                               const Target& target) {
    if (target->id == identity->user->id) return part_of(identity, *identity->user);
    auto found = store::users::find(tx, target->id);
    return found ? std::make_shared<const User>(std::move(*found)) : nullptr;
}

/// The id of a user whom a change without a target changes all the same.
struct Concerning {
    std::string_view user_id = {};
};

/// Takes the locks of a change, before anything is read by which it decides.
inline void lock(store::Tx& tx, const Acting& acting, const Operation& about,
                 std::string_view target_id) {
    const bool has_session = !acting.is_nobody() && !acting.is_host();
    if (about.decides_owners()) tx.lock_owners();
    tx.lock_users(has_session ? acting.user().id : std::string_view(), target_id);
}

/// change() without a result.
inline void run_change(const Acting& acting, const Operation& about, const Asked& asked,
                       const Target* target, Concerning other, FunctionRef<void(Change&)> fn) {
    if (!target && about.action() && rules::concerns_a_user(*about.action()))
        throw std::logic_error("a permission on a user, and no user");
    std::vector<Announcement<Event>> announcements;
    const auto in_transaction = [&](store::Tx& tx) {
        announcements.clear();  // an earlier run, which was rolled back, may have filled it
        Change now(tx, acting, about, asked);
        lock(tx, acting, about, target ? std::string_view((*target)->id) : other.user_id);
        now.identity = identity_now(tx, acting);
        if (target) {
            now.user = target_now(tx, now.identity, *target);
            if (!now.user || !rules::may(now.actor(), Action::read_user, now.target()))
                throw user_not_found(target->text);
        }
        permit(about, now.actor(), target ? now.target() : now.actor(),
               [&](const User& user) { return administered_organizations(tx, user); });
        fn(now);
        now.check_complete();
        announcements = std::move(now.announcements);
    };
    acting.backend.store.write(in_transaction, about.need());
    for (Announcement<Event>& each : announcements) each.publish();
}

/// Runs `fn(Change&)` in one transaction, after reading the caller and `target` again and checking
/// permission with what was read. `target` is nullptr where the operation is about no user, or `fn`
/// finds it; then `other` names it if it is known. Returns the result of `fn` after the commit. An
/// exception of `fn` undoes the change and leaves.
template <class Fn>
auto change(const Acting& acting, const Operation& about, const Asked& asked, const Target* target,
            Concerning other, Fn&& fn) {
    using Result = std::decay_t<decltype(fn(std::declval<Change&>()))>;
    if constexpr (std::is_void_v<Result>) {
        run_change(acting, about, asked, target, other, fn);
    } else {
        std::optional<Result> result;
        run_change(acting, about, asked, target, other,
                   [&](Change& now) { result.emplace(fn(now)); });
        return std::move(*result);
    }
}

template <class Fn>
auto change(const Acting& acting, const Operation& about, const Asked& asked, const Target& target,
            Fn&& fn) {
    return change(acting, about, asked, &target, {}, fn);
}
template <class Fn>
auto change(const Acting& acting, const Operation& about, const Asked& asked, Concerning other,
            Fn&& fn) {
    return change(acting, about, asked, nullptr, other, fn);
}
template <class Fn>
auto change(const Acting& acting, const Operation& about, const Asked& asked, Fn&& fn) {
    return change(acting, about, asked, nullptr, {}, fn);
}

}}}  // namespace coder_users::v0::operations
