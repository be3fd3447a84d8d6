// Internal: may change at any time.
// Acting, the first argument of every operation: who acts, when, from where, on which service.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "coder_users/internal/base/log.hpp"
#include "coder_users/internal/base/release.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/operations/host_sink.hpp"
#include "coder_users/internal/operations/password_failures.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/store/store.hpp"
#include "coder_users/model.hpp"
#include "coder_users/options.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// The parts of a running service that operations use. Outlives every operation.
struct Backend {
    const Options& options;
    store::Store& store;
    rules::Random random;
    std::function<Time()> now;
    std::string secret_key;     ///< 32 bytes with which secrets in the database are sealed
    std::string deployment_id;  ///< identifies this database, and never changes
    EventSink* events;          ///< nullptr: the host wants no events
    std::atomic<Release> release{Release()};  ///< that answers are those of
    Time started = never;                     ///< when the service began
    std::string setup_code = {};  ///< what a request for the first user must show; "" for nothing
    PasswordFailures failed_passwords{options, secret_key, store.shared() ? &store : nullptr};
    PasscodeSink* passcodes = nullptr;  ///< nullptr: the host sends none, so none are made
    Log* log = nullptr;                 ///< nullptr: nobody reads it
};

inline std::string new_uuid(const rules::Random& random) {
    std::array<unsigned char, 16> bytes{};
    random(bytes.data(), bytes.size());
    return make_uuid(bytes);
}

inline Shared<SharedIdentity> nobody() {
    static const SharedIdentity none = shared(Identity());
    return unowned(none);
}

/// The identity of the host, which may do everything.
inline Shared<SharedIdentity> host_itself() {
    static const SharedIdentity host = shared(Identity::system());
    return unowned(host);
}

/// The caller of one operation. The texts must outlive it.
struct Acting {
    Backend& backend;
    Time now = never;  ///< the same moment for the whole operation
    std::string_view request_id = {};
    std::string_view address = {};  ///< the client's, as a trusted proxy or the connection gives it
    std::string_view user_agent = {};  ///< as the client calls itself, cut already
    Shared<SharedIdentity> actor = nobody();

    const User& user() const { return *actor->user; }
    bool is_nobody() const { return actor->user->id.empty(); }
    bool is_host() const { return actor->is_system(); }
};

/// Notes in a new key who makes it.
inline void note_client(ApiKey& key, const Acting& acting) {
    key.ip = std::string(acting.address);
    key.user_agent = std::string(acting.user_agent);
}

/// An Acting for the host itself, now, with a request id of its own.
class HostActing {
 public:
    explicit HostActing(Backend& backend)
        : id_(new_uuid(backend.random)), acting_{backend, backend.now(), id_, "",
                                                 "",      host_itself()} {}
    HostActing(const HostActing&) = delete;
    HostActing& operator=(const HostActing&) = delete;

    operator const Acting&() const { return acting_; }  // NOLINT(google-explicit-constructor)

 private:
    const std::string id_;
    const Acting acting_;
};

}}}  // namespace coder_users::v0::operations
