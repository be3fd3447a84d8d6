// What the host is asked before a change, and told after its commit.
#pragma once

#include <type_traits>
#include <utility>

#include "coder_users/base/errors.hpp"
#include "coder_users/routes/call.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

inline Event make_event(const Call& call, EventKind kind, const User& user, const User* before,
                        const ApiKey* key) {
    Event event;
    event.kind = kind;
    event.time = call.now;
    event.request_id = std::string(call.request_id);
    event.address = std::string(call.address);
    // Who logs in, or is the first, acts for itself.
    if (!call.actor->is_system())
        event.actor = call.actor->user.id.empty() ? user : call.actor->user;
    event.user = user;
    if (before) event.before = *before;
    if (key) event.key = *key;
    return event;
}

/// Outside the transaction and before it. Throws the refusal of the host.
inline void ask_host(const Call& call, EventKind kind, const User& user,
                     const User* before = nullptr, const ApiKey* key = nullptr) {
    const auto& before_change = call.backend.options.before;
    if (!before_change) return;
    const std::optional<Veto> veto = before_change(make_event(call, kind, user, before, key));
    if (!veto) return;
    const bool usable = veto->status >= 400 && veto->status <= 499;
    throw ApiError(usable ? veto->status : 403, veto->reason);
}

/// Inside the transaction: the host is told when write() has committed it.
inline void tell_host(Call& call, EventKind kind, const User& user, const User* before = nullptr,
                      const ApiKey* key = nullptr) {
    if (call.backend.events)
        call.announcements.emplace_back(*call.backend.events,
                                        make_event(call, kind, user, before, key));
}

/// One transaction of the store, and what is told of it.
template <class Fn>
auto write(Call& call, Fn&& fn) {
    const auto tell = [&] {
        for (Announcement& each : call.announcements) each.publish();
        call.announcements.clear();
    };
    const auto need =
        call.route.works_on_full_disk ? store::Need::essential : store::Need::ordinary;
    const auto change = [&](store::Tx& tx) {
        call.announcements.clear();  // an essential change may be run twice
        return fn(tx);
    };
    if constexpr (std::is_void_v<decltype(fn(std::declval<store::Tx&>()))>) {
        call.backend.store.write(change, need);
        tell();
    } else {
        auto result = call.backend.store.write(change, need);
        tell();
        return result;
    }
}

}}}  // namespace coder_users::v0::routes
