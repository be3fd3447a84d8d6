// Internal: may change at any time.
// Handlers for users: list, create, read, delete; and for the first user.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/http/long_list.hpp"
#include "coder_users/internal/operations/create_user.hpp"
#include "coder_users/internal/operations/first_user.hpp"
#include "coder_users/internal/operations/users.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// A list of users, or of what belongs to each of them, by their names.
class LongListByName : public LongList {
 public:
    LongListByName(store::Store& store, operations::UserListPage wanted)
        : LongList(store), wanted_(std::move(wanted)) {}

 protected:
    virtual void begin(JsonWriter& json) = 0;
    virtual void write_each(JsonWriter& json, store::Connection& c,
                            const std::vector<Shared<User>>& users) = 0;
    virtual void end(JsonWriter& json, std::int64_t count) = 0;

 private:
    bool write(JsonWriter& json, store::Connection& c, std::optional<store::Query>&) final {
        if (!listing_) {
            listing_.emplace(c, std::move(wanted_.filter), wanted_.page);
            begin(json);
        }
        const std::vector<Shared<User>> users = listing_->next(c, items_in_piece);
        const bool more = users.size() == items_in_piece;
        write_each(json, c, users);
        if (!more) end(json, listing_->count());
        return more;
    }

    operations::UserListPage wanted_;
    std::optional<store::users::Listing> listing_;
};

class LongUserList final : public LongListByName {
 public:
    LongUserList(store::Store& store, operations::UserListPage wanted, const wire::Form& form)
        : LongListByName(store, std::move(wanted)), form_(form) {}

 private:
    void begin(JsonWriter& json) override { wire::begin_users(json); }
    void write_each(JsonWriter& json, store::Connection&,
                    const std::vector<Shared<User>>& users) override {
        for (const Shared<User>& each : users) wire::write_user(json, *each, form_);
    }
    void end(JsonWriter& json, std::int64_t count) override { wire::end_counted(json, count); }

    const wire::Form form_;
};

/// A list that is answered as a whole.
struct WholeList {
    std::size_t items = 0;
    std::string body;
};

/// Answers a list: `read(wanted)` returns a WholeList; a longer one is `in_pieces_of(wanted)`.
template <class Read, class InPieces>
Reply list_by_name(Call& call, operations::UserListPage wanted, Read&& read,
                   InPieces&& in_pieces_of) {
    const std::int64_t limit = wanted.page.limit;
    const bool may_be_long = http::may_be_long(call, limit);
    if (may_be_long) wanted.page.limit = short_list;
    WholeList whole = read(wanted);
    if (!may_be_long || whole.items < short_list) return ok(std::move(whole.body));
    wanted.page.limit = limit;
    return in_pieces(in_pieces_of(std::move(wanted)));
}

/// What the request says about the part of a list of users that it wants.
inline operations::UserListRequest user_list_request(const Call& call) {
    return {call.query("q"), call.url.parameter("after_id"), call.url.parameter("limit"),
            call.url.parameter("offset")};
}

inline Reply get_users(Call& call) {
    return list_by_name(
        call, operations::user_list_page(call.acting, user_list_request(call)),
        [&](const operations::UserListPage& part) {
            const store::users::UserList found = operations::list_users(call.acting, part);
            return WholeList{found.users.size(),
                             wire::users(found.users, found.count, call.form())};
        },
        [&](operations::UserListPage all) {
            return std::make_unique<LongUserList>(call.acting.backend.store, std::move(all),
                                                  call.form());
        });
}

inline Reply post_users(Call& call) {
    const wire::Body& body = call.body;
    operations::NewUser wanted;
    wanted.email = body.text("email");
    wanted.username = body.text("username");
    wanted.password = body.text("password");
    wanted.name = body.text("name");
    wanted.login_type = body.text("login_type");
    wanted.disable_login = body.flag("disable_login");
    wanted.user_status = body.text("user_status");
    wanted.service_account = body.flag("service_account");
    wanted.roles = body.texts("roles");
    wanted.organization_ids = body.sent_texts("organization_ids");
    wanted.organization_id = body.text("organization_id");
    const User made = operations::create_user(call.acting, wanted);
    return ok(wire::user(made, call.form()), 201);
}

inline Reply get_user(Call& call) {
    const Shared<User> found = operations::get_user(call.acting, call.user());
    const auto write = [&] { return wire::user(*found, call.form()); };
    const SharedIdentity& actor = *call.acting.actor;
    if (actor.user_text && found == actor.user)
        return ok(actor.user_text->get(call.release(), write));
    return ok(write());
}

inline Reply delete_user(Call& call) {
    const User deleted = operations::delete_user(call.acting, call.user());
    const LaterAnswer answer = call.route.answer_of(call.release());
    if (!answer.reply) return {answer.success, ""};
    if (answer.reply == &wire::shapes::response) return notice("User has been deleted!");
    return ok(wire::user(deleted, call.form()));
}

inline Reply get_first_user(Call& call) {
    if (operations::has_first_user(call.acting.backend))
        return notice("The initial user has already been created!");
    return notice("The initial user has not been created!", 404);
}

inline Reply post_first_user(Call& call) {
    CreateUser wanted;
    wanted.email = call.body.text("email");
    wanted.username = call.body.text("username");
    wanted.password = call.body.text("password");
    wanted.name = call.body.text("name");
    const User made = operations::create_first_user(
        call.acting, wanted, header(call.request, "X-Setup-Code").value_or(""));
    return ok(wire::first_user(made.id, made.organization_ids.front()), 201);
}

}}}  // namespace coder_users::v0::http
