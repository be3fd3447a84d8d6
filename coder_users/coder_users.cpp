// The compiled library: the service with its network, and calls in the process.
#include "coder_users.hpp"

#include "coder_users/internal/service/caller.hpp"
#include "coder_users/internal/service/caller_settings.hpp"
#include "coder_users/internal/service/mount.hpp"

namespace coder_users { inline namespace v0 {

// Hosts must have been compiled with this version and these settings of cpp-httplib.
using OwnAbi = HttpAbi<sizeof(httplib::Request)>;
template CODER_USERS_API void Service::attach(httplib::Server&, const std::string&, OwnAbi);
template CODER_USERS_API void Service::attach_page(httplib::Server&, const std::string&, OwnAbi);
template CODER_USERS_API Identity Service::identify(const httplib::Request&, OwnAbi);

}}  // namespace coder_users::v0
