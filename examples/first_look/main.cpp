#include <coder_users.hpp>
#include <iostream>

int main() {
    coder_users::Options options{"users.db"};
    options.port = 0;  // any free one
    auto users = coder_users::start(options);
    std::cout << users.url() << std::endl;
    std::cin.get();
}  // stops the server and joins its threads
