// A database with the scene of good requests, and the requests that change something in it.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "endpoint_table.hpp"
#include "operations.hpp"

namespace faults {

using namespace coder_users_test;

/// Writes the same bytes in the same order in every process, so that the files can be compared.
inline void repeatable_random(unsigned char* bytes, std::size_t count) {
    static std::atomic<std::uint64_t> step{0};
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t x = (step += 0x9e3779b97f4a7c15u);
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        bytes[i] = static_cast<unsigned char>(x >> 56);
    }
}

/// Options whose service depends on nothing but the file and the requests.
inline coder_users::Options repeatable(const std::string& database) {
    coder_users::Options options{database};
    options.port = 0;
    options.password_hash_cost = 4;
    options.disable_rate_limits = true;
    options.env.random = repeatable_random;
    options.env.now = [] { return start_of_test; };
    options.send_passcode = [](const coder_users::Passcode&) {};
    return options;
}

inline const std::string api = "/api/v2";

inline coder_users::Response ask(coder_users::Service& service, const std::string& method,
                                 const std::string& path, const std::string& token,
                                 const std::string& body = "") {
    HeaderList headers;
    if (!token.empty()) headers.emplace_back("Coder-Session-Token", token);
    return service.handle({method, api + path, headers, body, "127.0.0.1"});
}

/// A request that changes something.
struct Change {
    std::string id;  ///< of the operation
    std::string method, path, token, body;
    bool in_empty_file = false;
};

/// The scene of good requests, closed cleanly.
class Prepared {
 public:
    Prepared() {
        coder_users::start(repeatable(folder_.file("empty.db"))).stop();
        auto service = coder_users::start(repeatable(path()));
        scene_ = make_scene([&](const std::string& method, const std::string& where,
                                const std::string& by, const std::string& body) {
            const auto got = ask(service, method, where, by, body);
            Answer answer;
            answer.status = got.status;
            answer.body = got.body;
            return answer;
        });
        owner = scene_.owner;
        session = scene_.bob;
        service.stop();
        complete_scene(path());
    }

    /// Copies the database and its key to `to`; or an unused one when `empty`.
    void copy(const std::string& to, bool empty = false) const {
        namespace fs = std::filesystem;
        const std::string from = empty ? folder_.file("empty.db") : path();
        for (const char* suffix : {"", ".key"})
            fs::copy_file(from + suffix, to + suffix, fs::copy_options::overwrite_existing);
        for (const char* suffix : {"-wal", "-shm", ".lock"}) fs::remove(to + suffix);
    }

    std::string owner;    ///< the owner's session token
    std::string session;  ///< bob's

    /// Returns the good request of each operation that changes something, and those that are
    /// refused and leave a trace.
    std::vector<Change> changes() const {
        std::vector<Change> all;
        for (const OperationRow& row : operations()) {
            if (row.changes == Changes::nothing || row.elsewhere) continue;
            const GoodRequest good = good_request(row, scene_);
            all.push_back({row.id, good.method, good.target.substr(api.size()), good.token,
                           good.body, row.on_empty_server});
        }
        all.push_back({"log-in-user", "POST", "/users/login", "",
                       R"({"email":"bob@example.org","password":"x"})"});
        all.push_back(
            {"change-password-with-a-one-time-passcode", "POST", "/users/otp/change-password", "",
             R"({"email":"bob@example.org","password":"an0ther-Horse","one_time_passcode":"x"})"});
        return all;
    }

 private:
    std::string path() const { return folder_.file("base.db"); }
    TempFolder folder_;
    Scene scene_;
};

}  // namespace faults
