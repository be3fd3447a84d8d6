// Internal: may change at any time.
// Writes what users have chosen for themselves, where it is more than an object of listed fields,
// and reads what they choose.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/base/user_record.hpp"
#include "coder_users/internal/wire/answers.hpp"
#include "coder_users/internal/wire/body.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

inline std::string notification_preferences(const std::vector<NotificationPreference>& list) {
    JsonWriter json;
    json.begin_array();
    for (const NotificationPreference& each : list)
        json.begin_object()
            .member("id", each.template_id)
            .member("disabled", each.disabled)
            .member("updated_at", each.updated_at)
            .end_object();
    json.end_array();
    return document(json);
}

/// The quiet hours that everybody has: from midnight in UTC.
inline std::string quiet_hours(Time next) {
    JsonWriter json;
    json.begin_object()
        .member("raw_schedule", "CRON_TZ=UTC 0 0 * * *")
        .member("user_set", false)
        .member("user_can_set", false)
        .member("time", "00:00")
        .member("timezone", "UTC")
        .member("next", next)
        .end_object();
    return document(json);
}

/// The members of an object in a body, all of which are booleans. Throws ApiError 400.
inline std::vector<std::pair<std::string, bool>> flags_of(const Body& body,
                                                          const std::string& name) {
    std::vector<std::pair<std::string, bool>> flags;
    const auto members = body.members(name);
    flags.reserve(members.size());
    for (const auto& [key, value] : members) {
        if (!value.is<bool>())
            throw invalid_body("every member of field \"" + name + "\" must be a boolean");
        flags.emplace_back(key, value.get<bool>());
    }
    return flags;
}

}}}  // namespace coder_users::v0::wire
