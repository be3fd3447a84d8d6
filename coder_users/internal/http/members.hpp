// Internal: may change at any time.
// Handlers for the members of organizations and their roles.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/http/account.hpp"
#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/http/organizations.hpp"
#include "coder_users/internal/http/users.hpp"
#include "coder_users/internal/operations/members.hpp"
#include "coder_users/internal/wire/organizations.hpp"

namespace coder_users { inline namespace v0 { namespace http {

class LongMemberList final : public LongListByName {
 public:
    LongMemberList(store::Store& store, operations::UserListPage wanted, const wire::Form& form,
                   bool by_page)
        : LongListByName(store, wanted),
          organization_id_(std::move(wanted.filter.organization_id)),
          form_(form),
          by_page_(by_page) {}

 private:
    void begin(JsonWriter& json) override { wire::begin_members(json, by_page_); }
    void write_each(JsonWriter& json, store::Connection& c,
                    const std::vector<Shared<User>>& users) override {
        const auto members = store::organizations::as_members(c, organization_id_, users);
        for (const Member& each : members) wire::write_member(json, each, form_);
    }
    void end(JsonWriter& json, std::int64_t count) override {
        wire::end_members(json, by_page_, count);
    }

    const std::string organization_id_;
    const wire::Form form_;
    const bool by_page_;
};

inline Reply member_list(Call& call, operations::UserListPage wanted, bool by_page) {
    return list_by_name(
        call, std::move(wanted),
        [&](const operations::UserListPage& part) {
            const MemberPage found = operations::list_members(call.acting, part);
            return WholeList{found.members.size(), wire::members(found, by_page, call.form())};
        },
        [&](operations::UserListPage all) {
            return std::make_unique<LongMemberList>(call.acting.backend.store, std::move(all),
                                                    call.form(), by_page);
        });
}

inline Reply get_members(Call& call) {
    return member_list(
        call, operations::members_wanted(call.acting, *call.organization, call.query("q")), false);
}

inline Reply get_members_by_page(Call& call) {
    return member_list(
        call, operations::members_wanted(call.acting, *call.organization, user_list_request(call)),
        true);
}

/// Finds the member of `{organization}` and `{member}`. The caller may know members whom it cannot
/// read as users.
inline void resolve_member(Call& call) {
    resolve_organization(call);
    call.member =
        operations::find_member(call.acting, *call.organization, call.parameter("member"));
}

inline Reply delete_member(Call& call) {
    operations::remove_member(call.acting, *call.member);
    return {204, ""};
}

inline Reply post_member(Call& call) {
    return ok(wire::organization_member(
        operations::add_member(call.acting, *call.organization, call.parameter("member")),
        call.release()));
}

inline Reply get_member(Call& call) { return ok(wire::member(*call.member, call.form())); }

inline Reply get_organization_roles(Call& call) {
    return role_list(call, operations::list_organization_roles(call.acting, *call.organization));
}

inline void resolve_other_member(Call& call) {
    resolve_member(call);
    operations::refuse_own_member_roles(call.acting, *call.member);
}

inline Reply put_member_roles(Call& call) {
    return ok(wire::organization_member(
        operations::set_member_roles(call.acting, *call.member, call.body.texts("roles")),
        call.release()));
}

}}}  // namespace coder_users::v0::http
