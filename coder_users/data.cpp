// The compiled library: the functions of data.hpp.
#include "coder_users/internal/service/data.hpp"
