// A host whose database is the one of PostgreSQL at $CODER_USERS_TEST_DATABASE.
#include <coder_users.hpp>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

int main() {
    coder_users::Options options;
    const char* const address = std::getenv("CODER_USERS_TEST_DATABASE");
    options.database = address ? address : "";
    options.secret_key = "the key of the hosts of this test";
    options.secret_key.resize(32);
    std::string said;
    try {
        auto users = coder_users::open(options);
        const auto host = users.as(coder_users::Identity::system());
        said = host.list_users().count >= 0 ? "opened" : "";
    } catch (const std::runtime_error& error) {
        said = error.what();
    }
#ifdef HAS_POSTGRES
    const bool good = said == "opened";
#else
    const bool good = said.find("this build has no PostgreSQL part") != std::string::npos;
#endif
    std::cout << (good ? "consumer: all is well" : "consumer: " + said) << '\n';
    return good ? 0 : 1;
}
