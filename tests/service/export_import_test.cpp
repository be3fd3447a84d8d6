// Imports and seeds that a second thread reads and makes ahead: which mistake is told, how streams
// end, and what stays on the thread of the caller.
#include "coder_users/internal/service/export_import.hpp"

#include <cstdint>
#include <functional>
#include <ios>
#include <istream>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "coder_users/data.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "server_fixture.hpp"

namespace export_import_test {

using namespace coder_users_test;
using coder_users::LineError;
using coder_users::Options;
namespace data = coder_users::data;

std::string seed_of(int users) {
    std::string all;
    for (int i = 0; i < users; ++i) {
        const std::string name = "user" + std::to_string(i);
        all += R"({"username":")" + name + R"(","email":")" + name + "@example.org\"}\n";
    }
    return all;
}

/// A database with users, and the lines of its export.
struct Source {
    explicit Source(int users = 3) {
        data::seed(options("source.db"), seed_of(users));
        std::stringstream out;
        data::export_to(options("source.db"), out);
        for (std::string line; std::getline(out, line);) lines.push_back(line + '\n');
        put(folder.file("target.db.key"), file_bytes(folder.file("source.db.key")));
    }
    Options options(const std::string& name) const {
        Options made;
        made.database = folder.file(name);
        made.password_hash_cost = 4;
        return made;
    }
    data::Imported import_from(std::istream& in, const coder_users::Progress& progress = {}) const {
        return data::import_from(options("target.db"), in, false, progress);
    }
    /// What an import of this text says, which leaves no database.
    std::string refusal(const std::string& text) const {
        std::istringstream in(text);
        return refusal(in);
    }
    std::string refusal(std::istream& in) const {
        std::string said = "imported";
        try {
            import_from(in);
        } catch (const std::exception& error) {
            said = error.what();
        }
        CHECK(folder.listing().find("target.db ") == std::string::npos);
        return said;
    }
    std::string head() const { return lines[0] + lines[1]; }  ///< and no user
    std::string text() const { return std::accumulate(lines.begin(), lines.end(), std::string()); }

    TempFolder folder;
    std::vector<std::string> lines;
};

/// Gives what a function returns, again and again, until that is "".
class Lines : public std::streambuf {
 public:
    explicit Lines(std::function<std::string()> more) : more_(std::move(more)) {}

 protected:
    int_type underflow() override {
        part_ = more_();
        setg(part_.data(), part_.data(), part_.data() + part_.size());
        return part_.empty() ? traits_type::eof() : traits_type::to_int_type(part_.front());
    }

 private:
    const std::function<std::string()> more_;
    std::string part_;
};

TEST_CASE("an import tells the first line that is wrong, wherever it is found out") {
    const Source source;
    const std::string good = source.head() + source.lines[2];
    const std::string taken = source.lines[2], broken = "{]\n", unsealed = [&] {
        std::string line = source.lines[3];
        return line.insert(line.find("\"sealed_private_key\":\"") + 22, "AAAA");
    }();
    CHECK(source.refusal(good + taken + broken).find("line 4: value already in use: users.") == 0);
    CHECK(source.refusal(good + taken + unsealed).find("line 4: value already in use:") == 0);
    CHECK(source.refusal(good + taken).find("line 4: value already in use: users.") == 0);
    CHECK(source.refusal(good + broken + taken).find("line 4: invalid JSON") == 0);
    CHECK(source.refusal(good + unsealed + taken) ==
          "line 4: the private SSH key is not sealed for this user");
    CHECK(source.refusal(source.head() + taken + source.head()) == "line 4: a second beginning");
}

TEST_CASE("an import leaves a stream that goes on for ever at the first line that is wrong") {
    const Source source;
    for (const std::string& wrong : {std::string("{]\n"), source.lines[2]}) {
        int given = 0;
        Lines endless([&] {
            return ++given == 1 ? source.head() + source.lines[2] + wrong : source.lines[3];
        });
        std::istream in(&endless);
        CHECK(source.refusal(in).find("line 4: ") == 0);
        CHECK(given < 1000);
    }
}

TEST_CASE("an import takes each line as it comes") {
    const Source source;
    std::size_t given = 0;
    Lines slow([&] {
        std::this_thread::yield();
        return given < source.lines.size() ? source.lines[given++] : std::string();
    });
    std::istream in(&slow);
    CHECK(source.import_from(in).users == 3);
}

TEST_CASE("an import throws what a stream throws, and takes one that fails for its end") {
    const Source source;
    for (const bool throws : {true, false}) {
        int given = 0;
        Lines failing([&] {
            if (++given == 2) throw std::domain_error("the network is gone");
            return source.head() + source.lines[2];
        });
        std::istream in(&failing);
        if (throws) in.exceptions(std::ios::badbit);
        CHECK(source.refusal(in) ==
              (throws ? "the network is gone" : "line 4: the export is cut off"));
    }
}

TEST_CASE("how far an import is is told on the thread that waits for it") {
    const Source source(1100);
    std::istringstream in(source.text());
    std::vector<std::int64_t> told;
    const auto waiting = std::this_thread::get_id();
    bool here = true;
    const data::Imported made = source.import_from(in, [&](std::int64_t done, std::int64_t) {
        told.push_back(done);
        here = here && std::this_thread::get_id() == waiting;
    });
    CHECK(made.users == 1100);
    CHECK(told == std::vector<std::int64_t>{998});
    CHECK(here);
}

TEST_CASE("an import and a seed whose transaction is run again begin from the start") {
    const Source source;
    Options twice = source.options("target.db");
    twice.env.repeat_changes = true;
    std::istringstream in(source.text());
    CHECK(data::import_from(twice, in).users == 3);
    std::ostringstream out;
    data::export_to(twice, out);
    CHECK(out.str() == source.text());
    twice.database = source.folder.file("seeded.db");
    CHECK(data::seed(twice, seed_of(3)) == 3);
    CHECK(data::check(twice).users == 3);
}

/// The seed of three users with one that differs.
std::string with(int number, const std::string& line) {
    std::istringstream in(seed_of(3));
    std::string text, each;
    for (int i = 0; std::getline(in, each); ++i) text += (i == number ? line : each) + '\n';
    return text;
}

TEST_CASE("a seed of a file tells the first user that cannot be made, and stores none") {
    const Source source;
    const Options target = source.options("target.db");
    const std::string taken = R"({"username":"user0","email":"new@example.org"})",
                      against_rules = R"({"username":"a b","email":"new@example.org"})",
                      unknown_role =
                          R"({"username":"eve","email":"e@example.org","roles":["king"]})";
    const auto refusal = [&](const std::string& json) {
        std::string said = "seeded";
        try {
            data::seed(target, json);
        } catch (const LineError& error) {
            said = error.what();
        }
        CHECK(source.folder.listing().find("target.db ") == std::string::npos);
        return said;
    };
    CHECK(refusal(with(1, taken) + against_rules)
              .find("line 2: field \"username\": this value is already in use") == 0);
    CHECK(refusal(with(1, against_rules) + taken)
              .find("line 2: field \"username\": Validation failed") == 0);
    CHECK(refusal(with(2, unknown_role)) == "line 3: \"king\" is not a supported role");
    CHECK(refusal(with(1, taken) + "{") == "line 4: the object does not end");
    CHECK(refusal(with(1, taken) + "{]").find("line 4: invalid JSON") == 0);
}

/// Which threads draw randomness, or are asked about a password.
struct Threads {
    void note() {
        const std::lock_guard<std::mutex> lock(mutex);
        seen.insert(std::this_thread::get_id());
    }
    std::mutex mutex;
    std::set<std::thread::id> seen;
};

TEST_CASE("a seed draws randomness that somebody has set on one thread, and asks there") {
    const Source source;
    const std::set<std::thread::id> here{std::this_thread::get_id()};
    const std::string json = with(1, R"({"username":"ada","email":"ada@example.org",)"
                                     R"("password":"correct-Horse-9"})");
    Options options = source.options("drawn.db");
    Threads drawing, asked;
    options.env.random = [&](unsigned char* bytes, std::size_t count) {
        drawing.note();
        coder_users::rules::system_random(bytes, count);
    };
    CHECK(data::seed(options, json) == 3);
    CHECK(drawing.seen == here);

    options = source.options("asked.db");
    options.check_password = [&](const std::string&, const coder_users::User&) {
        asked.note();
        return std::optional<std::string>();
    };
    CHECK(data::seed(options, json) == 3);
    CHECK(asked.seen == here);
}

TEST_CASE("what is made beside the storing of a seed is as good as what is made before") {
    const Source source;
    const Options target = source.options("target.db");
    std::vector<std::int64_t> told;
    const auto progress = [&](std::int64_t done, std::int64_t total) {
        told.insert(told.end(), {done, total});
    };
    const std::string ada = R"({"username":"ada","email":"ada@example.org","roles":["owner"],)"
                            R"("password":"correct-Horse-9",)"
                            R"("tokens":{"ci":"abcdefghij-0123456789ABCDEFGHIJKL"}})";
    CHECK(data::seed(target, with(1, ada), progress) == 3);
    CHECK(told == std::vector<std::int64_t>{0, 3, 1, 3, 2, 3});
    CHECK(data::check(target).damage.empty());
    TestServer server(target);
    CHECK(server.send("GET", "/users/me", "abcdefghij-0123456789ABCDEFGHIJKL").status == 200);
    const std::string session = server.log_in("ada@example.org");
    for (const char* user : {"user0", "ada", "user2"})
        CHECK(server.send("GET", "/users/" + std::string(user) + "/gitsshkey", session)
                  .body.find("ssh-ed25519") != std::string::npos);
}

}  // namespace export_import_test
