// Internal: may change at any time.
// Statements about organizations and their members.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/store/columns.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace organizations {

inline std::vector<Organization> oldest_first(Connection& c) {
    static const std::string sql =
        "SELECT " + columns<Organization>() + " FROM organizations ORDER BY created_at, id";
    Query rows = c.query(sql);
    std::vector<Organization> all;
    while (rows.next()) all.push_back(read_row<Organization>(rows));
    return all;
}

inline std::optional<Organization> read_one_organization(Query row) {
    if (!row.next()) return std::nullopt;
    return read_row<Organization>(row);
}

inline std::optional<Organization> find(Connection& c, std::string_view id) {
    static const std::string sql =
        "SELECT " + columns<Organization>() + " FROM organizations WHERE id = $1";
    return read_one_organization(c.query(sql, id));
}

inline std::optional<Organization> find_default(Connection& c) {
    static const std::string sql =
        "SELECT " + columns<Organization>() + " FROM organizations WHERE is_default = 1";
    return read_one_organization(c.query(sql));
}

inline std::optional<Organization> find_by_name(Connection& c, std::string_view name) {
    static const std::string sql =
        "SELECT " + columns<Organization>() + " FROM organizations WHERE name_folded = $1";
    return read_one_organization(c.query(sql, fold_ascii(name)));
}

inline void insert(Tx& tx, const Organization& organization) {
    static const std::string sql = insert_into<Organization>();
    tx.execute(sql, RowOf(organization));
}

/// Makes the oldest organization the default where none is.
inline void choose_default(Tx& tx) {
    tx.execute(
        "UPDATE organizations SET is_default = 1 WHERE id = "
        "(SELECT id FROM organizations ORDER BY is_default DESC, created_at, id LIMIT 1)");
}

/// Inserts a new organization under its name; the first one becomes the default.
inline Organization add(Tx& tx, Organization organization) {
    if (organization.display_name.empty()) organization.display_name = organization.name;
    const auto none = [&] { return !tx.query("SELECT 1 FROM organizations LIMIT 1").next(); };
    if (none()) tx.lock_owners();  // of first ones that are made at once, one is first
    organization.is_default = none();
    insert(tx, organization);
    return organization;
}

inline void add_roles(Tx& tx, const OrganizationMember& member,
                      const std::vector<std::string>& roles) {
    for (const std::string& role : roles)
        tx.execute(
            "INSERT INTO organization_member_roles (user_id, organization_id, role) "
            "VALUES ($1, $2, $3)",
            member.user_id, member.organization_id, role);
}

/// Inserts a membership whose organization is in the row of the user already. `member.roles` holds
/// the explicit roles by their full names.
inline void insert_member(Tx& tx, const OrganizationMember& member) {
    static const std::string sql = insert_into<OrganizationMember>();
    tx.execute_for(member.user_id, sql, RowOf(member));
    add_roles(tx, member, member.roles);
}

inline void add_member(Tx& tx, const OrganizationMember& member) {
    insert_member(tx, member);
    users::derive_organizations(tx, member.user_id);
}
inline void add_member(Tx& tx, std::string_view organization_id, std::string_view user_id,
                       const std::vector<std::string>& roles, Time now) {
    add_member(tx, {std::string(user_id), std::string(organization_id), now, now, roles});
}

/// The SELECT for memberships of the user $1, for read_memberships().
inline std::string select_memberships(std::string_view more_conditions = "") {
    return "SELECT " + columns<OrganizationMember>("m.") +
           ", r.role FROM organization_members m LEFT JOIN organization_member_roles r "
           "ON r.user_id = m.user_id AND r.organization_id = m.organization_id "
           "WHERE m.user_id = $1" +
           std::string(more_conditions) + " ORDER BY m.created_at, m.organization_id, r.role";
}

inline std::vector<OrganizationMember> read_memberships(Query rows) {
    std::vector<OrganizationMember> found;
    while (rows.next()) {
        auto member = read_row<OrganizationMember>(rows);
        if (found.empty() || found.back().organization_id != member.organization_id)
            found.push_back(std::move(member));
        constexpr int role = column_count<OrganizationMember>;
        if (!rows.is_null(role)) found.back().roles.push_back(rows.text(role));
    }
    return found;
}

/// All memberships of a user, oldest first.
inline std::vector<OrganizationMember> memberships(Connection& c, std::string_view user_id) {
    static const std::string sql = select_memberships();
    return read_memberships(c.query(sql, user_id));
}

/// The membership of a user in one organization, if there is one.
inline std::optional<OrganizationMember> find_membership(Connection& c, std::string_view user_id,
                                                         std::string_view organization_id) {
    static const std::string sql = select_memberships(" AND m.organization_id = $2");
    auto found = read_memberships(c.query(sql, user_id, organization_id));
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

/// Adds their memberships in the organization to users, who must all be members. One statement
/// reads those of many users.
inline std::vector<Member> as_members(Connection& c, std::string_view organization_id,
                                      const std::vector<Shared<User>>& users) {
    const Dialect& dialect = c.dialect();
    const std::string sql =
        "SELECT " + columns<OrganizationMember>("m.") + ", r.role FROM " + dialect.array_begin +
        "$1" + dialect.array_end + " asked" + dialect.join_in_order +
        "organization_members m ON m.user_id = asked.value AND m.organization_id = $2 "
        "LEFT JOIN organization_member_roles r "
        "ON r.user_id = m.user_id AND r.organization_id = m.organization_id "
        "ORDER BY asked.id, r.role";
    std::string ids = "[";
    for (const Shared<User>& user : users)
        ids.append(ids.size() == 1 ? "\"" : ",\"").append(user->id).append("\"");
    std::vector<Member> members;
    members.reserve(users.size());
    auto user = users.begin();
    Query rows = c.query(sql, ids + ']', organization_id);
    while (rows.next()) {
        auto member = read_row<OrganizationMember>(rows);
        if (members.empty() || members.back().membership.user_id != member.user_id) {
            while ((*user)->id != member.user_id) ++user;
            members.push_back({**user, std::move(member)});
        }
        constexpr int role = column_count<OrganizationMember>;
        if (!rows.is_null(role)) members.back().membership.roles.push_back(rows.text(role));
    }
    return members;
}

/// Removes a membership and its roles.
inline void remove_member(Tx& tx, std::string_view organization_id, std::string_view user_id) {
    tx.execute("DELETE FROM organization_member_roles WHERE user_id = $1 AND organization_id = $2",
               user_id, organization_id);
    tx.execute_for(user_id,
                   "DELETE FROM organization_members WHERE user_id = $1 AND organization_id = $2",
                   user_id, organization_id);
    users::derive_organizations(tx, user_id);
}

/// The ids of the members of an organization.
inline std::vector<std::string> member_ids(Connection& c, std::string_view organization_id) {
    Query rows = c.query("SELECT user_id FROM organization_members WHERE organization_id = $1",
                         organization_id);
    std::vector<std::string> ids;
    while (rows.next()) ids.push_back(rows.text(0));
    return ids;
}

/// Stores what may be changed about an organization.
inline void update(Tx& tx, const Organization& organization) {
    static const RowUpdate<Organization> statement("id", {"created_at", "is_default"});
    tx.execute(statement.sql(), statement.values(organization));
}

/// The organization must have no members.
inline void remove(Tx& tx, std::string_view id) {
    tx.execute("DELETE FROM organizations WHERE id = $1", id);
}

/// Replaces the explicit roles of a member.
inline void set_roles(Tx& tx, const OrganizationMember& member,
                      const std::vector<std::string>& roles, Time now) {
    tx.execute("DELETE FROM organization_member_roles WHERE user_id = $1 AND organization_id = $2",
               member.user_id, member.organization_id);
    add_roles(tx, member, roles);
    tx.execute_for(member.user_id,
                   "UPDATE organization_members SET updated_at = $1 "
                   "WHERE user_id = $2 AND organization_id = $3",
                   now, member.user_id, member.organization_id);
}

}}}}  // namespace coder_users::v0::store::organizations
