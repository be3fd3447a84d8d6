// Internal: may change at any time.
// The user that an operation is about, and the checks before every operation on a user.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/function_ref.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/operations/audit.hpp"
#include "coder_users/internal/operations/key_limits.hpp"
#include "coder_users/internal/operations/operation.hpp"
#include "coder_users/internal/rules/policy.hpp"
#include "coder_users/internal/rules/roles.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// Names a user: "me", an id or a name. Holds the user, too, where it was found already and the
/// caller may read it.
struct UserRef {
    UserRef(std::string_view name) : text(name) {}
    UserRef(std::string_view name, Shared<User> known) : text(name), found(std::move(known)) {}

    std::string_view text;
    Shared<User> found = nullptr;
};

/// The user that an operation is about, as it was when the operation began.
struct Target {
    Shared<User> user;
    std::string_view text;  ///< the name that the caller used

    const User& operator*() const { return *user; }
    const User* operator->() const { return user.get(); }
};

/// The 404 for a user that is there, but hidden from the caller. Only the log tells it apart.
class UserHidden : public ApiError {
 public:
    explicit UserHidden(const ApiError& not_found) : ApiError(not_found) {}
};

/// `text` is the name that the caller used.
inline ApiError user_not_found(std::string_view text) {
    return not_found("queried user=\"" + with_backslashes(text) + '"');
}

inline std::optional<User> named_user(store::Connection& c, const User& actor,
                                      std::string_view text) {
    if (text == "me") return store::users::find(c, actor.id);
    if (const auto id = parse_uuid(text)) return store::users::find(c, *id);
    return store::users::find_by_username(c, text);
}

/// Finds a user. Throws 404 when there is none or the actor may not read it.
inline User readable_user(store::Connection& c, const User& actor, std::string_view text) {
    auto user = named_user(c, actor, text);
    if (user && rules::may(actor, Action::read_user, *user)) return std::move(*user);
    // The actor was deleted after its session was checked: that, and not the target, is missing.
    if (actor.id != nil_uuid && !store::users::find(c, actor.id)) throw rules::key_invalid();
    if (user) throw UserHidden(user_not_found(text));
    throw user_not_found(text);
}

/// Finds the user. Throws 404 when there is none, or the caller or its key may not read it.
inline Target find_target(const Acting& acting, const Operation& about, UserRef who) {
    if (who.found) return {std::move(who.found), who.text};
    if (who.text.empty()) throw user_not_found(who.text);
    // Reuse the session's user: a second read could see a newer state.
    const User& actor = acting.user();
    Target target{nullptr, who.text};
    if (!acting.is_host() && names_self(actor, who.text))
        target.user = acting.actor->user;
    else
        target.user = std::make_shared<const User>(acting.backend.store.read(
            [&](store::Connection& c) { return readable_user(c, actor, who.text); }));
    if (!key_reaches(about, *acting.actor, *target)) throw UserHidden(user_not_found(who.text));
    return target;
}

/// Throws the refusal for callers who name themselves.
inline void refuse_self(const Operation& about, const User& actor, const User& target) {
    const OnSelf on_self = about.on_self();
    if (on_self.message && actor.id == target.id) throw ApiError(on_self.status, on_self.message);
}

/// The ids of the organizations that the user is admin of.
inline std::vector<std::string> administered_organizations(store::Connection& c, const User& user) {
    std::vector<std::string> ids;
    const auto memberships = store::organizations::memberships(c, user.id);
    for (const OrganizationMember& each : memberships)
        for (const std::string& role : each.roles)
            if (role == rules::organization_admin_role(each.organization_id))
                ids.push_back(each.organization_id);
    return ids;
}

/// Throws 403 when the caller lacks the operation's permission. Call it after the fields were
/// checked, because the contract wants their refusal first.
inline void permit(const Operation& about, const User& actor, const User& target,
                   rules::AdministeredBy administered_by) {
    const auto action = about.action();
    if (!action || rules::may(actor, *action, target, administered_by)) return;
    throw about.forbidden() ? ApiError(403, about.forbidden()) : forbidden();
}
/// For operations that are about no user.
inline void permit(const Operation& about, const User& actor) {
    permit(about, actor, actor, [](const User&) { return std::vector<std::string>(); });
}

/// What a key must cover for the action: all that the operations need which it permits.
inline constexpr Operation key_needs_of(Action action) {
    const Operation any("");
    switch (action) {
        case Action::read_user:
            return any.needs("user:read").open_to_limited_keys();
        case Action::manage_user:
            return any.needs("user:*");
        case Action::read_user_roles:
            return any.needs("user:read", "user:read_personal");
        case Action::use_keys:
            return any.needs("api_key:*").is_about_keys();
        case Action::act_as_user:
            return any.needs("user:read", "user:update_personal");
        case Action::read_all_users:
            return any.needs("user:read");
        case Action::read_all_keys:
            return any.needs("api_key:read", "user:read");
        case Action::edit_user:  // the password and the sessions of others, too
        case Action::choose_notifications:
        case Action::create_users:
        case Action::assign_roles:
        case Action::assign_all_roles:
        case Action::read_audit:
        case Action::read_deployment_config:
        case Action::ignore_rate_limits:
            break;
    }
    return any;
}

/// Whether the caller may do this to the user with this name, or at all when `user` is "". Throws
/// 403 and 404.
inline bool may(const Acting& acting, Action action, std::string_view user) {
    const Operation about = key_needs_of(action);
    refuse_narrow_key(about, *acting.actor, user);
    if (user.empty()) return rules::may(acting.user(), action);
    return acting.backend.store.read([&](store::Connection& c) {
        const User target = readable_user(c, acting.user(), user);
        if (!key_reaches(about, *acting.actor, target)) return false;
        return rules::may(acting.user(), action, target,
                          [&](const User& each) { return administered_organizations(c, each); });
    });
}

/// The subject of the audit entry for a refused change.
struct RefusedChange {
    const std::string& resource_id;
    std::string resource_target;
    std::string organization_id = std::string(nil_uuid);
};

/// Writes the audit entry of a refusal if the operation records it.
inline void record_refusal(const Acting& acting, const Operation& about, int status,
                           FunctionRef<RefusedChange()> subject) {
    const bool counts = status == 400 || status == 401 || status == 403 || status == 409;
    if (!about.records_refusals() || !counts) return;
    RefusedChange refused = subject();
    AuditNote note;
    note.resource_id = refused.resource_id;
    note.resource_target = std::move(refused.resource_target);
    note.status = status;
    note.organization_id = std::move(refused.organization_id);
    acting.backend.store.write(
        [&](store::Tx& tx) { record(tx, acting, acting.user(), about.audit(), note); });
}

/// Runs `step()`. When it throws a refusal that the operation records, writes an audit entry about
/// `subject()`.
template <class Step>
auto recording_refusals(const Acting& acting, const Operation& about,
                        FunctionRef<RefusedChange()> subject, Step&& step) -> decltype(step()) {
    try {
        return step();
    } catch (const ApiError& error) {
        record_refusal(acting, about, error.status(), subject);
        throw;
    }
}

/// Throws and records the refusal for callers who name themselves. HTTP calls it before it reads
/// the body, and the operation calls it again.
inline void refuse_self(const Acting& acting, const Operation& about, const User& target) {
    recording_refusals(
        acting, about,
        [&] {
            return RefusedChange{target.id, target.username};
        },
        [&] { refuse_self(about, acting.user(), target); });
}

/// Throws 403 when the caller may not do this to the user.
inline void permit(const Acting& acting, const Operation& about, const User& target) {
    permit(about, acting.user(), target, [&](const User& user) {
        return acting.backend.store.read(
            [&](store::Connection& c) { return administered_organizations(c, user); });
    });
}

/// Runs one operation on one user: finds the target, refuses callers who name themselves if the
/// operation does, runs `check_fields()`, checks permission, and calls `fn(const Target&)`. That is
/// the order of docs/contract/http.md, "Order of checks". `named(const User&)` returns the name of
/// the target in the entry of a refusal.
template <class CheckFields, class Named, class Fn>
auto on_user(const Acting& acting, const Operation& about, const UserRef& who,
             CheckFields&& check_fields, Named&& named, Fn&& fn) {
    const Target target = find_target(acting, about, who);
    refuse_self(acting, about, *target);
    check_fields();
    return recording_refusals(
        acting, about,
        [&] {
            return RefusedChange{target->id, named(*target)};
        },
        [&] {
            permit(acting, about, *target);
            return fn(target);
        });
}

template <class CheckFields, class Fn>
auto on_user(const Acting& acting, const Operation& about, const UserRef& who,
             CheckFields&& check_fields, Fn&& fn) {
    return on_user(
        acting, about, who, check_fields, [](const User& target) { return target.username; }, fn);
}

template <class Fn>
auto on_user(const Acting& acting, const Operation& about, const UserRef& who, Fn&& fn) {
    return on_user(
        acting, about, who, [] {}, fn);
}

}}}  // namespace coder_users::v0::operations
