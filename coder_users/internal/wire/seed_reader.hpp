// Internal: may change at any time.
// Reads the users of a seed: a JSON array of objects, or one object after the other.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/reason.hpp"
#include "coder_users/internal/base/seed_user.hpp"
#include "coder_users/internal/wire/body.hpp"
#include "coder_users/internal/wire/documents.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

/// The fields of a body that is a `T`, from the list of its fields: texts, flags and lists of
/// texts.
template <class T>
std::vector<Field> body_fields() {
    std::vector<Field> all;
    fields::for_each<T>([&](auto at) {
        using fields::Kind;
        constexpr Kind kind = at.field.kind;
        all.emplace_back(at.field.name, kind == Kind::flag    ? FieldType::flag
                                        : kind == Kind::texts ? FieldType::texts
                                        : kind == Kind::uuid  ? FieldType::uuid
                                                              : FieldType::text);
    });
    return all;
}

/// Reads what body_fields() names; what was not sent is empty.
template <class T>
void read_fields(const Body& body, T& object) {
    fields::for_each<T>([&](auto at) {
        using fields::Kind;
        const std::string name = at.field.name;
        auto& value = at.field.of(object);
        if constexpr (at.field.kind == Kind::flag)
            value = body.flag(name);
        else if constexpr (at.field.kind == Kind::texts)
            value = body.texts(name);
        else if constexpr (at.field.kind == Kind::uuid)
            value = body.uuid(name).value_or("");
        else
            value = body.text(name);
    });
}

inline BodySchema make_seed_schema() {
    BodySchema schema{
        "SeedUser", body_fields<SeedUser>(),
        R"({"username":"ada","email":"ada@example.com","password":"correct-Horse-9","roles":["owner"]})"};
    schema.fields.emplace_back("tokens", FieldType::object);
    return schema;
}
inline const BodySchema seed_schema = make_seed_schema();

/// Throws LineError.
inline SeedUser read_seed_user(const LocatedText& located) {
    const Body body = decode_located(located, seed_schema);
    SeedUser user;
    user.line = located.line;
    read_fields(body, user);
    for (const auto& [name, token] : body.members("tokens")) {
        if (!is_text(token))
            throw LineError(located.line, "\"tokens\" holds names, each with its token");
        user.tokens.emplace_back(name, token.get<std::string>());
    }
    return user;
}

/// Throws LineError.
inline std::vector<SeedUser> read_seed(std::string_view json) {
    std::vector<SeedUser> users;
    for (const LocatedText& object : objects_in(json)) users.push_back(read_seed_user(object));
    return users;
}

}}}  // namespace coder_users::v0::wire
