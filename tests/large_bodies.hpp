// Request bodies of 1 MiB, the largest that are read, made to cost as much as they can.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/http/bodies.hpp"

namespace coder_users_test {

struct LargeBody {
    const char* what;
    const coder_users::wire::BodySchema* schema;
    std::string text;
    std::string detail = {};  ///< of the refusal; "" when it is read
};

/// `begin`, then `part` as often as it fits, then `end`. A `#` in `part` becomes a number.
inline std::string one_mebibyte(std::string begin, const std::string& part,
                                const std::string& end) {
    const std::size_t mark = part.find('#');
    for (int number = 0;; ++number) {
        std::string next = part;
        if (mark != part.npos) next.replace(mark, 1, std::to_string(number));
        if (begin.size() + next.size() + end.size() > (1 << 20)) return begin + end;
        begin += next;
    }
}

inline std::vector<LargeBody> large_bodies() {
    namespace bodies = coder_users::http::bodies;
    const std::string name = R"("username":"a"})", list_end = "0],\"username\":\"a\"}";
    const auto of_members = [&](const char* part) { return one_mebibyte("{", part, name); };
    const auto of_items = [&](const char* part) {
        return one_mebibyte("{\"x\":[", part, list_end);
    };
    return {
        {"members", &bodies::profile, of_members(R"("k#":1,)")},
        {"members with one key", &bodies::profile, of_members(R"("":1,)")},
        {"the field, repeated", &bodies::profile, of_members(R"("username":"b",)")},
        {"numbers", &bodies::profile, of_items("1,")},
        {"fractions", &bodies::profile, of_items("1.5,")},
        {"strings", &bodies::profile, of_items("\"\",")},
        {"escapes", &bodies::profile, of_items("\"\\u00e4\",")},
        {"objects", &bodies::profile, of_items("{},")},
        {"one string", &bodies::profile, one_mebibyte("{\"username\":\"", "a", "\"}")},
        {"one key", &bodies::profile, one_mebibyte("{\"", "a", "\":1}")},
        {"one number", &bodies::profile, one_mebibyte("{\"username\":", "9", "}"),
         "field \"username\" must be a string"},
        {"roles", &bodies::roles, one_mebibyte("{\"roles\":[", "\"\",", "\"\"]}")},
        {"roles that are numbers", &bodies::roles, one_mebibyte("{\"roles\":[", "1,", "1]}"),
         "field \"roles\" must be an array of strings"},
    };
}

}  // namespace coder_users_test
