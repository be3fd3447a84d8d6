// Internal: may change at any time.
// Operations on the text that the host keeps about a user. They are for calls in the process alone.
#pragma once

#include <cstdint>
#include <string>

#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/user_data.hpp"
#include "coder_users/internal/store/user_data.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation get_data = Operation("").permits(Action::edit_user);
inline constexpr Operation set_data =
    Operation("").in(Lane::write).permits(Action::edit_user).audited_with_refusals("user", "write");
}  // namespace about

/// Returns "" when there is none.
inline std::string get_data(const Acting& acting, const UserRef& who) {
    return on_user(acting, about::get_data, who, [&](const Target& target) {
        return acting.backend.store
            .read([&](store::Connection& c) { return store::user_data::find(c, target->id); })
            .value_or("");
    });
}

/// Stores the text in the place of an earlier one; "" removes that. The audit log tells the sizes
/// alone.
inline void set_data(const Acting& acting, const UserRef& who, const std::string& text) {
    const auto check = [&] {
        if (const std::string_view flaw = rules::user_data_flaw(text); !flaw.empty())
            throw ApiError(400, "Validation failed.", {}, {{"data", std::string(flaw)}});
    };
    on_user(acting, about::set_data, who, check, [&](const Target& target) {
        change(acting, about::set_data, Asked::not_needed(), target, [&](Change& now) {
            const User& user = now.target();
            const std::string earlier = store::user_data::find(now.tx, user.id).value_or("");
            if (text.empty())
                store::user_data::remove(now.tx, user.id);
            else
                store::user_data::put(now.tx, user.id, text);
            const auto size = [](const std::string& of) {
                return static_cast<std::int64_t>(of.size());
            };
            now.record({user.id, user.username, 200,
                        AuditDiff().field("data_bytes", size(earlier), size(text)).take()});
        });
    });
}

}}}  // namespace coder_users::v0::operations
