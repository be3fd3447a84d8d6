#include "route_table.hpp"

#include "coder_users/internal/http/routes.hpp"

const std::vector<coder_users::http::Route>& coder_users_test::route_table() {
    return coder_users::http::table();
}
