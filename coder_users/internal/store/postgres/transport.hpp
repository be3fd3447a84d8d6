// Internal: may change at any time.
// Whether others can read or change what goes over a connection to the server.
#pragma once

#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/store/postgres/libpq.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// How a connection reaches its server.
struct Transport {
    std::string address;  ///< the server's numeric address; "" for a local socket
    bool encrypted = false;
    bool verified = false;  ///< whether the server has proved who it is
};

inline Transport transport_of(PGconn* connection) {
    const auto text = [](const char* each) { return std::string(each ? each : ""); };
    Transport transport;
    const std::string host = text(PQhost(connection));
    if (!starts_with(host, "/") && !starts_with(host, "@"))
        transport.address = text(PQhostaddr(connection));
    const bool by_kerberos = PQgssEncInUse(connection) != 0;
    transport.encrypted = by_kerberos || PQsslInUse(connection) != 0;
    transport.verified = by_kerberos;
    const ConnectionOptions options(PQconninfo(connection));
    for (const PQconninfoOption* each = options.get(); each && each->keyword; ++each)
        if (text(each->keyword) == "sslmode")
            transport.verified = by_kerberos || starts_with(text(each->val), "verify-");
    return transport;
}

/// Returns what is not safe about it; "" when nothing is.
inline std::string_view transport_flaw(const Transport& transport) {
    const std::string& address = transport.address;
    if (address.empty() || address == "::1" || starts_with(address, "127.")) return "";
    if (!transport.encrypted)
        return "it is not encrypted, so others on the way can read passwords and rows: set "
               "sslmode=verify-full in the address";
    if (!transport.verified)
        return "the certificate of the server is not checked, so another one may have taken its "
               "place: set sslmode=verify-full in the address";
    return "";
}

}}}}  // namespace coder_users::v0::store::postgres
