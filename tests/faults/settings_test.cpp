// The settings of SQLite, and what remains in the file of deleted data.
#include <string>

#include "catch.hpp"
#include "changes.hpp"
#include "store_fixture.hpp"

using namespace faults;

TEST_CASE("every connection has the settings that the promises rest on") {
    TempFolder folder;
    coder_users::store::Store store(store_test::options(folder.file("a.db")));
    const auto settings = [](coder_users::store::Connection& c) {
        std::string all;
        for (const char* name :
             {"journal_mode", "synchronous", "foreign_keys", "secure_delete", "trusted_schema",
              "cell_size_check", "mmap_size", "busy_timeout", "query_only"})
            all += std::string(name) + "=" + c.first_text(std::string("PRAGMA ") + name) + " ";
        // Defensive: the schema cannot be written. No code can be loaded.
        const auto refused = [&](const char* sql) {
            return store_test::error_of([&] { c.first_text(sql); }).empty() ? "possible"
                                                                            : "refused";
        };
        c.run("PRAGMA writable_schema = ON");
        all += refused("UPDATE sqlite_schema SET sql = sql");
        c.run("PRAGMA writable_schema = OFF");
        all += std::string(" ") + refused("SELECT load_extension('x')");
        // Limits: no more than the library needs.
        const auto repeated = [](const std::string& what, int times) {
            std::string list = what;
            while (--times > 0) list += "," + what;
            return list;
        };
        std::string deep = "1", union_of_many = "SELECT 1";
        for (int i = 0; i < 60; ++i) deep += "+1", union_of_many += " UNION SELECT 1";
        for (const std::string& sql :
             {std::string("ATTACH ':memory:' AS other"), std::string("SELECT zeroblob(33554433)"),
              "SELECT " + deep, union_of_many, "SELECT " + repeated("1", 101),
              "SELECT coalesce(" + repeated("1", 9) + ")"})
            all += std::string(" ") + refused(sql.c_str());
        return all;
    };
    const std::string all_refused =
        " refused refused refused refused refused refused refused refused";
    const std::string common =
        "journal_mode=wal synchronous=2 foreign_keys=1 secure_delete=1 trusted_schema=0 "
        "cell_size_check=1 mmap_size=0 busy_timeout=5000 query_only=";
    CHECK(store.read(settings) == common + "1" + all_refused);
    CHECK(store.write([&](store_test::store::Tx& tx) { return settings(tx); }) ==
          common + "0" + all_refused);
}

TEST_CASE("what was deleted is not in the files any more") {
    const Prepared prepared;
    TempFolder folder;
    const std::string path = folder.file("a.db");
    prepared.copy(path);
    const std::string bob = "(SELECT id FROM users WHERE username = 'bob')";
    const std::string secrets[] = {
        stored(path,
               "SELECT hashed_secret FROM api_keys WHERE token_name <> '' AND user_id = " + bob),
        stored(path,
               "SELECT hashed_secret FROM api_keys WHERE token_name = '' AND user_id = " + bob),
        stored(path, "SELECT hashed_password FROM users WHERE username = 'bob'"),
        stored(
            path,
            "SELECT substr(sealed_private_key, 1, 200) FROM git_ssh_keys WHERE user_id = " + bob)};
    auto service = coder_users::start(repeatable(path));
    for (const std::string& secret : secrets) {
        REQUIRE(secret.size() >= 60);
        CHECK(store_test::file_bytes(path).find(secret) != std::string::npos);
    }
    CHECK(ask(service, "DELETE", "/users/bob", prepared.owner).status == 200);
    service.stop();
    for (const std::string& secret : secrets)
        CHECK(store_test::file_bytes(path).find(secret) == std::string::npos);
}
