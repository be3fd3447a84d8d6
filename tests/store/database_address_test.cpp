#include "coder_users/internal/store/database_address.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "../server_fixture.hpp"
#include "../store_fixture.hpp"
#include "coder_users/data.hpp"
#include "coder_users/internal/store/postgres_part.hpp"

using namespace store_test;
using coder_users::Options;
using coder_users_test::good_password;
namespace data = coder_users::data;

namespace {

/// While it lives, the program is like one that lacks the part.
struct WithoutPostgres {
    WithoutPostgres() : part(std::exchange(store::open_postgres, nullptr)) {}
    ~WithoutPostgres() { store::open_postgres = part; }
    const store::OpenPostgres part;
};

constexpr const char* refusal =
    "the database is an address of PostgreSQL, and this build has no PostgreSQL part";

}  // namespace

TEST_CASE("addresses of PostgreSQL are told from names of files") {
    for (const char* address :
         {"postgres://host/db", "postgresql://", "postgres:///db?host=/run"}) {
        CAPTURE(address);
        CHECK(store::is_postgres_address(address));
        CHECK_FALSE(store::is_file_name(address));
    }
    for (const char* file :
         {"users.db", "postgres:", "postgres:/x", "./postgres://x", "POSTGRES://x"}) {
        CAPTURE(file);
        CHECK_FALSE(store::is_postgres_address(file));
        CHECK(store::is_file_name(file));
    }
    CHECK_FALSE(store::is_postgres_address(":memory:"));
    CHECK_FALSE(store::is_file_name(":memory:"));
}

TEST_CASE("a database is shown without password and options") {
    const auto shown = [](std::string_view database) { return store::shown_database(database); };
    CHECK(shown("users.db") == "users.db");
    CHECK(shown("a@b:c?d.db") == "a@b:c?d.db");
    CHECK(shown("postgres://db.example.com:5432/users") == "postgres://db.example.com:5432/users");
    CHECK(shown("postgresql://ada@db/users?sslmode=require") == "postgresql://ada@db/users");
    CHECK(shown("postgres://ada:hunter2@db/users?sslpassword=hunter3") ==
          "postgres://ada@db/users");
    CHECK(shown("postgres://ada@?host=/run/postgresql") == "postgres://ada@");
    CHECK(shown("postgres://ada:p@ss:w/rd@db/users") == "postgres://ada@db/users");
    CHECK(shown("postgres://db/users?password=hunter@2") == "postgres://db/users");
    CHECK(shown("postgres://ada:hunter?2@db/users") == "postgres://...");
    CHECK(shown("postgres://") == "postgres://");
}

TEST_CASE("a program without the part for PostgreSQL says so, and shows no address") {
    const WithoutPostgres without;
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
