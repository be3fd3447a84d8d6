// The route table for tests, so that its handlers are compiled once and not in every test that
// reads it.
#pragma once

#include <vector>

#include "coder_users/internal/http/route.hpp"

namespace coder_users_test {

const std::vector<coder_users::http::Route>& route_table();

}  // namespace coder_users_test
