// The compiled library: the routes with every handler.
#include "coder_users/internal/http/table.hpp"
