// Organizations and their members: rows in, rows out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/base/model.hpp"
#include "coder_users/base/text.hpp"
#include "coder_users/store/tx.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace organizations {

inline std::vector<Organization> oldest_first(Connection& c) {
    Query rows = c.query(
        "SELECT id, name, created_at, updated_at FROM organizations ORDER BY created_at, id");
    std::vector<Organization> all;
    while (rows.next()) all.push_back({rows.text(0), rows.text(1), rows.time(2), rows.time(3)});
    return all;
}

inline std::optional<Organization> read_one_organization(Query row) {
    if (!row.next()) return std::nullopt;
    return Organization{row.text(0), row.text(1), row.time(2), row.time(3)};
}

inline std::optional<Organization> find(Connection& c, std::string_view id) {
    return read_one_organization(
        c.query("SELECT id, name, created_at, updated_at FROM organizations WHERE id = $1", id));
}

inline std::optional<Organization> find_by_name(Connection& c, std::string_view name) {
    return read_one_organization(
        c.query("SELECT id, name, created_at, updated_at FROM organizations WHERE name_folded = $1",
                fold_ascii(name)));
}

inline void insert(Tx& tx, const Organization& organization) {
    tx.execute(
        "INSERT INTO organizations (id, name, name_folded, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5)",
        organization.id, organization.name, fold_ascii(organization.name), organization.created_at,
        organization.updated_at);
}

/// `roles` are the explicit ones, by their full names.
inline void add_member(Tx& tx, std::string_view organization_id, std::string_view user_id,
                       const std::vector<std::string>& roles, Time now) {
    tx.execute_for(
        user_id,
        "INSERT INTO organization_members (user_id, organization_id, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4)",
        user_id, organization_id, now, now);
    for (const std::string& role : roles)
        tx.execute(
            "INSERT INTO organization_member_roles (user_id, organization_id, role) "
            "VALUES ($1, $2, $3)",
            user_id, organization_id, role);
}

/// All memberships of a user, oldest first.
inline std::vector<OrganizationMember> memberships(Connection& c, std::string_view user_id) {
    Query rows = c.query(
        "SELECT m.user_id, m.organization_id, m.created_at, m.updated_at, r.role "
        "FROM organization_members m LEFT JOIN organization_member_roles r "
        "ON r.user_id = m.user_id AND r.organization_id = m.organization_id "
        "WHERE m.user_id = $1 ORDER BY m.created_at, m.organization_id, r.role",
        user_id);
    std::vector<OrganizationMember> found;
    while (rows.next()) {
        if (found.empty() || found.back().organization_id != rows.text(1))
            found.push_back({rows.text(0), rows.text(1), rows.time(2), rows.time(3), {}});
        if (!rows.is_null(4)) found.back().roles.push_back(rows.text(4));
    }
    return found;
}

/// Replaces the explicit roles of a member.
inline void set_roles(Tx& tx, const OrganizationMember& member,
                      const std::vector<std::string>& roles, Time now) {
    tx.execute("DELETE FROM organization_member_roles WHERE user_id = $1 AND organization_id = $2",
               member.user_id, member.organization_id);
    for (const std::string& role : roles)
        tx.execute(
            "INSERT INTO organization_member_roles (user_id, organization_id, role) "
            "VALUES ($1, $2, $3)",
            member.user_id, member.organization_id, role);
    tx.execute_for(member.user_id,
                   "UPDATE organization_members SET updated_at = $1 "
                   "WHERE user_id = $2 AND organization_id = $3",
                   now, member.user_id, member.organization_id);
}

}}}}  // namespace coder_users::v0::store::organizations
