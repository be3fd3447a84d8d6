// What the C++ kit can, the control API can: the members of the kit against the rows of its table.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "../catch.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/control/openapi.hpp"
#include "coder_users/internal/control/table.hpp"

namespace kit_and_control_test {

using namespace coder_users;

/// The members that a test in C++ uses, and no program in another language needs.
const std::set<std::string> for_cpp_alone{
    "Server::service",  // is the server itself
    "Server::url",      // is in the ready line
    "Server::owner",    // is in the ready line
    "Server::visitor",  // is a request without a token
    "Server::log_in",   // is a client that follows redirects
    "Logins::start",    // is done before the ready line; so are the next two
    "Logins::started",      "Logins::trusted_by",
    "Faults::next_write",  // from here on: what the server calls
    "Faults::next_request", "Faults::disturb",    "Faults::commit",
    "Requests::add",        "Passcodes::add",
};

/// The public functions of a class in the text of the header: names that an opening parenthesis
/// follows, at the depth of the class's members.
std::set<std::string> members_of(const std::string& header, const std::string& name) {
    const std::size_t begin = (std::min)(header.find("\nclass " + name + " {"),
                                         header.find("\nclass CODER_USERS_API " + name + " {"));
    REQUIRE(begin != std::string::npos);
    const std::size_t end = header.find("\n private:", begin);
    REQUIRE(end != std::string::npos);
    std::set<std::string> found;
    const std::string body = header.substr(begin + 1, end - begin);
    for (const std::string_view line : split(body, '\n')) {
        const bool member = starts_with(line, "    ") && line.size() > 4 && line[4] != ' ' &&
                            line[4] != '/' && line[4] != '}';
        const std::size_t paren = line.find('(');
        if (!member || paren == std::string_view::npos) continue;
        const std::size_t start = line.find_last_of(" &*", paren);
        const std::string function(line.substr(start + 1, paren - start - 1));
        if (function != name && !function.empty()) found.insert(name + "::" + function);
    }
    return found;
}

TEST_CASE("every member of the kit is a call of the control API, or has a reason not to be") {
    std::string header;
    for (const char* name : {KIT_HEADER, KIT_LOGINS_HEADER}) {
        std::ifstream file(name);
        header.append(std::istreambuf_iterator<char>(file), {});
    }
    std::set<std::string> in_kit;
    for (const char* name : {"Clock", "Faults", "Requests", "Passcodes", "Logins", "Server"})
        in_kit.merge(members_of(header, name));
    CHECK(in_kit.count("Clock::advance") == 1);
    CHECK(in_kit.count("Server::make") == 1);
    CHECK(in_kit.count("Requests::wait") == 1);
    CHECK(in_kit.count("Logins::github") == 1);
    CHECK(in_kit.size() > 30);

    std::set<std::string> in_control = for_cpp_alone;
    for (const control::Row& row : control::table())
        for (const std::string& member : words(row.kit)) in_control.insert(member);

    std::vector<std::string> missing, unknown;
    std::set_difference(in_kit.begin(), in_kit.end(), in_control.begin(), in_control.end(),
                        std::back_inserter(missing));
    std::set_difference(in_control.begin(), in_control.end(), in_kit.begin(), in_kit.end(),
                        std::back_inserter(unknown));
    CHECK(missing == std::vector<std::string>());
    CHECK(unknown == std::vector<std::string>());
}

TEST_CASE("the description of the control API has every row, and its references lead somewhere") {
    const std::string text = control::openapi::document();
    const wire::Json document = wire::parse_json(text);
    const wire::Json& paths = *wire::member(document, "paths");
    std::set<std::string> ids;
    for (const control::Row& row : control::table()) {
        INFO(row.id);
        const wire::Json* const path = wire::member(paths, row.path);
        REQUIRE(path);
        const wire::Json* const operation =
            wire::member(*path, fold_ascii(http::to_string(row.verb)));
        REQUIRE(operation);
        CHECK(wire::text_member(*operation, "operationId") == std::string(row.id));
        CHECK(ids.insert(row.id).second);
        const wire::Json* const responses = wire::member(*operation, "responses");
        REQUIRE(responses);
        CHECK(wire::member(*responses, std::to_string(row.success)));
        CHECK((wire::member(*responses, "401") == nullptr) == row.open);
        if (row.body && !row.more_fields)
            CHECK_NOTHROW(wire::refuse_unknown_fields(row.body->example, *row.body));
    }
    const wire::Json& components = *wire::member(document, "components");
    const std::string_view mark = R"("$ref":"#/components/)";
    std::size_t references = 0;
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; ++references) {
        at += mark.size();
        const auto steps = split(std::string_view(text).substr(at, text.find('"', at) - at), '/');
        REQUIRE(steps.size() == 2);
        const wire::Json* const part = wire::member(components, std::string(steps[0]));
        REQUIRE(part);
        INFO(steps[1]);
        CHECK(wire::member(*part, std::string(steps[1])));
    }
    CHECK(references > 100);
}

}  // namespace kit_and_control_test
