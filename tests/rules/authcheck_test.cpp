#include "coder_users/internal/rules/authcheck.hpp"

#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

namespace authcheck_test {

using namespace coder_users;
using namespace coder_users::rules;

const std::string mine = "0b0e7c1a-5a4e-4f57-9a3e-0123456789ab";
const std::string theirs = "11111111-1111-1111-1111-111111111111";

User user_with(const std::string& id, std::vector<std::string> roles = {}) {
    User user;
    user.id = id;
    user.roles = std::move(roles);
    user.organization_ids = {mine};
    return user;
}

/// Returns the letters of the actions that are answered yes: C, R, U, D, p for read_personal, q for
/// update_personal, a for assign, u for unassign, and + for all the others together.
std::string rights(const AuthUser& asker, AuthQuestion question,
                   const std::optional<AuthUser>& resource = {}) {
    std::string letters;
    const std::string known = "CRUDpqau++++++++++";
    for (std::size_t i = 0; i < known.size(); ++i) {
        question.action = std::string(auth_action_names.at(i));
        if (answer_auth_question(asker, question, resource)) letters += known[i];
    }
    const std::string others(10, '+');
    if (letters.size() > 10 && letters.substr(letters.size() - 10) == others)
        letters.resize(letters.size() - 9);
    return letters;
}

TEST_CASE("rights of several roles add up") {
    const User both = user_with("me", {"auditor", "user-admin"});
    const AuthUser asker{both, {}};
    const auto on = [&](const char* type) { return rights(asker, {"k", type, "", "", "", ""}); };
    CHECK(on("audit_log") == "R");
    CHECK(on("user") == "CRUDpq");
    CHECK(on("assign_role") == "CRUDau");
    CHECK(on("group") == "CRUD");
    CHECK(on("api_key") == "");
    CHECK(on("organization") == "");
    const User readers = user_with("me", {"auditor", "template-admin"});
    CHECK(rights({readers, {}}, {"k", "organization", "", "", "", ""}) == "R");
    CHECK(rights({readers, {}}, {"k", "audit_log", "", "", "", ""}) == "R");
    const User marked = user_with("me", {"member"});
    CHECK(rights({marked, {}}, {"k", "user", "", "", "", ""}) == "");
}

TEST_CASE("an organization admin's rights are in its organization") {
    const User plain = user_with("me");
    const AuthUser admin{plain, {mine}}, member{plain, {}};
    const auto on = [&](const AuthUser& asker, const char* type, const std::string& where) {
        return rights(asker, {"k", type, "", where, "", ""});
    };
    for (const char* type : {"organization", "organization_member", "assign_org_role", "group"}) {
        INFO(type);
        const std::string all = type == std::string("assign_org_role") ? "CRUDau" : "CRUD";
        CHECK(on(admin, type, mine) == all);
        CHECK(on(admin, type, "0B0E7C1A-5A4E-4F57-9A3E-0123456789AB") == all);
        CHECK(on(admin, type, theirs) == "");
        CHECK(on(admin, type, "") == "");
    }
    for (const char* type : {"user", "user_data", "api_key", "audit_log", "workspace"})
        CHECK(on(admin, type, mine) == "");
    CHECK(on(admin, "assign_role", mine) == "R");
    CHECK(on(member, "organization", mine) == "R");
    CHECK(on(member, "assign_org_role", mine) == "R");
    CHECK(on(member, "organization_member", mine) == "");
    CHECK(on(member, "group", mine) == "");
}

TEST_CASE("any organization is one of those that give the right") {
    const User plain = user_with("me");
    User alone = plain;
    alone.organization_ids.clear();
    const auto on = [&](const AuthUser& asker, const char* type, const std::string& where = "") {
        return rights(asker, {"k", type, "", where, "", "", true});
    };
    const AuthUser admin{plain, {mine}}, member{plain, {}}, nobody{alone, {}};
    for (const std::string& where : {std::string(), theirs, std::string("nonsense")}) {
        CHECK(on(admin, "organization", where) == "CRUD");
        CHECK(on(admin, "assign_org_role", where) == "CRUDau");
        CHECK(on(member, "organization", where) == "R");
        CHECK(on(nobody, "organization", where) == "");
    }
    CHECK(on(admin, "user") == "");
    CHECK(on(member, "group") == "");
    CHECK(on({user_with("o", {"owner"}), {}}, "group") == "CRUDpqau+");
}

TEST_CASE("one's own objects") {
    const std::string id = "abcdefab-5a4e-4f57-9a3e-0123456789ab";
    const User me = user_with(id);
    for (const auto& [owner, own] :
         std::vector<std::pair<std::string, bool>>{{"me", true},
                                                   {id, true},
                                                   {"ABCDEFAB-5A4E-4F57-9A3E-0123456789AB", true},
                                                   {"", false},
                                                   {"Me", false},
                                                   {"ME", false},
                                                   {"me ", false},
                                                   {theirs, false}}) {
        INFO(owner);
        CHECK(rights({me, {}}, {"k", "api_key", owner, "", "", ""}) == (own ? "CRUD" : ""));
        CHECK(rights({me, {}}, {"k", "user", owner, "", "", ""}) == (own ? "Rpq" : ""));
    }
}

TEST_CASE("a user as the object") {
    const User admin = user_with("admin", {"user-admin"}), owner = user_with("owner", {"owner"}),
               plain = user_with("plain"), auditor = user_with("auditor", {"auditor"}),
               owner_and_admin = user_with("both", {"owner", "user-admin"});
    const AuthQuestion question{"k", "user", "", "", theirs, ""};
    const auto on = [&](const AuthUser& asker, const AuthUser& resource) {
        return rights(asker, question, resource);
    };
    CHECK(on({admin, {}}, {plain, {}}) == "CRUDpq");
    CHECK(on({admin, {}}, {admin, {}}) == "CRUDpq");
    CHECK(on({admin, {}}, {owner, {}}) == "CR");
    CHECK(on({admin, {}}, {auditor, {}}) == "CR");
    CHECK(on({admin, {}}, {plain, {mine}}) == "CR");
    CHECK(on({admin, {mine}}, {plain, {mine}}) == "CRUDpq");
    CHECK(on({admin, {mine}}, {plain, {mine, theirs}}) == "CR");
    CHECK(on({admin, {mine, theirs}}, {plain, {theirs, mine}}) == "CRUDpq");
    CHECK(on({owner_and_admin, {}}, {owner, {mine}}) == "CRUDpqau+");
    CHECK(on({owner, {}}, {owner, {mine}}) == "CRUDpqau+");
    CHECK(on({auditor, {}}, {plain, {}}) == "R");
    CHECK(on({plain, {}}, {plain, {}}) == "Rpq");
    CHECK(on({plain, {}}, {auditor, {}}) == "");
    CHECK(rights({owner, {}}, question, std::nullopt) == "");
    CHECK(rights({admin, {}}, question, std::nullopt) == "");
    const AuthQuestion workspace{"k", "workspace", "me", mine, theirs, ""};
    CHECK(rights({owner, {}}, workspace, std::nullopt) == "");
}

TEST_CASE("unknown actions are refused to owners as well") {
    const User owner = user_with("owner", {"owner"});
    for (const char* action :
         {"", "READ", "list", "reads", " read", "read_personal ", "create,read"})
        CHECK_FALSE(
            answer_auth_question({owner, {}}, {"k", "user", "me", "", "", action}, std::nullopt));
}

/// Returns the message of the refusal, which its validation repeats; "" when there is none.
std::string refusal(const std::vector<AuthQuestion>& questions) {
    try {
        refuse_auth_questions(questions);
        return "";
    } catch (const ApiError& error) {
        CHECK(error.status() == 400);
        for (const Validation& each : error.validations()) CHECK(each.detail == error.message());
        return (error.validations().empty() ? "" : error.validations()[0].field + ": ") +
               error.message();
    }
}

TEST_CASE("questions that cannot be asked") {
    const AuthQuestion good{"g", "user", "", "", theirs, "read"};
    const AuthQuestion untyped{"u", "", "", "", "x", "read"};
    const AuthQuestion bad_id{"b", "user", "", "", "x", "read"};
    const AuthQuestion bad_type{"t", "api_key", "", "", theirs, "read"};
    CHECK(refusal({}) == "");
    CHECK(refusal(std::vector<AuthQuestion>(10, good)) == "");
    CHECK(refusal(std::vector<AuthQuestion>(12, good)) ==
          "Endpoint only supports using \"resource_id\" field 10 times, found 12 usages. Remove 2 "
          "objects with this field set.");
    CHECK(refusal(std::vector<AuthQuestion>(1000, {"k", "user", "", "", "", ""})) == "");
    CHECK(refusal({good, untyped, bad_id}) ==
          "Object's \"resource_type\" field must be defined for key \"u\".");
    CHECK(refusal({bad_id, untyped}) == "resource_id: Object \"x\" id is not a valid uuid.");
    CHECK(refusal({bad_type, bad_id}) ==
          "resource_type: Object type \"api_key\" does not support \"resource_id\" field.");
    for (const char* type : {"user", "template", "group", "workspace", "workspace_execution"})
        CHECK(refusal({{"k", type, "", "", theirs, ""}}) == "");
}

}  // namespace authcheck_test
