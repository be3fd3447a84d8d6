// Request bodies: for every schema any bytes are read as it says or refused
// with a 400 that holds nothing but the texts of docs/contract/http.md, "JSON bodies" and "Field
// rules".
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "body_by_tree.hpp"
#include "coder_users/internal/http/bodies.hpp"
#include "coder_users/internal/wire/answers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coder_users;
    namespace bodies = http::bodies;
    static const wire::BodySchema* const schemas[] = {
        &bodies::first_user,  &bodies::login,
        &bodies::user,        &bodies::profile,
        &bodies::appearance,  &bodies::password,
        &bodies::roles,       &bodies::token,
        &bodies::authcheck,   &bodies::convert_login,
        &bodies::preferences, &bodies::notification_preferences,
        &bodies::quiet_hours, &bodies::password_to_check};
    if (size == 0) return 0;
    const wire::BodySchema& schema = *schemas[data[0] % std::size(schemas)];
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto require = [](bool good) {
        if (!good) std::abort();
    };
    require(coder_users_fuzz::read_by_schema(text, schema) ==
            coder_users_fuzz::read_by_tree(text, schema));
    try {
        const wire::Body body = wire::decode_body(text, schema);
        for (const wire::Field& field : schema.fields) {
            if (field.type == wire::FieldType::text) require(is_utf8(body.text(field.name)));
            if (field.type == wire::FieldType::texts || field.type == wire::FieldType::uuids)
                for (const std::string& each : body.texts(field.name)) require(is_utf8(each));
        }
    } catch (const ApiError& error) {
        require(error.status() == 400 && !error.message().empty());
        // A refusal must be a valid document whatever was refused.
        wire::parse_json(wire::response(error.message(), error.detail(), error.validations()));
    }
    return 0;
}
