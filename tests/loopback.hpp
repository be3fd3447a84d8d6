// Listeners on 127.0.0.1 for servers that tests make by hand.
#pragma once

#include "coder_users/internal/base/file_descriptor.hpp"

namespace coder_users_test {

/// On a free port. Throws std::runtime_error when there is none.
coder_users::FileDescriptor listen_on_loopback();

/// The port of a listener.
int port_of(const coder_users::FileDescriptor& listener);

}  // namespace coder_users_test
