// A database file that we did not write like this: it must be refused and stay untouched, or be
// served.
//
// An input is a list of changes to a small good database, 8 bytes each: where (3), how (1) and what
// (4). If its first byte is 'R', the rest is a whole file.
#include <coder_users.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "../temp_folder.hpp"

namespace {

/// The good database, and the file that is damaged again and again.
class Place {
 public:
    Place() : folder_(parent()) {
        auto service = coder_users::open(options());
        const std::string password = R"(,"password":"correct-Horse-9"})";
        ask(service, "POST", "/users/first",
            R"({"email":"ada@example.org","username":"ada")" + password);
        const std::string session =
            ask(service, "POST", "/users/login", R"({"email":"ada@example.org")" + password).body;
        const std::string member = R"("session_token":")";
        token = session.substr(session.find(member) + member.size(), 33);
        ask(service, "POST", "/users", R"({"email":"bob@example.org","username":"bob")" + password);
        ask(service, "PUT", "/users/bob/roles", R"({"roles":["auditor"]})");
        service.stop();
        good = coder_users_test::file_bytes(path());
        key_ = coder_users_test::file_bytes(path() + ".key");
        if (good.size() < 4096 || token.size() != 33) std::abort();
    }

    std::string path() const { return folder_.file("a.db"); }

    coder_users::Options options() const {
        coder_users::Options options{path()};
        options.password_hash_cost = 4;
        options.disable_rate_limits = true;
        options.limits.workers = 1;
        return options;
    }

    coder_users::Response ask(coder_users::Service& service, const std::string& method,
                              const std::string& where, const std::string& body = "") const {
        return service.handle(
            {method, "/api/v2" + where, {{"Coder-Session-Token", token}}, body, "127.0.0.1"});
    }

    void put(const std::string& bytes) const {
        for (const char* rest : {"-wal", "-shm", ".lock", ".reserve"})
            std::filesystem::remove(path() + rest);
        std::ofstream(path() + ".key", std::ios::binary) << key_;
        std::ofstream(path(), std::ios::binary) << bytes;
    }

    std::string good, token;

 private:
    static std::filesystem::path parent() {
        const char* const memory = "/dev/shm";  // a sync costs nothing there
        return std::filesystem::is_directory(memory) ? memory
                                                     : std::filesystem::temp_directory_path();
    }

    coder_users_test::TempFolder folder_;
    std::string key_;
};

std::string changed(std::string bytes, const std::uint8_t* data, std::size_t size) {
    for (; size >= 8; data += 8, size -= 8) {
        const std::size_t at =
            (std::size_t{data[0]} << 16 | std::size_t{data[1]} << 8 | data[2]) % bytes.size();
        switch (data[3] % 4) {
            case 0:
                bytes[at] = static_cast<char>(bytes[at] ^ data[4]);
                break;
            case 1:
                for (std::size_t i = 0; i < 4 && at + i < bytes.size(); ++i)
                    bytes[at + i] = static_cast<char>(data[4 + i]);
                break;
            case 2: {  // bytes from another place
                const std::size_t from =
                    (std::size_t{data[4]} << 16 | std::size_t{data[5]} << 8 | data[6]) %
                    bytes.size();
                bytes.replace(at, data[7], bytes.substr(from, data[7]));
                break;
            }
            default:
                if (data[4] == 0) bytes.resize(at > 0 ? at : 1);
        }
    }
    return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Place place;
    const bool whole = size > 0 && data[0] == 'R';
    const std::string bytes =
        whole ? std::string(data + 1, data + size) : changed(place.good, data, size);
    place.put(bytes);
    std::unique_ptr<coder_users::Service> service;
    try {
        service = std::make_unique<coder_users::Service>(coder_users::open(place.options()));
    } catch (const std::exception&) {
        const bool touched = coder_users_test::file_bytes(place.path()) != bytes ||
                             !coder_users_test::file_bytes(place.path() + "-wal").empty();
        if (!bytes.empty() && touched) std::abort();
        return 0;
    }
    for (const char* where : {"/users/me", "/users?q=bob&limit=5", "/users/bob/roles",
                              "/users/me/keys/tokens?include_all=true", "/audit?limit=5",
                              "/organizations", "/users/bob/gitsshkey"})
        place.ask(*service, "GET", where);
    place.ask(*service, "POST", "/users/bob/keys/tokens", "{}");
    place.ask(*service, "PUT", "/users/bob/profile", R"({"username":"bert"})");
    place.ask(*service, "DELETE", "/users/bert");
    return 0;
}
