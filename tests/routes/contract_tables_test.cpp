// The tables of docs/contract have every operation, and say of it what the route table says.
#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "catch.hpp"
#include "route_table.hpp"

using namespace coder_users;
using coder_users_test::route_table;

namespace {

using Cells = std::vector<std::string>;

std::string text_of(const std::string& page) {
    std::ifstream file(std::string(CONTRACT_FOLDER) + "/" + page + ".md");
    REQUIRE(file);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string trimmed(const std::string& text) {
    const auto begin = text.find_first_not_of(' ');
    return begin == std::string::npos ? ""
                                      : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

/// Returns the rows of the first table below a heading, without the two lines of its head.
std::vector<Cells> table_below(const std::string& page, const std::string& heading) {
    std::istringstream lines(text_of(page));
    std::string line;
    while (std::getline(lines, line) && line != "## " + heading) {
    }
    std::vector<Cells> rows;
    while (std::getline(lines, line) && (line.empty() || line[0] == '|' || rows.empty())) {
        if (line.empty() || line[0] != '|') continue;
        Cells cells;
        std::istringstream parts(line.substr(1));
        for (std::string cell; std::getline(parts, cell, '|');) cells.push_back(trimmed(cell));
        rows.push_back(cells);
    }
    REQUIRE(rows.size() > 2);
    rows.erase(rows.begin(), rows.begin() + 2);
    return rows;
}

/// Returns the operations that a cell names, such as "GET /users"; paths without a slash at their
/// start are below /users/{user}/.
std::vector<std::string> requests_in(const std::string& cell) {
    static const std::regex request("(GET|POST|PUT|PATCH|DELETE) `?([^`, ]+)`?");
    std::vector<std::string> found;
    for (std::sregex_iterator i(cell.begin(), cell.end(), request), end; i != end; ++i) {
        const std::string path = (*i)[2];
        found.push_back((*i)[1].str() + " " + (path[0] == '/' ? path : "/users/{user}/" + path));
    }
    return found;
}

std::string request_of(const http::Route& route) {
    std::string path = route.path;
    const auto member = path.find("{member}");
    if (member != std::string::npos) path.replace(member, 8, "{user}");
    return std::string(http::to_string(route.verb)) + " " + path;
}

}  // namespace

TEST_CASE("the list of operations is the route table") {
    std::map<std::string, int> written;
    for (const Cells& row : table_below("README", "Operations"))
        for (const std::string& request : requests_in(row.at(0)))
            written[request] = std::stoi(row.at(1));
    std::map<std::string, int> served;
    for (const http::Route& route : route_table()) served[request_of(route)] = route.success;
    CHECK(written == served);
}

TEST_CASE("the permission matrix of the contract has every operation that needs a session") {
    std::set<std::string> written;
    for (const Cells& row : table_below("roles", "Permission matrix"))
        for (const std::string& request : requests_in(row.at(0))) written.insert(request);
    std::set<std::string> guarded;
    for (const http::Route& route : route_table()) {
        const std::string request = request_of(route);
        if (!route.operation.open() && request.find(" /organizations") == std::string::npos)
            guarded.insert(request);
    }
    CHECK(written == guarded);
}

TEST_CASE("the audit page has every operation that is recorded, with its kind") {
    std::map<std::string, std::string> written;
    for (const Cells& row : table_below("audit", "What is recorded"))
        for (const std::string& request : requests_in(row.at(0))) {
            const std::string action = row.at(2).substr(0, row.at(2).find('`', 1) + 1);
            written[request] = row.at(1) + " " + action;
        }
    std::map<std::string, std::string> recorded;
    for (const http::Route& route : route_table()) {
        const operations::AuditKind kind = route.operation.audit();
        if (kind.action)
            recorded[request_of(route)] =
                "`" + std::string(kind.resource_type) + "` `" + kind.action + "`";
    }
    CHECK(written == recorded);
}
