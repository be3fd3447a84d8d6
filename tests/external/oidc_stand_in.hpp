// The library's stand-in for an OpenID provider, with parts that tests replace to break it, and
// other ways to send the answers.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "coder_users/internal/wire/provider_answers.hpp"
#include "signing.hpp"
#include "stand_in_server.hpp"

namespace coder_users_test {

using Members = coder_users::wire::RawMembers;

std::string json_object(const Members& members);

/// `members` with those of `changes` in their place.
Members changed(Members members, const Members& changes);

/// What the provider says. Tests replace parts of it to break them.
struct OidcFace {
    Members claims;      ///< laid over those of a good id token
    Members userinfo;    ///< laid over the answer of a good userinfo endpoint
    Members discovery;   ///< laid over a good discovery document
    Members token;       ///< laid over a good answer of the token endpoint
    Members header;      ///< laid over the id token's {"alg":"ES256","kid":"ec"}
    std::string keys;    ///< the key set
    HeaderList headers;  ///< of the answer with the keys
    /// Makes the id token of its header and claims. By default it is signed with the EC key.
    std::function<std::string(const std::string& header, const std::string& claims)> id_token;
    std::map<std::string, Reply> replies;  ///< path -> the answer given instead
    std::function<void()> at_refresh;      ///< called before a refresh token is answered
};

/// Paths: /.well-known/openid-configuration, /authorize, /token, /userinfo, /keys.
class OidcStandIn {
 public:
    /// With a certificate the provider speaks TLS.
    explicit OidcStandIn(const std::string& certificate = "", const std::string& key = "");
    ~OidcStandIn();

    /// The face of a good provider: ada, with a verified address.
    OidcFace good() const;
    void show(const OidcFace& face);

    std::string url() const { return server_.url(); }

    /// Does what the provider's pages do: takes the URL to which the login sent the browser, and
    /// returns the query with which it comes back.
    std::string authorize(const std::string& location);

    /// How many requests came for a path.
    int count(const std::string& path) const;
    /// The last request for a path.
    SeenRequest last(const std::string& path) const;

    /// The clock of the provider, in seconds since 1970.
    std::atomic<std::int64_t> now;
    /// Whether /token expects the secret in the form instead of in Basic authentication.
    std::atomic<bool> secret_in_form{true};
    const ProviderKey ec = ProviderKey::ec();

 private:
    struct Breakable;
    Reply answer(const SeenRequest& request);

    mutable std::mutex mutex_;
    OidcFace face_;
    std::vector<SeenRequest> seen_;
    std::unique_ptr<Breakable> provider_;
    StandInServer server_;  // ends before what it serves
};

}  // namespace coder_users_test
