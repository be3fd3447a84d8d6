// Internal: may change at any time.
// Statements about links to accounts at login providers. Callers have sealed the tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/store/columns.hpp"
#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 {

namespace store { namespace links {

/// The account at a login provider that a user is linked to; a user has at most one.
struct Link {
    std::string user_id;
    LoginType login_type = LoginType::oidc;  ///< github or oidc
    std::string linked_id;
    std::string sealed_access_token;
    std::string sealed_refresh_token;  ///< "" when the provider sent none
    Time token_expires_at = never;     ///< `never`: the access token does not expire
    std::string sealed_claims = {};
};

}}  // namespace store::links

template <>
struct fields::Of<store::links::Link> {
    static constexpr const char* table = "user_links";
    static constexpr auto list =
        std::tuple_cat(std::make_tuple(Field("user_id", &store::links::Link::user_id)),
                       link_fields<store::links::Link>());
};

namespace store { namespace links {

inline std::optional<Link> read_one_link(Query row) {
    if (!row.next()) return std::nullopt;
    return read_row<Link>(row);
}

inline std::optional<Link> find(Connection& c, std::string_view user_id) {
    static const std::string sql =
        "SELECT " + columns<Link>() + " FROM user_links WHERE user_id = $1";
    return read_one_link(c.query(sql, user_id));
}

inline std::optional<Link> find_by_linked_id(Connection& c, LoginType type,
                                             std::string_view linked_id) {
    static const std::string sql =
        "SELECT " + columns<Link>() + " FROM user_links WHERE login_type = $1 AND linked_id = $2";
    return read_one_link(c.query(sql, to_string(type), linked_id));
}

inline void insert(Tx& tx, std::string_view user_id, const ProviderLink& link) {
    static const std::string sql = insert_into<ProviderLink>({"user_id"});
    tx.execute_for(user_id, sql, RowOf(link), user_id);
}

/// Inserts the link and replaces the user's old one, if any.
inline void put(Tx& tx, const Link& link) {
    static const std::string sql = insert_into<Link>();
    tx.execute_for(link.user_id, "DELETE FROM user_links WHERE user_id = $1", link.user_id);
    tx.execute_for(link.user_id, sql, RowOf(link));
}

/// Stores the renewed tokens of a link, unless it holds other ones than `old` by now. Returns
/// whether they are stored.
inline bool renew(Tx& tx, const Link& renewed, const Link& old) {
    return tx.execute_for(renewed.user_id,
                          "UPDATE user_links SET sealed_access_token = $1, "
                          "sealed_refresh_token = $2, token_expires_at = $3 "
                          "WHERE user_id = $4 AND sealed_refresh_token = $5",
                          renewed.sealed_access_token, renewed.sealed_refresh_token,
                          renewed.token_expires_at, renewed.user_id, old.sealed_refresh_token) == 1;
}

}}  // namespace store::links

}}  // namespace coder_users::v0
