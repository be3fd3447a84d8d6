// The one translation unit of the compiled library.
#include "coder_users.hpp"

#include "coder_users/server/data_commands.hpp"
#include "coder_users/server/in_process.hpp"
#include "coder_users/server/mount.hpp"

namespace coder_users { inline namespace v0 {

// For hosts that were compiled with this cpp-httplib and no other.
using OwnAbi = HttpAbi<sizeof(httplib::Request)>;
template CODER_USERS_API void Service::attach(httplib::Server&, const std::string&, OwnAbi);
template CODER_USERS_API Identity Service::identify(const httplib::Request&, OwnAbi);

}}  // namespace coder_users::v0
