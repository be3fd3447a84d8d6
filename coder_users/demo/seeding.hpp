// Seeds of the demo server: into a database, at its start, and into a server that is running.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "coder_users.hpp"
#include "coder_users/internal/wire/seed_reader.hpp"
#include "coder_users/internal/wire/seed_request.hpp"
#include "coder_users/testing.hpp"

namespace demo {

/// Calls `use` with the content of the file, or with the input when the file is "-".
inline void with_input(const std::string& file, const std::function<void(std::istream&)>& use) {
    if (file == "-") return use(std::cin);
    std::ifstream in(file, std::ios::binary);
    if (!in || in.peek() == std::ifstream::traits_type::eof())
        throw std::runtime_error("cannot read " + file + ", or it is empty");
    use(in);
}

inline std::string content_of(const std::string& file) {
    std::string content;
    with_input(file,
               [&](std::istream& in) { content.assign(std::istreambuf_iterator<char>(in), {}); });
    return content;
}

/// "1 user", "2 users"
inline std::string counted(std::int64_t count, const std::string& what) {
    return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

/// Fills a server that has no users yet, and says what it did.
inline void seed_new_server(coder_users::Service& users, const std::string& file) {
    const auto host = users.as(coder_users::Identity::system());
    const auto count = [&] {
        coder_users::FindUsers one;
        one.limit = 1;
        return host.list_users(one).count;
    };
    if (const auto there = count()) {
        std::cout << "has " << counted(there, "user") << " already, so nothing is taken from "
                  << file << std::endl;
        return;
    }
    users.seed(content_of(file));
    std::cout << "seeded " << counted(count(), "user") << " from " << file << std::endl;
}

/// Makes the users of a seed at a running server, as the owner whose token is in
/// CODER_SESSION_TOKEN, and says of each that it was made. Stops at the first that is refused.
inline void seed_running_server(const std::string& url, const std::string& file) {
    const char* const token = std::getenv("CODER_SESSION_TOKEN");
    if (!token || !*token)
        throw std::runtime_error("set CODER_SESSION_TOKEN to a token of an owner of that server");
    std::vector<std::string> bodies;
    const auto seed = coder_users::wire::read_seed(content_of(file));
    for (const auto& each : seed) bodies.push_back(coder_users::wire::seed_request(each));
    for (std::size_t i = 0; i < seed.size(); ++i) {
        coder_users::Request request;
        request.method = "POST";
        request.target = "/api/v2/users";
        request.headers = {{"Coder-Session-Token", token}};
        request.body = bodies[i];
        const coder_users::Response answer = coder_users::testing::send(url, request);
        if (answer.status != 201)
            throw coder_users::LineError(
                seed[i].line,
                seed[i].username + ": " + std::to_string(answer.status) + " " + answer.body);
        std::cout << "made " << seed[i].username << '\n';
    }
}

}  // namespace demo
