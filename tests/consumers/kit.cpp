// Uses the headers that coder_users.hpp does not include: the kit for tests, and the work on a
// database without a server.
#include <coder_users/data.hpp>
#include <coder_users/testing.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

int main() {
    coder_users::testing::Server server;
    const auto owner = server.owner();
    const bool kit = owner.get("/users/me")["username"] == "owner" &&
                     server.user_with_roles({"auditor"}).over_http().get("/users/me").status == 200;

    std::string folder = "/tmp/coder-users-kit-XXXXXX";
    if (!::mkdtemp(folder.data())) return 1;
    coder_users::Options options;
    options.database = folder + "/users.db";
    coder_users::data::create_admin_user(options, {"ada@example.com", "ada", "correct-Horse-9"});
    const auto report = coder_users::data::check(options);
    const bool data = report.damage.empty() && report.users == 1;
    std::filesystem::remove_all(folder);
    std::cout << (kit && data ? "consumer: all is well" : "consumer: something is wrong") << '\n';
    return kit && data ? 0 : 1;
}
