// Internal: may change at any time.
// The login providers of a running server: the way to them, and what is kept of them between
// requests.
#pragma once

#include <string>

#include "coder_users/internal/login/oidc_provider.hpp"
#include "coder_users/internal/login/provider.hpp"
#include "coder_users/internal/login/single_flight.hpp"
#include "coder_users/options.hpp"

namespace coder_users { inline namespace v0 { namespace login {

/// How a renewal ended, for all who waited for it.
struct RefreshOutcome {
    enum class Kind { renewed, refused, store_failed } kind = Kind::renewed;
    std::string reason = {};
};

/// May be used from any thread at once.
class Providers {
 public:
    /// Both outlive it.
    Providers(const Options& options, ProviderAccess& way) : access(way), oidc(options.oidc) {}

    ProviderAccess& access;
    OidcProvider oidc;
    SingleFlight<RefreshOutcome> refreshes;  ///< by user id: a user has one link
};

}}}  // namespace coder_users::v0::login
