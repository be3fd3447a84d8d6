// Internal: may change at any time.
// The fields of request bodies, in the order in which broken rules are reported
// (docs/contract/http.md, "Field rules").
#pragma once

#include <string_view>

#include "coder_users/internal/base/user_settings.hpp"
#include "coder_users/internal/rules/fields.hpp"
#include "coder_users/internal/wire/body.hpp"

namespace coder_users { inline namespace v0 { namespace http { namespace bodies {

using wire::BodySchema;
using wire::Field;
using wire::FieldType;

namespace fields = rules::fields;

inline const BodySchema first_user{
    "CreateFirstUserRequest",
    {fields::email,
     fields::username,
     fields::name,
     fields::password,
     {"trial", FieldType::flag},
     {"trial_info", FieldType::object},
     {"onboarding_info", FieldType::object}},
    R"({"email":"alice@example.com","username":"alice","name":"Alice Adams","password":"correct-Horse-9","trial":false})"};

/// Must name every field that restricts an account (status, service account, no login): an ignored
/// one would make an account with more rights. People need an address, service accounts have none.
inline const BodySchema user{
    "CreateUserRequest",
    {fields::optional_email,
     fields::username,
     fields::name,
     Field(fields::user_status).one_of(user_status_names),
     {"password", FieldType::text},
     Field("login_type", FieldType::text).one_of(login_type_names),
     {"disable_login", FieldType::flag},
     {"service_account", FieldType::flag},
     {"roles", FieldType::texts},
     {"organization_ids", FieldType::uuids},
     {"organization_id", FieldType::uuid}},
    R"({"email":"bob@example.com","username":"bob","name":"Bob Barker","password":"correct-Horse-9","login_type":"password","disable_login":false})"};

inline const BodySchema login{"LoginWithPasswordRequest",
                              {fields::email, fields::password},
                              R"({"email":"alice@example.com","password":"correct-Horse-9"})"};

inline const BodySchema profile{"UpdateUserProfileRequest",
                                {fields::username, fields::name, fields::avatar_url},
                                R"({"username":"robert","name":"Robert Barker"})"};

inline const BodySchema email{
    "UpdateUserEmailRequest", {fields::email}, R"({"email":"robert@example.com"})"};

inline const BodySchema appearance{
    "UpdateUserAppearanceSettingsRequest",
    {fields::theme_preference, Field(fields::theme_mode).one_of(theme_modes),
     Field(fields::theme_light).one_of(theme_names, "ThemeName"),
     Field(fields::theme_dark).one_of(theme_names, "ThemeName"),
     Field("terminal_font", FieldType::text).one_of(terminal_fonts)},
    R"({"theme_preference":"dark","theme_mode":"single","theme_dark":"dark","terminal_font":"fira-code"})"};

inline const BodySchema preferences{
    "UpdateUserPreferenceSettingsRequest",
    {{"task_notification_alert_dismissed", FieldType::flag},
     Field("thinking_display_mode", FieldType::text).one_of(thinking_display_modes),
     Field("shell_tool_display_mode", FieldType::text).one_of(tool_display_modes),
     Field("code_diff_display_mode", FieldType::text).one_of(diff_display_modes),
     Field("agent_chat_send_shortcut", FieldType::text).one_of(send_shortcuts)},
    R"({"task_notification_alert_dismissed":true,"thinking_display_mode":"preview"})"};

inline const BodySchema notification_preferences{
    "UpdateUserNotificationPreferences",
    {{"template_disabled_map", FieldType::object}},
    R"({"template_disabled_map":{"497f6eca-6276-4993-bfeb-53cbbbba6f08":true}})"};

inline const BodySchema quiet_hours{"UpdateUserQuietHoursScheduleRequest",
                                    {fields::schedule},
                                    R"({"schedule":"CRON_TZ=UTC 0 0 * * *"})"};

inline const BodySchema password{
    "UpdateUserPasswordRequest",
    {{"old_password", FieldType::text}, fields::password},
    R"({"old_password":"correct-Horse-9","password":"another-Horse-10"})"};

inline const BodySchema password_to_check{
    "ValidateUserPasswordRequest", {fields::password}, R"({"password":"correct-Horse-9"})"};

inline const BodySchema passcode_request{
    "RequestOneTimePasscodeRequest", {fields::email}, R"({"email":"alice@example.com"})"};

inline const BodySchema passcode_change{
    "ChangePasswordWithOneTimePasscodeRequest",
    {fields::email, fields::password, fields::one_time_passcode},
    R"({"email":"alice@example.com","password":"another-Horse-10","one_time_passcode":"6c1d0b9a-1e57-4c3e-8f0e-2b9a4d7c5e10"})"};

inline const BodySchema organization{
    "CreateOrganizationRequest",
    {fields::organization_name, fields::organization_display_name, fields::organization_description,
     fields::organization_icon},
    R"({"name":"crew","display_name":"The Crew","description":"Whoever is on board","icon":""})"};

inline const BodySchema organization_changes{
    "UpdateOrganizationRequest",
    {fields::changed_organization_name,
     fields::organization_display_name,
     fields::organization_description,
     fields::organization_icon,
     {"default_org_member_roles", FieldType::texts}},
    R"({"display_name":"The Crew","description":"Whoever is on board"})"};

inline const BodySchema roles{"UpdateRoles", {{"roles", FieldType::texts}}, R"({"roles":[]})"};

/// Must name every field that restricts a token (scopes, allow list): an ignored one would make a
/// token with more rights.
inline const BodySchema token{
    "CreateTokenRequest",
    {Field("lifetime", FieldType::integer).means("In nanoseconds; 0: the usual lifetime"),
     {"scope", FieldType::text},
     {"scopes", FieldType::texts},
     {"allow_list", FieldType::texts},
     {"token_name", FieldType::text}},
    R"({"lifetime":86400000000000,"scope":"all","token_name":"laptop"})"};

inline const BodySchema convert_login{
    "ConvertLoginRequest",
    {Field(fields::to_type).one_of(login_type_names, "LoginType"), fields::password},
    R"({"to_type":"github","password":"correct-Horse-9"})"};

inline const BodySchema authcheck{
    "AuthorizationRequest",
    {{"checks", FieldType::object}},
    R"({"checks":{"read-users":{"object":{"resource_type":"user","owner_id":"me"},"action":"read"}}})"};

}}}}  // namespace coder_users::v0::http::bodies
