// Internal: may change at any time.
// The table of the control API: one row for each call (docs/contract/test_server.md, "Calls").
#pragma once

#include <vector>

#include "coder_users/internal/control/bodies.hpp"
#include "coder_users/internal/control/call.hpp"
#include "coder_users/internal/control/faults.hpp"
#include "coder_users/internal/control/logins.hpp"
#include "coder_users/internal/control/requests.hpp"
#include "coder_users/internal/control/server.hpp"
#include "coder_users/internal/control/snapshots.hpp"

namespace coder_users { inline namespace v0 { namespace control {

/// Defined in control/openapi.hpp.
http::Reply get_openapi(Call& call);

inline const std::vector<Row>& table() {
    using http::Verb;
    using wire::ValueType;
    // clang-format off
    static const std::vector<Row> rows = [] {
        std::vector<Row> list;
        const auto add = [&](Row row) { list.push_back(std::move(row)); };
        add(Row{Verb::get, "/openapi.json", "get-description", "Get this description", get_openapi, ""}
            .answers(200, wire::shapes::openapi).needs_no_token());
        add(Row{Verb::get, "/clock", "get-clock", "Read the clock", get_clock, "Clock::now Clock::is_frozen Server::clock"}
            .answers(200, shapes::clock));
        add(Row{Verb::post, "/clock/advance", "advance-clock", "Move the clock", advance_clock, "Clock::advance"}
            .takes(bodies::advance).answers(200, shapes::clock));
        add(Row{Verb::put, "/clock", "set-clock", "Set the clock, freeze it or let it run", set_clock, "Clock::set Clock::freeze Clock::run"}
            .takes(bodies::clock).answers(200, shapes::clock));
        add(Row{Verb::get, "/snapshots", "list-snapshots", "List snapshots", list_snapshots, ""}
            .answers(200, shapes::snapshots));
        add(Row{Verb::post, "/snapshots", "take-snapshot", "Keep the present moment", take_snapshot, "Server::snapshot"}
            .takes(bodies::snapshot).answers(201, shapes::snapshot).also_answers({409}));
        add(Row{Verb::post, "/snapshots/{id}/restore", "restore-snapshot", "Return to a moment, by id or name", restore_snapshot, "Server::restore"}
            .answers_nothing().also_answers({404}));
        add(Row{Verb::del, "/snapshots/{id}", "delete-snapshot", "Give a snapshot up", delete_snapshot, ""}
            .answers_nothing().also_answers({404}));
        add(Row{Verb::get, "/snapshots/{id}/image", "get-snapshot-image", "Get the data of a snapshot as an SQLite file", get_image, ""}
            .answers_bytes().also_answers({404}));
        add(Row{Verb::put, "/snapshots/{id}/image", "put-snapshot-image", "Keep an SQLite file as a snapshot of this name", put_image, ""}
            .takes_raw().answers(201, shapes::snapshot).also_answers({409}));
        add(Row{Verb::post, "/reset", "reset", "Return to the moment of the ready line", reset, "Server::reset Server::mark_start"}
            .answers_nothing());
        add(Row{Verb::post, "/users", "make-user", "Make a user who is logged in", make_user, "Server::make Server::user Server::user_with_roles Server::service_account"}
            .takes(bodies::user).answers(201, shapes::user).also_answers({409}));
        add(Row{Verb::post, "/seed", "seed", "Make the users of a seed", seed, "Server::seed"}
            .takes_raw().answers_nothing());
        add(Row{Verb::get, "/faults", "list-faults", "List faults", list_faults, "Faults::list Server::faults"}
            .answers(200, shapes::faults));
        add(Row{Verb::post, "/faults", "add-fault", "Let requests go wrong", add_fault, "Faults::add Faults::fail_write Faults::slow_write Faults::limit_request"}
            .takes(bodies::fault).answers(201, shapes::fault));
        add(Row{Verb::del, "/faults", "clear-faults", "Remove all faults", clear_faults, "Faults::clear"}
            .answers_nothing());
        add(Row{Verb::del, "/faults/{id}", "remove-fault", "Remove a fault", remove_fault, "Faults::remove"}
            .answers_nothing().also_answers({404}));
        add(Row{Verb::get, "/requests", "list-requests", "List what has come", list_requests, "Requests::list Requests::start Requests::records Server::requests"}
            .asks({{"method", ValueType::text, "Only with this method"}, {"path", ValueType::text, "Only with this path, or that of a route"},
                   {"status", ValueType::integer, "Only with this status"}, {"user", ValueType::text, "Only of this user, by id or name"},
                   {"limit", ValueType::integer, "Only the newest ones, so many"}})
            .answers(200, shapes::requests));
        add(Row{Verb::post, "/requests/wait", "wait-for-requests", "Wait for requests that match", wait_for_requests, "Requests::wait Requests::end_waits"}
            .takes(bodies::wait).may_wait().answers(200, shapes::requests).also_answers({408}));
        add(Row{Verb::del, "/requests", "forget-requests", "Forget what has come", forget_requests, "Requests::forget"}
            .answers_nothing());
        add(Row{Verb::get, "/passcodes", "list-passcodes", "List codes that would have been sent", list_passcodes, "Passcodes::list Server::passcodes"}
            .asks({{"email", ValueType::text, "Only for this address"}})
            .answers(200, shapes::passcodes));
        add(Row{Verb::del, "/passcodes", "forget-passcodes", "Forget codes, which stay good", forget_passcodes, "Passcodes::forget"}
            .answers_nothing());
        add(Row{Verb::get, "/logins", "get-logins", "Get who logs in next at each login provider", get_logins, "Logins::next Server::logins"}
            .answers(200, shapes::logins));
        add(Row{Verb::put, "/logins/oidc", "set-oidc-login", "Name who logs in at the OpenID provider, or let it refuse", set_oidc_login, "Logins::oidc Logins::refuse_oidc"}
            .takes(bodies::oidc_login).and_more_fields().answers(200, shapes::logins));
        add(Row{Verb::put, "/logins/github", "set-github-login", "Name who logs in at GitHub, or let it refuse", set_github_login, "Logins::github Logins::refuse_github"}
            .takes(bodies::github_login).answers(200, shapes::logins));
        add(Row{Verb::del, "/logins", "forget-logins", "Name nobody any more", forget_logins, "Logins::forget Logins::set_next"}
            .answers_nothing());
        add(Row{Verb::get, "/version", "get-version", "Get the release of Coder that it answers as", get_version, "Server::coder_version"}
            .answers(200, shapes::version));
        add(Row{Verb::put, "/version", "set-version", "Answer as another release of Coder", set_version, "Server::set_coder_version"}
            .takes(bodies::version).answers(200, shapes::version));
        return list;
    }();
    // clang-format on
    return rows;
}

}}}  // namespace coder_users::v0::control
