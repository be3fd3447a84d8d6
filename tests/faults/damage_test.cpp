// Mutants of a database: each must be refused with a clear error and unchanged bytes, or be served.
#include <algorithm>
#include <random>
#include <string>

#include "catch.hpp"
#include "changes.hpp"
#include "rounds.hpp"
#include "store_fixture.hpp"

using namespace faults;
using store_test::Child;
using store_test::file_bytes;
using store_test::put;

namespace {

/// A mutation, fully described by a random seed.
class Mutation {
 public:
    explicit Mutation(unsigned seed) : random_(seed) {}

    std::string of(std::string bytes) {
        const std::size_t pages = bytes.size() / page;
        switch (below(7)) {
            case 0:  // bits anywhere
                for (std::size_t n = 1 + below(8); n > 0; --n) flip(bytes, below(bytes.size()));
                return bytes;
            case 1:  // bits in the headers of the file and of pages
                for (std::size_t n = 1 + below(8); n > 0; --n)
                    flip(bytes, below(pages) * page + below(108));
                return bytes;
            case 2:
                return bytes.substr(0, below(pages) * page + (below(2) ? below(page) : 0));
            case 3:
                return swapped(std::move(bytes), below(pages), below(pages));
            case 4:
                return bytes.replace(below(pages) * page, page, page, below(2) ? '\0' : '\xa5');
            case 5: {  // a run of noise
                const std::size_t at = below(bytes.size());
                for (std::size_t i = at; i < (std::min)(bytes.size(), at + 64); ++i)
                    bytes[i] = static_cast<char>(random_());
                return bytes;
            }
            default:  // a tail of other bytes
                return bytes + std::string(below(3 * page), '\x5a');
        }
    }
    std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

 private:
    void flip(std::string& bytes, std::size_t at) {
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
    }
    static std::string swapped(std::string bytes, std::size_t a, std::size_t b) {
        std::swap_ranges(bytes.begin() + static_cast<long>(a * page),
                         bytes.begin() + static_cast<long>((a + 1) * page),
                         bytes.begin() + static_cast<long>(b * page));
        return bytes;
    }

    static constexpr std::size_t page = 4096;
    std::mt19937 random_;
};

/// Replaces NUL, which damaged text may hold and JSON can write, but which our strict reader
/// refuses.
std::string without_nul(std::string json) {
    const std::string nul = "\\u0000";
    for (std::size_t at = 0; (at = json.find(nul, at)) != std::string::npos;) json.erase(at, 6);
    return json;
}

/// Opens the database, makes a request of every kind, and describes what went wrong. Otherwise
/// returns "refused" or "served".
std::string tried(const std::string& path, const Prepared& prepared) {
    const std::string before = file_bytes(path), log_before = file_bytes(path + "-wal");
    std::unique_ptr<coder_users::Service> service;
    try {
        service = std::make_unique<coder_users::Service>(coder_users::start(repeatable(path)));
    } catch (const std::exception& error) {
        if (file_bytes(path) != before || file_bytes(path + "-wal") != log_before)
            return std::string("refused, but changed: ") + error.what();
        return std::string(error.what()).find(path) == std::string::npos
                   ? std::string("refused without its name: ") + error.what()
                   : "refused";
    }
    bool damaged = false;
    for (const char* request :
         {"GET /users/me", "GET /users", "GET /users?q=bob", "GET /users/bob/roles",
          "GET /users/bob/gitsshkey", "GET /users/me/keys/tokens?include_all=true", "GET /audit",
          "GET /organizations", "GET /users/bob/organizations", "POST /users/bob/keys/tokens",
          "PUT /users/bob/gitsshkey", "DELETE /users/bob"}) {
        const std::string text = request;
        const std::size_t space = text.find(' ');
        const auto answer =
            ask(*service, text.substr(0, space), text.substr(space + 1), prepared.owner);
        damaged = damaged || answer.status >= 500;
        if (answer.status == 503 && damaged) continue;
        try {
            if (!answer.body.empty()) coder_users::wire::parse_json(without_nul(answer.body));
        } catch (const std::exception&) {
            return text + " is answered " + answer.body.substr(0, answer.body.find('\n'));
        }
    }
    return "served";
}

}  // namespace

TEST_CASE("damaged databases are refused untouched or served, and never crash the server",
          "[damage]") {
    const Prepared prepared;
    TempFolder folder;
    const std::string path = folder.file("a.db");
    prepared.copy(path);
    const std::string good = file_bytes(path), key = file_bytes(path + ".key");
    REQUIRE(tried(path, prepared) == "served");
    const long wanted = rounds(150, threads_are_watched ? 15 : 40), batch = 50;
    long refused = 0, served = 0;
    for (long first = 0; first < wanted; first += batch) {
        // In another process, so that a crash tells the number of its mutant.
        Child child([&](const Child& self) {
            for (long i = first; i < (std::min)(first + batch, wanted); ++i) {
                Mutation mutation(static_cast<unsigned>(i));
                for (const char* suffix : {"-wal", "-shm", ".lock", ".reserve"})
                    std::filesystem::remove(path + suffix);
                put(path + ".key", key);
                put(path, mutation.of(good));
                if (mutation.below(4) == 0)  // a write-ahead log that does not belong to it
                    put(path + "-wal", mutation.of(good).substr(0, mutation.below(20'000)));
                self.say(tried(path, prepared));
            }
        });
        for (long i = first; i < (std::min)(first + batch, wanted); ++i) {
            CAPTURE(i);
            const std::string said = child.heard();
            INFO(said);
            CHECK((said == "refused" || said == "served"));
            REQUIRE_FALSE(said.empty());
            ++(said == "refused" ? refused : served);
        }
    }
    CHECK(refused > 0);
    CHECK(served > 0);
    WARN(wanted << " mutants: " << refused << " refused, " << served << " served");
}

TEST_CASE("a foreign schema with our marks is refused, or its triggers harm nobody", "[damage]") {
    const Prepared prepared;
    TempFolder folder;
    const std::string path = folder.file("a.db");
    for (const char* trap :
         {"CREATE TRIGGER t AFTER INSERT ON audit_logs BEGIN INSERT INTO user_roles SELECT id, "
          "'owner' FROM users WHERE username = 'bob' ON CONFLICT DO NOTHING; END",
          "CREATE TRIGGER t BEFORE UPDATE ON users BEGIN SELECT load_extension('evil'); END",
          "CREATE VIEW organization_view AS SELECT writefile('/tmp/evil', 'x')",
          "CREATE TABLE more (a)", "DROP TABLE audit_logs"}) {
        CAPTURE(trap);
        prepared.copy(path);
        store_test::raw(path).exec(trap);
        const std::string bytes = file_bytes(path);
        const std::string error = store_test::open_error(path);
        CHECK_THAT(error, Catch::Matchers::ContainsSubstring(path));
        CHECK((file_bytes(path) == bytes));
    }
}
