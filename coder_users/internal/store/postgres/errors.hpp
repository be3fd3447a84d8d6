// Internal: may change at any time.
// Errors of a PostgreSQL server as exceptions of the store.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/store/errors.hpp"
#include "coder_users/internal/store/postgres/libpq.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// The connection is of no use any more. What it was doing may be done or not.
class Lost : public Unavailable {
    using Unavailable::Unavailable;
};

/// No answer came in time: the server stands still, or the way to it.
class Stalled : public Lost {
    using Lost::Lost;
};

/// The transaction met another one and was rolled back; it may succeed when it is run again.
class TryAgain : public Busy {
    using Busy::Busy;
};

/// A reference to a row that is not there, or not any more.
class ReferenceBroken : public ConstraintBroken {
    using ConstraintBroken::ConstraintBroken;
};

/// Returns `old()`, which works on a session that has lain idle, or `anew()` when that was lost
/// meanwhile, as after a restart of the server. `old` must change nothing.
template <class Old, class New>
auto or_anew(Old&& old, New&& anew) -> decltype(anew()) {
    try {
        return old();
    } catch (const Stalled&) {
        throw;  // another session would wait as long
    } catch (const Lost&) {
    } catch (const TryAgain&) {
        // a statement that was prepared on it fits no more
    }
    return anew();
}

/// The rules of uniqueness by the names of their indexes, with what Duplicate::column() says.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 23> unique_rules{{
    {"api_keys_pkey", "api_keys.id"},
    {"api_keys_token_name", "api_keys.user_id"},
    {"audit_logs_pkey", "audit_logs.entry"},
    {"counters_pkey", "counters.name"},
    {"database_info_pkey", "database_info.only_row"},
    {"deployment_pkey", "deployment.name"},
    {"git_ssh_keys_pkey", "git_ssh_keys.user_id"},
    {"leases_pkey", "leases.name"},
    {"notification_preferences_pkey", "notification_preferences.user_id"},
    {"one_time_passcodes_pkey", "one_time_passcodes.user_id"},
    {"organization_member_roles_pkey", "organization_member_roles.user_id"},
    {"organization_members_pkey", "organization_members.user_id"},
    {"organizations_name_folded_key", "organizations.name_folded"},
    {"organizations_pkey", "organizations.id"},
    {"used_states_pkey", "used_states.hashed_state"},
    {"user_data_pkey", "user_data.user_id"},
    {"user_links_linked_id", "user_links.login_type"},
    {"user_links_pkey", "user_links.user_id"},
    {"user_roles_pkey", "user_roles.user_id"},
    {"user_settings_pkey", "user_settings.user_id"},
    {"users_live_email", "users.email_folded"},
    {"users_live_username", "users.username_folded"},
    {"window_counts_pkey", "window_counts.name"},
}};
/// Those whose values the library makes itself.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 2> inner_unique_rules{{
    {"users_number", "users.number"},
    {"users_pkey", "users.id"},
}};

/// The column of a rule of uniqueness; the name of the rule when it is not known.
inline std::string column_of(std::string_view rule) {
    for (const auto& [name, column] : unique_rules)
        if (name == rule) return std::string(column);
    for (const auto& [name, column] : inner_unique_rules)
        if (name == rule) return std::string(column);
    return std::string(rule);
}

/// Whether the connection that got this SQLSTATE is of no use: it ends, its server does not take
/// changes any more, or what was prepared on it does not fit any more.
inline bool ends_connection(std::string_view state) {
    return starts_with(state, "08") || starts_with(state, "57P") || state == "25006" ||
           state == "26000" || state == "0A000";
}

/// What is said of an error. The server's text is left out where it may quote a value.
inline std::string error_text(const PGresult* result, std::string_view state) {
    std::string text = "PostgreSQL: " + std::string(state);
    const std::string rule = error_field(result, PG_DIAG_CONSTRAINT_NAME);
    if (!rule.empty()) text += " by " + rule;
    if (starts_with(state, "22") || starts_with(state, "23")) return text;
    return text + ": " + error_field(result, PG_DIAG_MESSAGE_PRIMARY);
}

/// Throws the exception of the store that an answer means which is an error.
[[noreturn]] inline void throw_server_error(const PGresult* result) {
    const std::string state = error_field(result, PG_DIAG_SQLSTATE);
    const std::string text = error_text(result, state);
    if (state == "23505") throw Duplicate(column_of(error_field(result, PG_DIAG_CONSTRAINT_NAME)));
    if (state == "23503") throw ReferenceBroken(text);
    if (starts_with(state, "23") || state == "22021" || state == "22P05" || state == "54000")
        throw ConstraintBroken(text);  // the last: a value is too long for its index
    if (state == "40001" || state == "40P01" || state == "26000" || state == "0A000")
        throw TryAgain(text);
    if (state == "53100") throw DiskFull(text);
    if (state == "55P03" || state == "57014" || state == "57P03" || starts_with(state, "53"))
        throw Busy(text);
    if (ends_connection(state)) throw Lost(text);
    throw Unavailable(text);
}

}}}}  // namespace coder_users::v0::store::postgres
