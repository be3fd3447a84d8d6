// Internal: may change at any time.
// What requests to the control API may hold, and the shapes of its answers.
#pragma once

#include "coder_users/internal/wire/body.hpp"
#include "coder_users/internal/wire/shapes.hpp"

namespace coder_users { inline namespace v0 { namespace control {

namespace bodies {

using wire::BodySchema;
using wire::Field;
using wire::FieldType;

inline const BodySchema advance{
    "AdvanceClock",
    {Field("duration", FieldType::text).means("Such as 2h30m; negative: back"),
     Field("seconds", FieldType::number).means("In place of duration")},
    R"({"duration":"2h30m"})"};

inline const BodySchema clock{
    "SetClock",
    {Field("now", FieldType::text).means("RFC 3339; absent: it stays"),
     Field("frozen", FieldType::flag).means("false: it goes on by itself; absent: as before")},
    R"({"now":"2026-03-01T00:00:00Z","frozen":true})"};

inline const BodySchema snapshot{"TakeSnapshot",
                                 {Field("name", FieldType::text).means("No number; absent: none")},
                                 R"({"name":"three users"})"};

inline const BodySchema user{
    "MakeUser",
    {Field("username", FieldType::text).means("Absent: after the first role, or member"),
     Field("email", FieldType::text).means("Absent: the name @example.com"),
     {"roles", FieldType::texts},
     {"service_account", FieldType::flag},
     Field("organizations", FieldType::texts).means("Their names; absent: the oldest one")},
    R"({"username":"bob","roles":["auditor"]})"};

inline const BodySchema fault{
    "AddFault",
    {Field("method", FieldType::text).means("Absent: any"),
     Field("path", FieldType::text).means("As the API description has it; absent: any"),
     Field("status", FieldType::integer).means("Is answered, and nothing is done"),
     Field("body", FieldType::any).means("Of that answer: a string, or JSON; absent: a message"),
     Field("headers", FieldType::object).means("Of that answer: names, each with a string"),
     Field("latency_ms", FieldType::integer).means("The request waits so long first"),
     Field("disconnect", FieldType::flag).means("The connection ends without an answer"),
     Field("commit", FieldType::text).means("fail or disk_full: the change is not stored, 503"),
     Field("skip", FieldType::integer).means("So many are spared first (0)"),
     Field("count", FieldType::integer).means("So many are hit; 0: all (1)")},
    R"({"method":"GET","path":"/api/v2/users/{user}","status":503,"headers":{"Retry-After":"1"}})"};

inline const BodySchema wait{
    "WaitForRequests",
    {Field("method", FieldType::text).means("Absent: any"),
     Field("path", FieldType::text).means("A path, or that of a route; absent: any"),
     Field("status", FieldType::integer).means("Absent: any"),
     Field("user", FieldType::text).means("An id or a name; absent: anybody"),
     Field("count", FieldType::integer).means("How many (1)"),
     Field("timeout_ms", FieldType::integer).means("At most 60000 (5000)")},
    R"({"method":"PUT","path":"/api/v2/users/{user}/roles","timeout_ms":2000})"};

inline const BodySchema refusal{
    "RefuseLogins",
    {Field("error", FieldType::text).means("Nobody logs in: RFC 6749, 4.1.2.1"),
     {"error_description", FieldType::text}},
    R"({"error":"access_denied"})"};

/// Every other member is a claim.
inline const BodySchema oidc_login{
    "NameOidcLogin",
    {Field("subject", FieldType::text).means("By which the account is known"),
     Field("email", FieldType::text).means("Absent: no such claim"),
     Field("email_verified", FieldType::flag).means("Absent: true"),
     Field("preferred_username", FieldType::text).means("Absent: no such claim"),
     Field("error", FieldType::text).means("In place of all others: nobody logs in"),
     {"error_description", FieldType::text}},
    R"({"subject":"ada-1","email":"ada@corp.example","preferred_username":"ada","groups":["ops"]})"};

inline const BodySchema github_login{
    "NameGithubLogin",
    {Field("id", FieldType::integer).means("By which the account is known"),
     {"login", FieldType::text},
     Field("email", FieldType::text).means("The primary address; absent: none"),
     Field("email_verified", FieldType::flag).means("Absent: true"),
     {"name", FieldType::text},
     {"avatar_url", FieldType::text},
     Field("orgs", FieldType::texts).means("Organizations of which it is an active member"),
     Field("teams", FieldType::texts).means("Teams, each as org/team-slug"),
     Field("error", FieldType::text).means("In place of all others: nobody logs in"),
     {"error_description", FieldType::text}},
    R"({"id":1,"login":"bob","email":"bob@corp.example","orgs":["acme"]})"};

inline const BodySchema version{
    "SetVersion", {{"coder_version", FieldType::text}}, R"({"coder_version":"2.35"})"};

}  // namespace bodies

namespace shapes {

using wire::Shape;
using wire::ValueType;

inline wire::Property maybe(const char* name, ValueType type) {
    return {name, type, nullptr, ValueType::text, true};
}

inline const Shape clock{"Clock", {{"now", ValueType::time}, {"frozen", ValueType::flag}}};

inline const Shape snapshot{
    "Snapshot",
    {{"id", ValueType::text}, {"name", ValueType::text}, {"taken_at", ValueType::time}}};

inline const Shape snapshots{"Snapshots",
                             {{"snapshots", ValueType::array, &snapshot, ValueType::object}}};

inline const Shape user{"MadeUser",
                        {{"id", ValueType::uuid},
                         {"username", ValueType::text},
                         {"email", ValueType::text},
                         {"password", ValueType::text},
                         {"token", ValueType::text}}};

inline const Shape fault{"Fault",
                         {{"id", ValueType::text},
                          {"method", ValueType::text},
                          {"path", ValueType::text},
                          {"status", ValueType::integer},
                          {"body", ValueType::text},
                          {"headers", ValueType::any_object},
                          {"latency_ms", ValueType::integer},
                          {"disconnect", ValueType::flag},
                          {"commit", ValueType::text},
                          {"skip", ValueType::integer},
                          {"count", ValueType::integer},
                          {"hits", ValueType::integer}}};

inline const Shape faults{"Faults", {{"faults", ValueType::array, &fault, ValueType::object}}};

inline const Shape seen_request{"SeenRequest",
                                {{"id", ValueType::uuid},
                                 {"time", ValueType::time},
                                 {"method", ValueType::text},
                                 {"path", ValueType::text},
                                 {"route", ValueType::text},
                                 {"query", ValueType::text},
                                 {"headers", ValueType::any_object},
                                 {"body", ValueType::text},
                                 {"status", ValueType::integer},
                                 {"user_id", ValueType::text},
                                 {"username", ValueType::text},
                                 {"latency_us", ValueType::integer},
                                 {"response_body", ValueType::text}}};

inline const Shape requests{"SeenRequests",
                            {{"requests", ValueType::array, &seen_request, ValueType::object},
                             {"count", ValueType::integer}}};

inline const Shape passcode{"SentPasscode",
                            {{"email", ValueType::text},
                             {"username", ValueType::text},
                             {"code", ValueType::text},
                             {"expires_at", ValueType::time}}};

inline const Shape passcodes{"SentPasscodes",
                             {{"passcodes", ValueType::array, &passcode, ValueType::object}}};

/// All members of one that refuses, or all others; also the further claims.
inline const Shape oidc_login{
    "OidcLogin",
    {maybe("subject", ValueType::text), maybe("email", ValueType::text),
     maybe("email_verified", ValueType::flag), maybe("preferred_username", ValueType::text),
     maybe("error", ValueType::text), maybe("error_description", ValueType::text)}};

inline const Shape github_login{
    "GithubLogin",
    {maybe("id", ValueType::integer), maybe("login", ValueType::text),
     maybe("email", ValueType::text), maybe("email_verified", ValueType::flag),
     maybe("name", ValueType::text), maybe("avatar_url", ValueType::text),
     maybe("orgs", ValueType::array), maybe("teams", ValueType::array),
     maybe("error", ValueType::text), maybe("error_description", ValueType::text)}};

inline const Shape logins{"Logins",
                          {{"oidc", ValueType::object_or_null, &oidc_login},
                           {"github", ValueType::object_or_null, &github_login}}};

inline const Shape version{"Version",
                           {{"coder_version", ValueType::text}, {"version", ValueType::text}}};

}  // namespace shapes

}}}  // namespace coder_users::v0::control
