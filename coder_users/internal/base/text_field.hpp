// Internal: may change at any time.
// Text fields of requests with their rules, and the 400 for values that break them.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"

namespace coder_users { inline namespace v0 {

/// A rule for a text; `tag` names it in the refusal.
struct FieldRule {
    const char* tag = nullptr;
    bool (*holds)(std::string_view) = nullptr;
    std::size_t most = 0;  ///< the bytes that it allows at most; 0: `holds` alone decides
};

/// A text field of requests. The rule is asked only about values that are not empty.
struct TextField {
    const char* name;
    bool required = false;  ///< present and not empty
    FieldRule rule = {};
    const char* absent_tag = "required";  ///< names the broken rule when it is not
};

/// Adds the first rule that the value breaks, if any. The message quotes the value.
inline void add_broken_rule(std::vector<Validation>& broken, const TextField& field,
                            std::string_view value) {
    const auto report = [&](std::string_view tag) {
        broken.push_back({field.name, "Validation failed for tag \"" + std::string(tag) +
                                          "\" with value: \"" + std::string(value) + "\""});
    };
    if (field.required && value.empty())
        report(field.absent_tag);
    else if (field.rule.holds && !value.empty() && !field.rule.holds(value))
        report(field.rule.tag);
}

inline void refuse_broken_rules(std::vector<Validation> broken) {
    if (!broken.empty()) throw ApiError(400, "Validation failed.", {}, std::move(broken));
}

/// Throws the 400 that lists every broken rule, in the order of the fields.
inline void check_fields(std::initializer_list<std::pair<TextField, std::string_view>> values) {
    std::vector<Validation> broken;
    for (const auto& [field, value] : values) add_broken_rule(broken, field, value);
    refuse_broken_rules(std::move(broken));
}

}}  // namespace coder_users::v0
