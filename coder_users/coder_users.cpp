// The one translation unit of the compiled library.
#include "coder_users.hpp"

#include "coder_users/server/service.hpp"
