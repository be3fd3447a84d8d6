// A host of the packaged library: a service without a socket makes its first user.
#include <coder_users.hpp>
#include <iostream>

int main() {
    coder_users::Options options;
    options.database = ":memory:";
    auto users = coder_users::open(options);
    coder_users::CreateUser wanted;
    wanted.email = "ada@example.com";
    wanted.username = "ada";
    wanted.password = "correct-Horse-9";
    users.create_first_user(wanted);
    coder_users::Request request;
    request.target = "/api/v2/users/first";
    const int status = users.handle(request).status;
    std::cout << "coder_users " << coder_users::version << " answers " << status << '\n';
    return status == 200 ? 0 : 1;
}
