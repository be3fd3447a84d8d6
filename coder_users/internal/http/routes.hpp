// Internal: may change at any time.
// The route table: one row for each operation. The dispatcher, the tests and the API description
// read it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/config.hpp"
#include "coder_users/internal/http/route.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// Defined in http/table.hpp.
const std::vector<Route>& table();

/// Returns the route of this operation id, or nullptr.
inline const Route* find_route(std::string_view operation_id) {
    for (const Route& route : table())
        if (route.operation_id() == operation_id) return &route;
    return nullptr;
}

/// Returns the routes except those that the host has disabled.
inline std::vector<Route> served_routes(const std::vector<std::string>& disabled) {
    std::vector<Route> served;
    for (const Route& route : table())
        if (std::find(disabled.begin(), disabled.end(), route.operation_id()) == disabled.end())
            served.push_back(route);
    return served;
}

}}}  // namespace coder_users::v0::http
