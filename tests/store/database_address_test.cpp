#include "coder_users/internal/store/database_address.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>

#include "../server_fixture.hpp"
#include "../store_fixture.hpp"
#include "coder_users/data.hpp"
#include "coder_users/internal/store/postgres_part.hpp"

using namespace store_test;
using coder_users::Options;
using coder_users_test::good_password;
namespace data = coder_users::data;

namespace {

constexpr const char* refusal =
    "the database is an address of PostgreSQL, and this build has no PostgreSQL part";

/// While it lives, this program is one without the part.
class WithoutPart {
 public:
    WithoutPart() { store::open_postgres = nullptr; }
    ~WithoutPart() { store::open_postgres = part_; }

 private:
    const store::OpenPostgres part_ = store::open_postgres;
};

}  // namespace

TEST_CASE("addresses of PostgreSQL are told from names of files") {
    for (const char* address :
         {"postgres://host/db", "postgresql://", "postgres:///db?host=/run"}) {
        CAPTURE(address);
        CHECK(store::is_postgres_address(address));
        CHECK_FALSE(store::is_file_name(address));
    }
    for (const char* file : {"users.db", "postgres:", "postgres:/x", "a=b.db"}) {
        CAPTURE(file);
        CHECK_FALSE(store::is_postgres_address(file));
        CHECK(store::is_file_name(file));
    }
    CHECK_FALSE(store::is_postgres_address(":memory:"));
    CHECK_FALSE(store::is_file_name(":memory:"));
}

TEST_CASE("an address in a form that is not ours is no name of a file, and is not quoted") {
    for (const char* mistaken :
         {"POSTGRES://ada:hunter2@db/users", " postgres://ada:hunter2@db/users",
          "'postgres://ada:hunter2@db/users'", "postgresql+psycopg://ada:hunter2@db/users",
          "./postgres://ada:hunter2@db", "host=db user=ada password=hunter2",
          "dbname=users password=hunter2", "password=hunter2"}) {
        CAPTURE(mistaken);
        CHECK(store::is_mistaken_address(mistaken));
        CHECK(store::shown_database(mistaken) == "...");
        Options options;
        options.database = mistaken;
        const std::string expected =
            "database: is an address in a form that is not known: it is written "
            "postgres://user@host/database";
        std::ostringstream out;
        CHECK(error_of([&] { coder_users::open(options); }) == expected);
        CHECK(error_of([&] { data::check(options); }) == expected);
        CHECK(error_of([&] { data::export_to(options, out); }) == expected);
        CHECK(error_of([&] { data::backup(options, "copy.db"); }) == expected);
        CHECK(error_of([&] { data::migrate(options, "postgres://h/d"); }) == expected);
        CHECK(error_of([&] { data::reset_password(options, "ada", good_password); }) == expected);
        options.database = "users.db";
        CHECK(error_of([&] { data::migrate(options, mistaken); }) == expected);
        CHECK_FALSE(std::filesystem::exists(mistaken));
    }
    for (const char* good : {"users.db", ":memory:", "postgres://ada:host=1@db/users", "a=b.db",
                             "/srv/host=1/users.db"}) {
        CAPTURE(good);
        CHECK_FALSE(store::is_mistaken_address(good));
    }
}

TEST_CASE("a database is shown without password and options that may be secrets") {
    const auto shown = [](std::string_view database) { return store::shown_database(database); };
    CHECK(shown("users.db") == "users.db");
    CHECK(shown("a@b:c?d.db") == "a@b:c?d.db");
    CHECK(shown("postgres://db.example.com:5432/users") == "postgres://db.example.com:5432/users");
    CHECK(shown("postgresql://ada@db/users?sslmode=require&sslpassword=hunter3&port=7") ==
          "postgresql://ada@db/users?sslmode=require&port=7");
    CHECK(shown("postgres://ada:hunter2@a:1,[::1]:2,[::2],b/users?options=x") ==
          "postgres://ada@a:1,[::1]:2,[::2],b/users");
    CHECK(shown("postgres://ada:hunter2@db/users?sslpassword=hunter3") ==
          "postgres://ada@db/users");
    CHECK(shown("postgres://ada@?host=/run/postgresql") == "postgres://ada@?host=/run/postgresql");
    CHECK(shown("postgres://ada:p@ss:w/rd@db/users") == "postgres://...");
    CHECK(shown("postgres://ada:p@ss@db/users") == "postgres://...");
    CHECK(shown("postgres://ada:pa/ss@db/users") == "postgres://...");
    CHECK(shown("postgres://ada:1/ss@db/users") == "postgres://...");
    CHECK(shown("postgres://user:pa/ss") == "postgres://...");
    CHECK(shown("postgres:///users?user=ada&password=hunter@2&passw%6frd=hunter3") ==
          "postgres:///users?user=ada");
    CHECK(shown("postgres://db/users?password=hunter@2") == "postgres://db/users");
    CHECK(shown("postgres://ada:hunter?2@db/users") == "postgres://ada@db/users");
    CHECK(shown("postgres://ada:12?/hunter@db/users") == "postgres://...");
    CHECK(shown("postgres://") == "postgres://");
}

TEST_CASE("a build without PostgreSQL says so, and shows no address") {
    const WithoutPart without;
    TempFolder folder;
    Options file;
    file.database = folder.file("a.db");
    file.password_hash_cost = 4;
    data::create_admin_user(file, {"ada@example.org", "ada", good_password});
    const auto entries = [&] {
        return std::distance(std::filesystem::directory_iterator(folder.path()), {});
    };
    const auto before = entries();
    Options there = file;
    std::istringstream nothing;
    std::ostringstream out;
    const std::function<void()> uses[] = {
        [&] { coder_users::start(there); },
        [&] { coder_users::open(there); },
        [&] { data::backup(there, folder.file("copy.db")); },
        [&] { data::backup(file, there.database); },
        [&] { data::restore(there, file.database); },
        [&] { data::export_to(there, out); },
        [&] { data::export_to(there, folder.file("export"), false); },
        [&] { data::import_from(there, nothing); },
        [&] { data::seed(there, "{}"); },
        [&] {
            data::create_admin_user(there, {"eve@example.org", "eve", good_password});
        },
        [&] { data::reset_password(there, "ada", good_password); },
        [&] { data::check(there); },
    };
    for (const char* address : {"postgres://ada:s3cret@db.example.org/users",
                                "postgresql://ada:s3cret@[::1]:5432/users"}) {
        there.database = address;
        for (std::size_t i = 0; i < std::size(uses); ++i) {
            CAPTURE(address, i);
            CHECK(error_of(uses[i]) == refusal);
        }
        CHECK(open_error(address) == refusal);
    }
    CHECK(entries() == before);
    CHECK(out.str().empty());
}
