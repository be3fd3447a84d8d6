// The wire types of answers, as data: what tests and the API description read.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace coder_users { inline namespace v0 { namespace format {

enum class ValueType {
    text,
    uuid,
    time,
    integer,
    flag,
    object,
    array,
    object_or_null,
    any_object,    ///< its keys are not fixed
    map_of_texts,  ///< any keys, each with an array of strings
};

struct Shape;

/// A key of an object, always present unless `optional`; never null.
struct Property {
    const char* name;
    ValueType type;
    const Shape* of = nullptr;         ///< objects, and arrays of objects
    ValueType item = ValueType::text;  ///< arrays of anything else
    bool optional = false;
    std::vector<const char*> values{};  ///< of texts: the only ones there are; empty: any
};

/// A text that is one of `values`.
inline Property one_of(const char* name, std::vector<const char*> values) {
    return {name, ValueType::text, nullptr, ValueType::text, false, std::move(values)};
}

struct Shape {
    const char* name;
    std::vector<Property> properties;
};

namespace shapes {

inline const Shape validation{"ValidationError",
                              {{"field", ValueType::text}, {"detail", ValueType::text}}};

inline const Shape response{
    "Response",
    {{"message", ValueType::text},
     {"detail", ValueType::text, nullptr, ValueType::text, true},
     {"validations", ValueType::array, &validation, ValueType::object, true}}};

inline const Shape role{"Role", {{"name", ValueType::text}, {"display_name", ValueType::text}}};

inline const Shape user{"User",
                        {{"id", ValueType::uuid},
                         {"username", ValueType::text},
                         {"email", ValueType::text},
                         {"created_at", ValueType::time},
                         {"last_seen_at", ValueType::time},
                         one_of("status", {"active", "dormant", "suspended"}),
                         {"organization_ids", ValueType::array, nullptr, ValueType::uuid},
                         {"roles", ValueType::array, &role, ValueType::object},
                         one_of("login_type", {"password", "github", "oidc", "none"}),
                         {"avatar_url", ValueType::text},
                         {"theme_preference", ValueType::text}}};

inline const Shape users{
    "GetUsersResponse",
    {{"users", ValueType::array, &user, ValueType::object}, {"count", ValueType::integer}}};

inline const Shape first_user{"CreateFirstUserResponse",
                              {{"user_id", ValueType::uuid}, {"organization_id", ValueType::uuid}}};

inline const Shape login{"LoginResponse", {{"session_token", ValueType::text}}};

inline const Shape auth_method{"AuthMethod", {{"enabled", ValueType::flag}}};

inline const Shape oidc_auth_method{
    "OIDCAuthMethod",
    {{"enabled", ValueType::flag}, {"signInText", ValueType::text}, {"iconUrl", ValueType::text}}};

inline const Shape auth_methods{"AuthMethods",
                                {{"password", ValueType::object, &auth_method},
                                 {"github", ValueType::object, &auth_method},
                                 {"oidc", ValueType::object, &oidc_auth_method}}};

inline const Shape build_info{"BuildInfo",
                              {{"external_url", ValueType::text},
                               {"version", ValueType::text},
                               {"dashboard_url", ValueType::text},
                               {"workspace_proxy", ValueType::flag}}};

inline const Shape user_with_roles = [] {
    Shape shape{"UserWithRoles", user.properties};
    shape.properties.push_back({"organization_roles", ValueType::map_of_texts});
    return shape;
}();

inline const Shape api_key{"APIKey",
                           {{"id", ValueType::text},
                            {"user_id", ValueType::uuid},
                            {"created_at", ValueType::time},
                            {"updated_at", ValueType::time},
                            {"expires_at", ValueType::time},
                            {"last_used", ValueType::time},
                            one_of("login_type", {"password", "github", "oidc", "token"}),
                            one_of("scope", {"all", "application_connect"}),
                            {"token_name", ValueType::text},
                            {"lifetime_seconds", ValueType::integer}}};

inline const Shape listed_token = [] {
    Shape shape{"APIKeyWithOwner", api_key.properties};
    shape.properties.push_back({"username", ValueType::text});
    return shape;
}();

inline const Shape generated_key{"GenerateAPIKeyResponse", {{"key", ValueType::text}}};

inline const Shape token_config{"TokenConfig", {{"max_token_lifetime", ValueType::integer}}};

inline const Shape git_ssh_key{"GitSSHKey",
                               {{"user_id", ValueType::uuid},
                                {"created_at", ValueType::time},
                                {"updated_at", ValueType::time},
                                {"public_key", ValueType::text}}};

inline const Shape organization{"Organization",
                                {{"id", ValueType::uuid},
                                 {"name", ValueType::text},
                                 {"created_at", ValueType::time},
                                 {"updated_at", ValueType::time}}};

inline const Shape organization_member{"OrganizationMember",
                                       {{"user_id", ValueType::uuid},
                                        {"organization_id", ValueType::uuid},
                                        {"created_at", ValueType::time},
                                        {"updated_at", ValueType::time},
                                        {"roles", ValueType::array, &role, ValueType::object}}};

inline const Shape assignable_role{"AssignableRole",
                                   {{"name", ValueType::text},
                                    {"display_name", ValueType::text},
                                    {"assignable", ValueType::flag}}};

inline const Shape user_login_type{"UserLoginType",
                                   {one_of("login_type", {"password", "github", "oidc", "none"})}};

inline const Shape login_conversion{"ConvertLoginResponse",
                                    {{"state_string", ValueType::text},
                                     {"expires_at", ValueType::time},
                                     one_of("to_type", {"github", "oidc"}),
                                     {"user_id", ValueType::uuid}}};

inline const Shape audit_log{
    "AuditLog",
    {{"id", ValueType::uuid},
     {"request_id", ValueType::uuid},
     {"time", ValueType::time},
     {"organization_id", ValueType::uuid},
     {"ip", ValueType::text},
     {"user_agent", ValueType::text},
     one_of("resource_type",
            {"user", "api_key", "git_ssh_key", "convert_login", "organization_member"}),
     one_of("action", {"create", "write", "delete", "login", "logout", "register"}),
     {"resource_id", ValueType::uuid},
     {"resource_target", ValueType::text},
     {"resource_icon", ValueType::text},
     {"diff", ValueType::any_object},
     {"status_code", ValueType::integer},
     {"additional_fields", ValueType::any_object},
     {"description", ValueType::text},
     {"resource_link", ValueType::text},
     {"is_deleted", ValueType::flag},
     {"user", ValueType::object_or_null, &user}}};

inline const Shape audit_logs{"AuditLogResponse",
                              {{"audit_logs", ValueType::array, &audit_log, ValueType::object},
                               {"count", ValueType::integer}}};

/// Any keys, each with a boolean.
inline const Shape authorizations{"AuthorizationResponse", {}};

/// The description of this API itself.
inline const Shape openapi{"OpenAPI", {}};

}  // namespace shapes

}}}  // namespace coder_users::v0::format
