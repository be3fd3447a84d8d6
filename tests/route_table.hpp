// The route table for tests: its handlers are compiled once, not in every test that reads it.
#pragma once

#include <vector>

#include "coder_users/routes/route.hpp"

namespace coder_users_test {

const std::vector<coder_users::routes::Route>& route_table();

}  // namespace coder_users_test
