// Names that are paths of later releases (docs/contract/http.md, "User names").
#include "endpoint_table.hpp"
#include "test_database.hpp"

using namespace coder_users_test;

TEST_CASE("words that are paths today are no new names") {
    World world;
    world.server.create(world.owner, "bob");
    for (const std::string word :
         {"validate-password", "otp", "oidc-claims", "new", "create", "OTP", "Create"}) {
        CAPTURE(word);
        const std::string refusal = broken({{"username", "username", word}});
        check_rows(world, {
                              {"a new user", "POST", "/users", world.owner,
                               "{\"email\":\"x@example.org\",\"username\":\"" + word + "\"}", 400,
                               refusal},
                              {"another name", "PUT", "/users/bob/profile", world.owner,
                               "{\"username\":\"" + word + "\"}", 400, refusal},
                          });
    }
}

TEST_CASE("who was called so before keeps the name, and is found by id and as me") {
    World world;
    for (const std::string word : {"validate-password", "otp", "oidc-claims", "new", "create"}) {
        CAPTURE(word);
        const std::string id = world.server.create(world.owner, "bob");
        const std::string token = world.log_in("bob");
        // As an earlier version of the server has stored it.
        const std::string texts =
            "number, username_folded, email_folded FROM users WHERE id = '" + id + "';";
        const std::string rename = "UPDATE users SET username = '" + word +
                                   "', username_folded = '" + word + "' WHERE id = '" + id + "';";
        if (on_postgres())
            world.execute(rename);
        else
            world.execute(
                "INSERT INTO users_text (users_text, rowid, username_folded, email_folded) "
                "SELECT 'delete', " +
                texts + rename +
                "INSERT INTO users_text (rowid, username_folded, email_folded) SELECT " + texts);
        const std::string again = world.server.log_in("bob@example.org");
        CHECK(parse(world.server.send("GET", "/users/me", again).body)["username"].text() == word);
        CHECK(
            parse(world.server.send("GET", "/users/" + id, world.owner).body)["username"].text() ==
            word);
        CHECK(world.server.send("DELETE", "/users/" + id, world.owner).status == 200);
        CHECK(world.server.send("GET", "/users/me", token).status == 401);
    }
}
