// Internal: may change at any time.
// Lists every field of users, keys and organizations once: its name in answers, exports, tables and
// the audit log, and its place in each.
#pragma once

#include <tuple>

#include "coder_users/audit.hpp"
#include "coder_users/internal/base/audit_entry.hpp"
#include "coder_users/internal/base/field.hpp"
#include "coder_users/internal/base/seed_user.hpp"
#include "coder_users/internal/base/user_record.hpp"
#include "coder_users/internal/base/user_settings.hpp"
#include "coder_users/model.hpp"
#include "coder_users/settings.hpp"

namespace coder_users { inline namespace v0 { namespace fields {

template <>
struct Of<User> {
    static constexpr const char* table = "users";
    static constexpr auto list = std::make_tuple(
        Field("id", &User::id).is(Kind::uuid).in_audit(),
        Field("username", &User::username).also_folded().in_audit_after("email"),
        Field("email", &User::email).also_folded().in_audit(),
        Field("created_at", &User::created_at), Field("last_seen_at", &User::last_seen_at),
        Field("status", &User::status)
            .listed_in("UserStatus")
            .or_else(UserStatus::suspended)
            .in_audit(),
        Field("organization_ids", &User::organization_ids).is(Kind::uuids).not_exported(),
        Field("roles", &User::roles)
            .is(Kind::roles)
            .exported_after("theme_preference")
            .in_audit_as("rbac_roles"),
        Field("login_type", &User::login_type)
            .never_is(LoginType::token)
            .or_else(LoginType::none)
            .in_audit(),
        Field("avatar_url", &User::avatar_url),
        Field("theme_preference", &User::theme_preference).in_audit(),
        Field("name", &User::name).also_folded().since_release(2, 7).in_audit().later_in_exports(),
        Field("updated_at", &User::updated_at).since_release(2, 14).later_in_exports(),
        Field("is_service_account", &User::is_service_account)
            .since_release(2, 32)
            .in_audit()
            .later_in_exports());
};

/// Covers `user` and `hashed_password`; memberships, keys and links have lists of their own.
template <>
struct Of<UserRecord> {
    static constexpr const char* table = "users";
    static constexpr auto list =
        std::tuple_cat(within(&UserRecord::user),
                       std::make_tuple(Field("hashed_password", &UserRecord::hashed_password)
                                           .is_secret()
                                           .exported_after("email")
                                           .in_audit_after("theme_preference")));
};

template <>
struct Of<ApiKey> {
    static constexpr const char* table = "api_keys";
    static constexpr auto list = std::make_tuple(
        Field("id", &ApiKey::id),
        Field("user_id", &ApiKey::user_id).is(Kind::uuid).not_exported().in_audit(),
        Field("created_at", &ApiKey::created_at).in_audit(),
        Field("updated_at", &ApiKey::updated_at),
        Field("expires_at", &ApiKey::expires_at).in_audit(),
        Field("last_used", &ApiKey::last_used).in_audit(),
        Field("login_type", &ApiKey::login_type)
            .never_is(LoginType::none)
            .or_else(LoginType::token),
        Field("scope", &ApiKey::scope).listed_in("APIKeyScope").in_no_column().not_exported(),
        Field("scopes", &ApiKey::scopes).since_release(2, 27).in_audit().later_in_exports(),
        Field("allow_list", &ApiKey::allow_list).since_release(2, 28).in_audit().later_in_exports(),
        Field("token_name", &ApiKey::token_name),
        Field("lifetime_seconds", &ApiKey::lifetime_seconds),
        Field("ip", &ApiKey::ip).not_answered().later_in_exports(),
        Field("user_agent", &ApiKey::user_agent).not_answered().later_in_exports());
};

template <>
struct Of<StoredKey> {
    static constexpr const char* table = "api_keys";
    static constexpr auto list = std::tuple_cat(
        within(&StoredKey::key),
        std::make_tuple(
            Field("hashed_secret", &StoredKey::hashed_secret).is_secret().exported_after("id")));
};

/// No table: a session is a key.
template <>
struct Of<Session> {
    static constexpr auto list = std::make_tuple(
        Field("id", &Session::id), Field("created_at", &Session::created_at),
        Field("last_used", &Session::last_used), Field("expires_at", &Session::expires_at),
        Field("login_type", &Session::login_type).one_of(session_login_type_names),
        Field("ip", &Session::ip), Field("user_agent", &Session::user_agent),
        Field("current", &Session::current));
};

template <>
struct Of<GitSshKey> {
    static constexpr const char* table = "git_ssh_keys";
    static constexpr auto list = std::make_tuple(
        Field("user_id", &GitSshKey::user_id).is(Kind::uuid).not_exported(),
        Field("created_at", &GitSshKey::created_at), Field("updated_at", &GitSshKey::updated_at),
        Field("public_key", &GitSshKey::public_key));
};

template <>
struct Of<SealedGitSshKey> {
    static constexpr const char* table = "git_ssh_keys";
    static constexpr auto list = std::tuple_cat(
        within(&SealedGitSshKey::key),
        std::make_tuple(
            Field("sealed_private_key", &SealedGitSshKey::sealed_private_key).is_secret()));
};

template <>
struct Of<Organization> {
    static constexpr const char* table = "organizations";
    static constexpr auto list = std::make_tuple(
        Field("id", &Organization::id).is(Kind::uuid),
        Field("name", &Organization::name).also_folded().in_audit(),
        Field("created_at", &Organization::created_at),
        Field("updated_at", &Organization::updated_at),
        Field("display_name", &Organization::display_name)
            .since_release(2, 13)
            .in_audit()
            .later_in_exports(),
        Field("description", &Organization::description)
            .since_release(2, 13)
            .in_audit()
            .later_in_exports(),
        Field("icon", &Organization::icon).since_release(2, 13).in_audit().later_in_exports(),
        Field("is_default", &Organization::is_default)
            .since_release(2, 9)
            .in_audit()
            .later_in_exports());
};

template <>
struct Of<OrganizationMember> {
    static constexpr const char* table = "organization_members";
    static constexpr auto list = std::make_tuple(
        Field("user_id", &OrganizationMember::user_id).is(Kind::uuid).not_exported().in_audit(),
        Field("organization_id", &OrganizationMember::organization_id)
            .is(Kind::uuid)
            .exported_as("id"),
        Field("created_at", &OrganizationMember::created_at),
        Field("updated_at", &OrganizationMember::updated_at),
        Field("roles", &OrganizationMember::roles).is(Kind::roles).in_no_column().in_audit());
};

/// The fields that every struct for a provider link has.
template <class Link>
constexpr auto link_fields() {
    return std::make_tuple(
        Field("login_type", &Link::login_type).or_else(LoginType::none),
        Field("linked_id", &Link::linked_id),
        Field("sealed_access_token", &Link::sealed_access_token).is_secret(),
        Field("sealed_refresh_token", &Link::sealed_refresh_token).is_secret(),
        Field("token_expires_at", &Link::token_expires_at),
        Field("sealed_claims", &Link::sealed_claims).is_secret().later_in_exports());
}

template <>
struct Of<ProviderLink> {
    static constexpr const char* table = "user_links";
    static constexpr auto list = link_fields<ProviderLink>();
};

template <>
struct Of<UserSetting> {
    static constexpr const char* table = "user_settings";
    static constexpr auto list =
        std::make_tuple(Field("name", &UserSetting::name), Field("value", &UserSetting::value));
};

/// All but the first are rows of `user_settings`, and so are those of Preferences.
template <>
struct Of<Appearance> {
    static constexpr auto list =
        std::make_tuple(Field("theme_preference", &Appearance::theme_preference),
                        Field("terminal_font", &Appearance::terminal_font)
                            .since_release(2, 22)
                            .one_of(terminal_fonts)
                            .in_audit_after("theme_dark"),
                        Field("theme_mode", &Appearance::theme_mode)
                            .since_release(2, 34)
                            .one_of(theme_modes)
                            .in_audit(),
                        Field("theme_light", &Appearance::theme_light)
                            .since_release(2, 34)
                            .one_of(theme_names)
                            .listed_in("ThemeName")
                            .in_audit(),
                        Field("theme_dark", &Appearance::theme_dark)
                            .since_release(2, 34)
                            .one_of(theme_names)
                            .listed_in("ThemeName")
                            .in_audit());
};

template <>
struct Of<Preferences> {
    static constexpr auto list = std::make_tuple(
        Field("task_notification_alert_dismissed", &Preferences::task_notification_alert_dismissed),
        Field("thinking_display_mode", &Preferences::thinking_display_mode)
            .since_release(2, 33)
            .one_of(thinking_display_modes),
        Field("shell_tool_display_mode", &Preferences::shell_tool_display_mode)
            .since_release(2, 34)
            .one_of(tool_display_modes),
        Field("code_diff_display_mode", &Preferences::code_diff_display_mode)
            .since_release(2, 34)
            .one_of(diff_display_modes),
        Field("agent_chat_send_shortcut", &Preferences::agent_chat_send_shortcut)
            .since_release(2, 34)
            .one_of(send_shortcuts));
};

template <>
struct Of<NotificationPreference> {
    static constexpr const char* table = "notification_preferences";
    static constexpr auto list =
        std::make_tuple(Field("template_id", &NotificationPreference::template_id).is(Kind::uuid),
                        Field("disabled", &NotificationPreference::disabled),
                        Field("updated_at", &NotificationPreference::updated_at));
};

template <>
struct Of<OneTimePasscode> {
    static constexpr const char* table = "one_time_passcodes";
    static constexpr auto list =
        std::make_tuple(Field("hashed_passcode", &OneTimePasscode::hashed_passcode).is_secret(),
                        Field("expires_at", &OneTimePasscode::expires_at));
};

/// No table: what a seed says of a user. `tokens`, an object with names of its own, is not listed.
template <>
struct Of<SeedUser> {
    static constexpr auto list = std::make_tuple(
        Field("id", &SeedUser::id).is(Kind::uuid), Field("username", &SeedUser::username),
        Field("email", &SeedUser::email), Field("password", &SeedUser::password),
        Field("hashed_password", &SeedUser::hashed_password),
        Field("login_type", &SeedUser::login_type), Field("status", &SeedUser::status),
        Field("created_at", &SeedUser::created_at), Field("name", &SeedUser::name),
        Field("avatar_url", &SeedUser::avatar_url),
        Field("theme_preference", &SeedUser::theme_preference), Field("roles", &SeedUser::roles),
        Field("organization", &SeedUser::organization),
        Field("organizations", &SeedUser::organizations),
        Field("organization_roles", &SeedUser::organization_roles),
        Field("service_account", &SeedUser::service_account),
        Field("sessions", &SeedUser::sessions));
};

/// Exports do not have audit entries.
template <>
struct Of<AuditEntry> {
    static constexpr const char* table = "audit_logs";
    static constexpr auto list = std::make_tuple(
        Field("id", &AuditEntry::id).is(Kind::uuid),
        Field("request_id", &AuditEntry::request_id).is(Kind::uuid),
        Field("time", &AuditEntry::time),
        Field("organization_id", &AuditEntry::organization_id).is(Kind::uuid),
        Field("actor_id", &AuditEntry::actor_id).is(Kind::uuid).not_answered(),
        Field("ip", &AuditEntry::ip), Field("user_agent", &AuditEntry::user_agent),
        Field("resource_type", &AuditEntry::resource_type).one_of(recorded_resource_types),
        Field("action", &AuditEntry::action).one_of(recorded_actions).listed_in("AuditAction"),
        Field("resource_id", &AuditEntry::resource_id).is(Kind::uuid),
        Field("resource_target", &AuditEntry::resource_target).also_folded(),
        Field("diff", &AuditEntry::diff).is(Kind::json),
        Field("status_code", &AuditEntry::status_code));
};

}}}  // namespace coder_users::v0::fields
