// The strict reader must end for any bytes. What it accepts must be UTF-8 of bounded depth, and
// read the same after it was written again. A body must read the same by its schema as from the
// tree of the whole document.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "body_by_tree.hpp"
#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/wire/body.hpp"
#include "coder_users/internal/wire/json.hpp"

namespace {

using namespace coder_users;
using wire::Json;

void require(bool good) {
    if (!good) std::abort();
}

// Compares numbers by value: 1e3 is written as 1000 and then read as an integer.
bool same(const Json& a, const Json& b) {
    if (a.is<double>() && b.is<double>()) {
        if (a.is<std::int64_t>() && b.is<std::int64_t>())
            return a.get<std::int64_t>() == b.get<std::int64_t>();
        // on copies, because get<double>() makes a double of an integer for good
        return Json(a).get<double>() == Json(b).get<double>();
    }
    if (a.is<picojson::array>() && b.is<picojson::array>()) {
        const auto& left = a.get<picojson::array>();
        const auto& right = b.get<picojson::array>();
        bool equal = left.size() == right.size();
        for (std::size_t i = 0; equal && i < left.size(); ++i) equal = same(left[i], right[i]);
        return equal;
    }
    if (a.is<picojson::object>() && b.is<picojson::object>()) {
        const auto& left = a.get<picojson::object>();
        const auto& right = b.get<picojson::object>();
        bool equal = left.size() == right.size();
        for (auto l = left.begin(), r = right.begin(); equal && l != left.end(); ++l, ++r)
            equal = l->first == r->first && same(l->second, r->second);
        return equal;
    }
    return a == b;
}

void check_value(const Json& value, std::size_t depth) {
    require(depth <= wire::max_json_depth + 1);
    if (value.is<std::string>()) {
        const std::string& text = value.get<std::string>();
        require(is_utf8(text) && text.find('\0') == std::string::npos);
        const std::string written = JsonWriter().value(std::string_view(text)).take();
        require(wire::parse_json(written) == value);
    } else if (value.is<picojson::array>()) {
        for (const Json& item : value.get<picojson::array>()) check_value(item, depth + 1);
    } else if (value.is<picojson::object>()) {
        for (const auto& [key, item] : value.get<picojson::object>()) {
            require(is_utf8(key) && key.find('\0') == std::string::npos);
            check_value(item, depth + 1);
        }
    } else if (value.is<double>()) {
        require(std::isfinite(Json(value).get<double>()));
    }
}

const wire::BodySchema schema{"Body",
                              {{"a", wire::FieldType::text, true, {"utf8", is_utf8}},
                               {"b", wire::FieldType::flag},
                               {"c", wire::FieldType::integer},
                               {"d", wire::FieldType::uuid},
                               {"e", wire::FieldType::texts},
                               {"u", wire::FieldType::uuids},
                               {"f", wire::FieldType::object}},
                              "{}"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    bool good = false;
    try {
        const Json value = wire::parse_json(text);
        good = true;
        require(is_utf8(text));
        check_value(value, 1);
        require(same(wire::parse_json(value.serialize()), value));
    } catch (const wire::JsonError& error) {
        require(!good && *error.what() != '\0');
    }
    require(coder_users_fuzz::read_by_schema(text, schema) ==
            coder_users_fuzz::read_by_tree(text, schema));
    try {
        const wire::Body body = wire::decode_body(text, schema);
        require(good && !body.text("a").empty());
        body.texts("e");
        body.integer("c");
        body.flag("b");
        for (const auto& member : body.members("f")) require(is_utf8(member.first));
        const auto id = body.uuid("d");
        require(!id || parse_uuid(*id) == id);
    } catch (const ApiError& error) {
        require(error.status() == 400);
    }
    return 0;
}
