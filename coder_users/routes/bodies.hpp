// The request bodies, in the order in which their rules are reported (docs/contract/http.md,
// "Field rules").
#pragma once

#include <string_view>

#include "coder_users/base/model.hpp"
#include "coder_users/format/schema.hpp"
#include "coder_users/rules/names.hpp"

namespace coder_users { inline namespace v0 { namespace routes { namespace bodies {

using format::BodySchema;
using format::FieldRule;
using format::FieldType;

inline constexpr FieldRule email_rule{"email", rules::valid_email};
inline constexpr FieldRule username_rule{"username", rules::valid_username};

inline const BodySchema first_user{
    "CreateFirstUserRequest",
    {{"email", FieldType::text, true, email_rule},
     {"username", FieldType::text, true, username_rule},
     {"password", FieldType::text, true},
     {"trial", FieldType::flag}},
    R"({"email":"alice@example.com","username":"alice","password":"correct-Horse-9","trial":false})"};

inline bool names_user_status(std::string_view text) { return user_status_named(text).has_value(); }

/// What narrows an account (status, service account, no login) must never be dropped unread.
inline const BodySchema user{
    "CreateUserRequest",
    {{"email", FieldType::text, true, email_rule},
     {"username", FieldType::text, true, username_rule},
     {"user_status", FieldType::text, false, {"oneof", names_user_status}},
     {"password", FieldType::text},
     {"login_type", FieldType::text},
     {"disable_login", FieldType::flag},
     {"service_account", FieldType::flag},
     {"organization_id", FieldType::uuid}},
    R"({"email":"bob@example.com","username":"bob","password":"correct-Horse-9","login_type":"password","disable_login":false})"};

inline const BodySchema login{
    "LoginWithPasswordRequest",
    {{"email", FieldType::text, true, email_rule}, {"password", FieldType::text, true}},
    R"({"email":"alice@example.com","password":"correct-Horse-9"})"};

inline const BodySchema profile{"UpdateUserProfileRequest",
                                {{"username", FieldType::text, true, username_rule}},
                                R"({"username":"robert"})"};

inline bool at_most_128_bytes(std::string_view text) { return text.size() <= 128; }

inline const BodySchema appearance{
    "UpdateUserAppearanceSettingsRequest",
    {{"theme_preference", FieldType::text, true, {"max", at_most_128_bytes}}},
    R"({"theme_preference":"dark"})"};

inline const BodySchema password{
    "UpdateUserPasswordRequest",
    {{"old_password", FieldType::text}, {"password", FieldType::text, true}},
    R"({"old_password":"correct-Horse-9","password":"another-Horse-10"})"};

inline const BodySchema roles{"UpdateRoles", {{"roles", FieldType::texts}}, R"({"roles":[]})"};

/// What narrows a token (scopes, allow list) must never be dropped unread.
inline const BodySchema token{"CreateTokenRequest",
                              {{"lifetime", FieldType::integer},
                               {"scope", FieldType::text},
                               {"scopes", FieldType::texts},
                               {"allow_list", FieldType::texts},
                               {"token_name", FieldType::text}},
                              R"({"lifetime":86400000000000,"scope":"all","token_name":"laptop"})"};

inline const BodySchema convert_login{
    "ConvertLoginRequest",
    {{"to_type", FieldType::text, true}, {"password", FieldType::text, true}},
    R"({"to_type":"github","password":"correct-Horse-9"})"};

inline const BodySchema authcheck{
    "AuthorizationRequest",
    {{"checks", FieldType::object}},
    R"({"checks":{"read-users":{"object":{"resource_type":"user","owner_id":"me"},"action":"read"}}})"};

}}}}  // namespace coder_users::v0::routes::bodies
