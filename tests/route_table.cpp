#include "route_table.hpp"

#include "coder_users/routes/table.hpp"

const std::vector<coder_users::routes::Route>& coder_users_test::route_table() {
    return coder_users::routes::table();
}
