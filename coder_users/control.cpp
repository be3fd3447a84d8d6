// The compiled library: the server for tests with its control API.
#include "coder_users/internal/control/api.hpp"
