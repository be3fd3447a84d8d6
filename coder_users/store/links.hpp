// Links to accounts at login providers: rows in, rows out. Tokens arrive sealed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coder_users/base/model.hpp"
#include "coder_users/store/tx.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace links {

/// The one account at a provider that a user is linked to.
struct Link {
    std::string user_id;
    LoginType login_type = LoginType::oidc;  ///< github or oidc
    std::string linked_id;
    std::string sealed_access_token;
    std::string sealed_refresh_token;  ///< "" when the provider gave none
    Time token_expires_at = never;     ///< `never`: the access token does not end
};

inline std::optional<Link> read_one_link(Query row) {
    if (!row.next()) return std::nullopt;
    return Link{row.text(0), login_type_named(row.text(1)).value_or(LoginType::none),
                row.text(2), row.text(3),
                row.text(4), row.time(5)};
}

inline std::optional<Link> find(Connection& c, std::string_view user_id) {
    return read_one_link(
        c.query("SELECT user_id, login_type, linked_id, sealed_access_token, sealed_refresh_token, "
                "token_expires_at FROM user_links WHERE user_id = $1",
                user_id));
}

inline std::optional<Link> find_by_linked_id(Connection& c, LoginType type,
                                             std::string_view linked_id) {
    return read_one_link(
        c.query("SELECT user_id, login_type, linked_id, sealed_access_token, sealed_refresh_token, "
                "token_expires_at FROM user_links WHERE login_type = $1 AND linked_id = $2",
                to_string(type), linked_id));
}

/// Takes the place of the link that the user has.
inline void put(Tx& tx, const Link& link) {
    tx.execute_for(link.user_id, "DELETE FROM user_links WHERE user_id = $1", link.user_id);
    tx.execute_for(link.user_id,
                   "INSERT INTO user_links (user_id, login_type, linked_id, sealed_access_token, "
                   "sealed_refresh_token, token_expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
                   link.user_id, to_string(link.login_type), link.linked_id,
                   link.sealed_access_token, link.sealed_refresh_token, link.token_expires_at);
}

}}}}  // namespace coder_users::v0::store::links
