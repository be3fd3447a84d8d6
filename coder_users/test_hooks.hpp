// What the kit for tests (coder_users/testing.hpp) sees of requests and does to them. A host needs
// none of it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "coder_users/api.hpp"
#include "coder_users/events.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace testing {

/// How a change fails. `fail`: as on a broken disk. `disk_full`: there is no room for it, while
/// logins and what ends sessions still find some.
enum class CommitFault { none, fail, disk_full };

/// What happens to a request before its answer, or in place of it.
struct Disturbance {
    std::chrono::milliseconds latency{0};  ///< it waits so long first
    bool disconnect = false;               ///< the connection ends without an answer
    std::optional<Response> answer = {};   ///< what is answered, without doing anything
};

/// A request with its answer.
struct SeenRequest {
    std::string id = {};  ///< its X-Coder-Request-Id
    Time time = never;    ///< when it came, by the clock of the server
    Request request = {};
    std::string route = {};    ///< as the API description has it: "/api/v2/users/{user}"; "": none
    int status = 0;            ///< 0: the connection was cut
    std::string user_id = {};  ///< "": nobody is logged in
    std::string username = {};
    Duration latency{0};             ///< in real time
    std::string response_body = {};  ///< of a long answer only the beginning
};

/// Sees every valid request to a server for tests, except to its control API. Any thread may call
/// any function. What they throw is dropped.
class TestHooks {
 public:
    virtual ~TestHooks() = default;
    /// Says what to do to a request, once for each. `route` is that of SeenRequest.
    virtual Disturbance disturb(const Request& request, const std::string& route) = 0;
    /// Says how the change of a request fails; called once for each that changes something, before
    /// the change.
    virtual CommitFault commit(const Request& request, const std::string& route) = 0;
    /// Whether record() wants to be called.
    virtual bool records() const = 0;
    /// Called with the answer, before it is sent.
    virtual void record(SeenRequest&& seen) = 0;
    /// Called with a code of Options::send_passcode, before the request for it is answered.
    virtual void take(const Passcode& passcode) = 0;
};

}}}  // namespace coder_users::v0::testing
