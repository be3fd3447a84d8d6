// What holds for every row of the route table (docs/contract/http.md, "Order of checks", "Routing"
// and "JSON types").

#include <map>
#include <set>

#include "endpoint_table.hpp"
#include "operations.hpp"
#include "route_table.hpp"
#include "shape_check.hpp"

using namespace coder_users_test;
namespace http = coder_users::http;
using http::Route;

namespace {

std::string name_of(const Route& route) {
    return std::string(to_string(route.verb)) + " " + route.path;
}

/// Makes a path of a route, with `user` and, for other parameters, values that do not exist.
std::string path_of(const Route& route, const std::string& user) {
    std::string path = route.outside_api ? "!" : "";
    const auto segments = coder_users::split(route.path, '/');
    for (const std::string_view segment : segments) {
        if (segment.empty()) continue;
        path += '/';
        if (segment == "{user}")
            path += user;
        else if (segment.front() == '{')
            path += "11111111-1111-1111-1111-111111111111";
        else
            path += segment;
    }
    return path.empty() || path == "!" ? path + "/" : path;
}

}  // namespace

TEST_CASE("every operation succeeds as its row promises, at every kind of release") {
    const std::string text = GENERATE("2.6", "2.8", "2.14", "2.21", "2.35");
    CAPTURE(text);
    OperationStage stage;
    stage.answer_as(text);
    for (const Route& route : route_table()) {
        INFO(name_of(route) << " (" << route.operation_id() << ")");
        const OperationRow* const row = operation_row(route.operation_id());
        if (!row) {
            FAIL_CHECK("this operation has no row in tests/operations.cpp");
            continue;
        }
        stage.begin_anew();
        const Answer answer = stage.ask(*row);
        INFO(answer.body);
        const coder_users::Release release =
            route.operation.answered_as(coder_users::parse_release(text).value());
        const coder_users::http::LaterAnswer promised = route.answer_of(release);
        CHECK(answer.status == promised.success);
        if (promised.success == 204 || promised.success == 307) continue;
        if (!promised.reply) {
            FAIL_CHECK("the row promises no shape");
            continue;
        }
        CHECK(shape_error(answer.body, *promised.reply, route.reply_is_list, release) == "");
    }
}

TEST_CASE("every row of the table of operations belongs to a route") {
    std::map<std::string, std::string> routes, rows;
    for (const Route& route : route_table())
        routes[route.operation_id()] = std::string(to_string(route.verb)) + " " +
                                       (route.outside_api ? "!" : "") + public_path(route);
    for (const OperationRow& row : operations()) {
        INFO(row.id);
        CHECK(rows.emplace(row.id, row.method + " " + row.path).second);
        CHECK(routes[row.id] == row.method + " " + row.path);
    }
}

TEST_CASE("operations and their ids are unique") {
    std::set<std::string> operations, ids;
    for (const Route& route : route_table()) {
        INFO(name_of(route));
        CHECK(operations.insert((route.outside_api ? "!" : "") + name_of(route)).second);
        CHECK(ids.insert(route.operation_id()).second);
        CHECK_FALSE(std::string(route.operation_id()).empty());
        CHECK_FALSE(std::string(route.summary).empty());
        CHECK(route.handler != nullptr);
    }
}

TEST_CASE("all methods of a path have the same guard") {
    std::map<std::string, bool> guards;
    for (const Route& route : route_table()) {
        INFO(name_of(route));
        CHECK(guards.emplace(route.path, route.guarded()).first->second == route.guarded());
        if (std::string(route.path).find("{user}") != std::string::npos) CHECK(route.guarded());
    }
}

TEST_CASE("exactly the public paths of the contract are open") {
    for (const Route& route : route_table()) {
        INFO(name_of(route));
        const OperationRow* const row = operation_row(route.operation_id());
        REQUIRE(row);
        CHECK(route.guarded() == row->guarded());
        if (!route.guarded()) CHECK_FALSE(route.operation.action().has_value());
    }
}

TEST_CASE("every change is audited") {
    for (const Route& route : route_table()) {
        INFO(name_of(route));
        const OperationRow* const row = operation_row(route.operation_id());
        REQUIRE(row);
        CHECK((route.operation.audit().resource_type != nullptr) ==
              (row->changes == Changes::recorded));
    }
}

TEST_CASE("every guarded operation wants a session first") {
    World world;
    for (const Route& route : route_table()) {
        if (!route.guarded()) continue;
        const std::string method(to_string(route.verb));
        for (const std::string& user : {std::string("owner"), std::string("nobody")}) {
            check_rows(world,
                       {
                           {"without", method, path_of(route, user), "", "{", 401, no_session},
                           {"with a bad key", method, path_of(route, user),
                            "0123456789-0123456789012345678901", "{", 401, bad_key},
                           {"with a foreign page's cookie",
                            method,
                            path_of(route, user),
                            "",
                            "{",
                            method == "GET" ? 401 : 403,
                            method == "GET" ? bad_key : message("Cross-origin request refused."),
                            "",
                            {{"Cookie", "coder_session_token=0123456789-0123456789012345678901"},
                             {"Sec-Fetch-Site", "cross-site"}}},
                       });
        }
    }
}

TEST_CASE("every operation on a user hides users that the caller cannot read") {
    World world;
    const std::string bob = world.member("bob");
    for (const Route& route : route_table()) {
        const std::string path = route.path;
        // It finds the user in its own way: docs/contract/organizations.md, "PUT
        // /organizations/{organization}/members/{user}/roles".
        if (path.find("{user}") == std::string::npos || path.find("/organizations/") == 0) continue;
        const std::string method(to_string(route.verb));
        const coder_users::Release release = route.operation.answered_as({});
        const std::string owner = no_user_as_of(release, "owner");
        const std::string nobody = no_user_as_of(release, "nobody");
        check_rows(world, {
                              {"hidden", method, path_of(route, "owner"), bob, "{", 404, owner},
                              {"absent", method, path_of(route, "nobody"), bob, "{", 404, nobody},
                              {"absent for the owner", method, path_of(route, "nobody"),
                               world.owner, "{", 404, nobody},
                          });
    }
}

TEST_CASE("a key for applications may do what its rows say") {
    World world;
    KeyRow limited;
    limited.scope = "application_connect";
    const std::string key = world.add_key("owner", limited);
    for (const Route& route : route_table()) {
        if (!route.guarded()) continue;
        INFO(name_of(route));
        const bool own_user = name_of(route) == "GET /users/{user}";
        CHECK(route.operation.for_limited_keys() == own_user);
        const Answer answer =
            world.server.send(to_string(route.verb), path_of(route, "me"), key, "{}");
        CHECK(answer.status == (own_user ? 200 : 403));
        if (!own_user) CHECK(answer.body == forbidden_as_of(route.operation.answered_as({})));
    }
}

TEST_CASE("every body must be JSON") {
    World world;
    for (const Route& route : route_table()) {
        if (!route.body) continue;
        INFO(name_of(route));
        const std::string path(route.path);
        // about another user, because refusals of oneself come before the body
        const std::string user = "bob";
        if (path.find("{user}") != std::string::npos && world.id_of(user).empty())
            world.server.create(world.owner, user);
        if (path.find("/organizations/{organization}") == 0) continue;
        const std::string before = world.snapshot(), entry = world.last_entry();
        for (const std::string bad :
             {"", "{", "{}x", "\"text\"", "[]", "1", "{\"a\":\"\\u0000\"}"}) {
            INFO(bad);
            const Answer answer =
                world.server.send(to_string(route.verb), path_of(route, user), world.owner, bad);
            CHECK(answer.status == 400);
            CHECK(parse(answer.body)["message"].text() == "Request body must be valid JSON.");
            CHECK_FALSE(parse(answer.body)["detail"].text().empty());
            CHECK(shape_error(answer.body, coder_users::wire::shapes::response) == "");
        }
        CHECK(world.snapshot() == before);
        CHECK(world.entries_since(entry).empty());
    }
}
