// What the test kit needs of the library beyond its API: an HTTP client, and a look into JSON.
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "coder_users/base/text.hpp"
#include "coder_users/format/json.hpp"
#include "coder_users/server/http.hpp"
#include "coder_users/testing_calls.hpp"

namespace coder_users { inline namespace v0 { namespace testing {

CODER_USERS_INLINE Response send(const std::string& url, const Request& request) {
    return server::send_over_http(url, request);
}

CODER_USERS_INLINE std::string json_member(const std::string& json, const std::string& path) {
    format::Json value = format::parse_json(json);
    for (const std::string_view step : split(path, '.')) {
        const std::string name(step);
        const bool index = !name.empty() && name.find_first_not_of("0123456789") == name.npos;
        format::Json next;
        if (value.is<picojson::object>() && value.contains(name))
            next = value.get(name);
        else if (value.is<picojson::array>() && index &&
                 value.contains(std::strtoul(name.c_str(), nullptr, 10)))
            next = value.get(std::strtoul(name.c_str(), nullptr, 10));
        else
            throw std::out_of_range(std::string("no ").append(path).append(" in ").append(json));
        value = std::move(next);
    }
    return value.is<std::string>() ? value.get<std::string>() : value.serialize();
}

}}}  // namespace coder_users::v0::testing
