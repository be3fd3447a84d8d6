// Internal: may change at any time.
// Shapes: the JSON of answers as data, for tests and the API description.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/release.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

enum class ValueType {
    text,
    uuid,
    time,
    integer,
    flag,
    object,
    array,
    object_or_null,
    any_object,    ///< an object with any keys
    map_of_texts,  ///< an object with any keys, each with an array of strings
};

struct Shape;

/// A member of an object: never null, and always present unless `optional`.
struct Property {
    const char* name;
    ValueType type;
    const Shape* of = nullptr;         ///< the shape of an object, or of the objects in an array
    ValueType item = ValueType::text;  ///< the type of the elements of another array
    bool optional = false;
    std::vector<const char*> values{};  ///< the only texts that occur; empty: any
    Release since{};                    ///< answers of older releases leave it out
    const char* listed_as = nullptr;    ///< what descriptions call the list of values; nullptr: as
                                        ///< the member

    bool is_in(Release release) const { return !(release < since); }
};

/// The property of a later release.
inline Property later(int minor, Property property) {
    property.since = {2, minor};
    return property;
}

/// A text that is one of `values`.
inline Property one_of(const char* name, std::vector<const char*> values,
                       const char* listed_as = nullptr) {
    return {name,  ValueType::text,   nullptr, ValueType::text,
            false, std::move(values), {},      listed_as};
}

struct Shape {
    const char* name;
    std::vector<Property> properties;
    ValueType type = ValueType::object;  ///< of anything else there are no properties
};

namespace shapes {

inline const Shape role{
    "Role",
    {{"name", ValueType::text},
     {"display_name", ValueType::text},
     later(13, {"organization_id", ValueType::uuid, nullptr, ValueType::text, true})}};

}

/// The property that answers have for a field.
inline Property property_of(const char* name, const fields::Attributes& field) {
    using fields::Kind;
    std::vector<const char*> values;
    for (std::size_t i = 0; i < field.values.size; ++i)
        if (static_cast<int>(i) != field.except) values.push_back(field.values.first[i].data());
    switch (field.kind) {
        case Kind::uuid:
            return {name, ValueType::uuid};
        case Kind::time:
            return {name, ValueType::time};
        case Kind::integer:
            return {name, ValueType::integer};
        case Kind::flag:
            return {name, ValueType::flag};
        case Kind::texts:
            return {name, ValueType::array, nullptr, ValueType::text};
        case Kind::uuids:
            return {name, ValueType::array, nullptr, ValueType::uuid};
        case Kind::roles:
            return {name, ValueType::array, &shapes::role, ValueType::object};
        case Kind::json:
            return {name, ValueType::any_object};
        case Kind::text:
        case Kind::name:
            break;
    }
    return one_of(name, std::move(values), field.listed_as);
}

/// The properties of `T` in answers of any release, followed by `more`.
template <class T>
std::vector<Property> properties_of(const std::vector<Property>& more = {}) {
    std::vector<Property> all;
    fields::for_each<T>([&](auto at) {
        constexpr const auto& field = at.field;
        if (!field.answered) return;
        all.push_back(property_of(field.name, field));
        all.back().since = field.since;
    });
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

namespace shapes {

inline const Shape validation{"ValidationError",
                              {{"field", ValueType::text}, {"detail", ValueType::text}}};

// Generated clients have types of their own with the names that the contract gives these two:
// Response in Python, APIKey in Go.
inline const Shape response{
    "MessageResponse",
    {{"message", ValueType::text},
     {"detail", ValueType::text, nullptr, ValueType::text, true},
     {"validations", ValueType::array, &validation, ValueType::object, true}}};

inline const Property ai_seat = later(32, {"has_ai_seat", ValueType::flag});

inline const Shape user{"User", properties_of<User>({ai_seat})};

inline const Shape users{
    "GetUsersResponse",
    {{"users", ValueType::array, &user, ValueType::object}, {"count", ValueType::integer}}};

inline const Shape first_user{"CreateFirstUserResponse",
                              {{"user_id", ValueType::uuid}, {"organization_id", ValueType::uuid}}};

inline const Shape login{"LoginResponse", {{"session_token", ValueType::text}}};

inline const Shape auth_method{"AuthMethod", {{"enabled", ValueType::flag}}};

inline const Shape github_auth_method{
    "GithubAuthMethod",
    {{"enabled", ValueType::flag}, later(20, {"default_provider_configured", ValueType::flag})}};

inline const Shape oidc_auth_method{
    "OIDCAuthMethod",
    {{"enabled", ValueType::flag}, {"signInText", ValueType::text}, {"iconUrl", ValueType::text}}};

inline const Shape auth_methods{"AuthMethods",
                                {{"password", ValueType::object, &auth_method},
                                 {"github", ValueType::object, &github_auth_method},
                                 {"oidc", ValueType::object, &oidc_auth_method}}};

inline const Shape build_info{"BuildInfo",
                              {{"external_url", ValueType::text},
                               {"version", ValueType::text},
                               {"dashboard_url", ValueType::text},
                               {"workspace_proxy", ValueType::flag},
                               later(7, {"agent_api_version", ValueType::text}),
                               later(8, {"upgrade_message", ValueType::text}),
                               later(11, {"deployment_id", ValueType::uuid}),
                               later(13, {"telemetry", ValueType::flag}),
                               later(15, {"provisioner_api_version", ValueType::text})}};

inline const Shape user_with_roles{
    "UserWithRoles",
    properties_of<User>({ai_seat, {"organization_roles", ValueType::map_of_texts}})};

inline const Shape user_roles{"UserRoles",
                              {{"roles", ValueType::array, nullptr, ValueType::text},
                               {"organization_roles", ValueType::map_of_texts}}};

inline const Shape appearance{"UserAppearanceSettings", properties_of<Appearance>()};

inline const Shape preferences{"UserPreferenceSettings", properties_of<Preferences>()};

inline const Shape notification_preference{
    "NotificationPreference",
    {{"id", ValueType::uuid}, {"disabled", ValueType::flag}, {"updated_at", ValueType::time}}};

inline const Shape quiet_hours{"UserQuietHoursScheduleResponse",
                               {{"raw_schedule", ValueType::text},
                                {"user_set", ValueType::flag},
                                {"user_can_set", ValueType::flag},
                                {"time", ValueType::text},
                                {"timezone", ValueType::text},
                                {"next", ValueType::time}}};

inline const Shape user_parameter{"UserParameter",
                                  {{"name", ValueType::text}, {"value", ValueType::text}}};

inline const Shape api_key{"UserAPIKey", properties_of<ApiKey>()};

inline const Shape listed_token{"APIKeyWithOwner",
                                properties_of<ApiKey>({{"username", ValueType::text}})};

inline const Shape session{"Session", properties_of<Session>()};

inline const Shape generated_key{"GenerateAPIKeyResponse", {{"key", ValueType::text}}};

inline const Shape scope_names{"ExternalAPIKeyScopes", {{"external", ValueType::array}}};

inline const Shape password_check{"ValidateUserPasswordResponse",
                                  {{"valid", ValueType::flag}, {"details", ValueType::text}}};

inline const Shape token_config{"TokenConfig", {{"max_token_lifetime", ValueType::integer}}};

inline const Shape git_ssh_key{"GitSSHKey", properties_of<GitSshKey>()};

inline const Shape organization{
    "Organization",
    properties_of<Organization>(
        {later(35, {"default_org_member_roles", ValueType::array, nullptr, ValueType::text})})};

inline const Shape organization_member{"OrganizationMember", properties_of<OrganizationMember>()};

/// The property of a member that is the user's field of this name.
inline Property of_user(int minor, const char* name, std::string_view field) {
    return later(minor, property_of(name, fields::named<User>(field)));
}

inline const Shape member_with_user{
    "OrganizationMemberWithUserData",
    properties_of<OrganizationMember>(
        {of_user(14, "username", "username"), of_user(14, "name", "name"),
         of_user(14, "avatar_url", "avatar_url"), of_user(14, "email", "email"),
         of_user(14, "global_roles", "roles"), of_user(32, "status", "status"),
         of_user(32, "login_type", "login_type"), of_user(32, "last_seen_at", "last_seen_at"),
         of_user(32, "user_created_at", "created_at"), of_user(32, "user_updated_at", "updated_at"),
         of_user(32, "is_service_account", "is_service_account"), ai_seat})};

inline const Shape member_page{"PaginatedMembersResponse",
                               {{"members", ValueType::array, &member_with_user, ValueType::object},
                                {"count", ValueType::integer}}};

inline const Shape assignable_role{
    "AssignableRole",
    {{"name", ValueType::text},
     {"display_name", ValueType::text},
     {"assignable", ValueType::flag},
     later(12, {"organization_id", ValueType::uuid, nullptr, ValueType::text, true}),
     later(12, {"site_permissions", ValueType::array}),
     later(12, {"user_permissions", ValueType::array}),
     later(12, {"organization_permissions", ValueType::array}),
     later(28, {"organization_member_permissions", ValueType::array}),
     later(12, {"built_in", ValueType::flag})}};

inline const Shape user_login_type{"UserLoginType",
                                   {property_of("login_type", fields::named<User>("login_type"))}};

inline const Shape oidc_claims{"OIDCClaimsResponse", {{"claims", ValueType::any_object}}};

inline const Shape login_conversion{"ConvertLoginResponse",
                                    {{"state_string", ValueType::text},
                                     {"expires_at", ValueType::time},
                                     one_of("to_type", {"github", "oidc"}, "LoginType"),
                                     {"user_id", ValueType::uuid}}};

inline const Shape audited_organization{"MinimalOrganization",
                                        {{"id", ValueType::uuid},
                                         {"name", ValueType::text},
                                         {"display_name", ValueType::text},
                                         {"icon", ValueType::text}}};

inline const Shape audit_log = [] {
    Shape shape{"AuditLog", properties_of<AuditEntry>(
                                {{"additional_fields", ValueType::any_object},
                                 {"description", ValueType::text},
                                 {"resource_link", ValueType::text},
                                 {"is_deleted", ValueType::flag},
                                 later(14, {"organization", ValueType::object,
                                            &audited_organization, ValueType::text, true}),
                                 {"user", ValueType::object_or_null, &user}})};
    const auto diff =
        std::find_if(shape.properties.begin(), shape.properties.end(),
                     [](const Property& each) { return std::string_view(each.name) == "diff"; });
    shape.properties.insert(diff, {"resource_icon", ValueType::text});
    return shape;
}();

inline const Shape audit_logs{"AuditLogResponse",
                              {{"audit_logs", ValueType::array, &audit_log, ValueType::object},
                               {"count", ValueType::integer},
                               later(32, {"count_cap", ValueType::integer})}};

/// Any keys, each with a boolean.
inline const Shape authorizations{"AuthorizationResponse", {}};

/// The description of this API.
inline const Shape openapi{"OpenAPIDocument", {}};

}  // namespace shapes

}}}  // namespace coder_users::v0::wire
