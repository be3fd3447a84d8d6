// Sixteen clients compete for twenty names while the server is killed again and again. The history
// of their answers must be possible.
#include "history.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "rounds.hpp"
#include "server_process.hpp"

using namespace faults;

namespace {

long now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

struct KnownUser {
    std::string email, id;
};
struct KnownToken {
    std::string email, token;
};

/// What the clients share, and the history.
class Common {
 public:
    std::mutex mutex;
    std::vector<KnownUser> users;
    std::vector<KnownToken> tokens;
    std::vector<Event> events;
    long made = 0;  ///< names and values so far

    void add(const std::string& email, const std::string& id) {
        for (const KnownUser& user : users)
            if (user.id == id) return;
        users.push_back({email, id});
    }
};

/// The users who exist from the beginning.
struct Cast {
    std::string warden;               ///< the token of a user-admin whom no client changes
    std::vector<std::string> owners;  ///< tokens of three owners, who take the role from each other
};

class HistoryClient {
 public:
    HistoryClient(Common& common, const Cast& cast, unsigned seed)
        : common_(common), cast_(cast), random_(seed) {}

    /// One request after the other until the server is gone.
    void work(int port) {
        try {
            RawClient connection(port);
            while (step(connection)) continue;
        } catch (const std::runtime_error&) {
            // the server was killed before it accepted
        }
    }

 private:
    unsigned below(std::size_t n) { return static_cast<unsigned>(random_() % n); }
    std::string some_name() { return "n" + std::to_string(below(20)); }
    std::string spelled(std::string name) {
        if (below(2)) name[0] = 'N';
        return name;
    }
    std::string fresh(const char* what) {
        const std::lock_guard<std::mutex> lock(common_.mutex);
        return what + std::to_string(++common_.made);
    }

    /// Sends the request and notes the times. The event is part of the history from the beginning.
    Answer ask(RawClient& connection, std::size_t& at, const Event& event, const std::string& token,
               const std::string& method, const std::string& path, const std::string& body = "") {
        HeaderList headers;
        if (!token.empty()) headers.emplace_back("Coder-Session-Token", token);
        const std::string text = request_text(method, "/api/v2" + path, headers, body);
        {
            const std::lock_guard<std::mutex> lock(common_.mutex);
            at = common_.events.size();
            common_.events.push_back(event);
            common_.events.back().asked = now();
        }
        connection.send(text);
        Answer answer = connection.read();
        const long answered = now();
        const std::lock_guard<std::mutex> lock(common_.mutex);
        Event& noted = common_.events[at];
        noted.status = answer.status;
        if (answer.status != 0) noted.answered = answered;
        return answer;
    }

    /// A request with a user's own token also uses that token.
    void note_use(const KnownToken& with, std::size_t at) {
        Event use = common_.events[at];
        use.act = Act::use_token;
        use.user = with.email, use.token = with.token, use.value.clear();
        if (!use.unknown() && use.status != 401) use.status = 200;
        common_.events.push_back(use);
    }

    bool step(RawClient& connection) {
        KnownUser user;
        KnownToken token;
        {
            const std::lock_guard<std::mutex> lock(common_.mutex);
            user = recent(common_.users);
            token = recent(common_.tokens);
        }
        const unsigned what = below(20);
        if (what == 0) return change_owners(connection);
        if (what <= 2 || user.id.empty()) return create(connection);
        if (what <= 5) return find_name(connection);
        if (what <= 12 || token.token.empty()) return on_user(connection, user);
        return on_token(connection, token);
    }

    /// Prefers newer ones, because older ones have mostly gone.
    template <class Known>
    Known recent(const std::vector<Known>& all) {
        if (all.empty()) return {};
        return all[all.size() - 1 - below((std::min)(all.size(), std::size_t{12}))];
    }

    bool create(RawClient& connection) {
        const std::string name = some_name(), email = fresh("u") + "@example.org";
        std::size_t at;
        const Answer answer =
            ask(connection, at, {Act::create, email, name, "", ""}, cast_.warden, "POST", "/users",
                R"({"email":")" + email + R"(","username":")" + spelled(name) +
                    R"(","password":")" + good_password + "\"}");
        if (answer.status == 201) {
            const std::lock_guard<std::mutex> lock(common_.mutex);
            common_.add(email, parse(answer.body)["id"].text());
        }
        return answer.status != 0;
    }

    bool find_name(RawClient& connection) {
        const std::string name = some_name();
        std::size_t at;
        const Answer answer = ask(connection, at, {Act::find_name, "", name, "", ""}, cast_.warden,
                                  "GET", "/users/" + name);
        if (answer.status == 200) {
            const Value found = parse(answer.body);
            const std::lock_guard<std::mutex> lock(common_.mutex);
            common_.events[at].user = found["email"].text();
            common_.add(found["email"].text(), found["id"].text());
        }
        return answer.status != 0;
    }

    bool on_user(RawClient& connection, const KnownUser& user) {
        std::size_t at;
        const std::string path = "/users/" + user.id;
        const auto put = [&](Act act, const std::string& value, const std::string& below_path,
                             const std::string& body) {
            return ask(connection, at, {act, user.email, value, "", ""}, cast_.warden, "PUT",
                       path + below_path, body)
                       .status != 0;
        };
        switch (below(12)) {
            case 0:
            case 1: {
                const std::string name = some_name();
                return put(Act::rename, name, "/profile",
                           "{\"username\":\"" + spelled(name) + "\"}");
            }
            case 2:
                return put(Act::suspend, "", "/status/suspend", "");
            case 3:
                return put(Act::activate, "", "/status/activate", "");
            case 4:
                return ask(connection, at, {Act::remove, user.email, "", "", ""}, cast_.warden,
                           "DELETE", path)
                           .status != 0;
            case 5:
            case 6: {
                const std::string value = fresh("t");
                return put(Act::set_theme, value, "/appearance",
                           "{\"theme_preference\":\"" + value + "\"}");
            }
            case 7:
            case 8: {
                const Answer answer =
                    ask(connection, at, {Act::get_token, user.email, "", "", ""}, "", "POST",
                        "/users/login",
                        R"({"email":")" + user.email + R"(","password":")" + good_password + "\"}");
                keep_token(answer, at, "session_token", user.email);
                return answer.status != 0;
            }
            default: {
                const Answer answer = ask(connection, at, {Act::read_user, user.email, "", "", ""},
                                          cast_.warden, "GET", path);
                if (answer.status == 200) {
                    const Value found = parse(answer.body);
                    std::string name = found["username"].text();
                    name[0] = 'n';
                    const std::lock_guard<std::mutex> lock(common_.mutex);
                    common_.events[at].seen = name;
                    common_.events[at].value = found["theme_preference"].text();
                }
                return answer.status != 0;
            }
        }
    }

    void keep_token(const Answer& answer, std::size_t at, const char* member,
                    const std::string& email) {
        if (answer.status != 201) return;
        const std::lock_guard<std::mutex> lock(common_.mutex);
        common_.events[at].token = parse(answer.body)[member].text();
        common_.tokens.push_back({email, common_.events[at].token});
    }

    bool on_token(RawClient& connection, const KnownToken& mine) {
        std::size_t at;
        Answer answer;
        switch (below(8)) {
            case 0: {
                answer = ask(connection, at, {Act::get_token, mine.email, "", "", ""}, mine.token,
                             "POST", "/users/me/keys/tokens", "{}");
                keep_token(answer, at, "key", mine.email);
                break;
            }
            case 1:
            case 2: {
                const KnownToken other = another_of(mine);
                answer = ask(connection, at, {Act::end_token, mine.email, "", other.token, ""},
                             mine.token, "DELETE",
                             "/users/me/keys/" + other.token.substr(0, other.token.find('-')));
                break;
            }
            case 3:
                answer = ask(connection, at, {Act::end_token, mine.email, "", mine.token, ""},
                             mine.token, "POST", "/users/logout");
                break;
            default:
                return ask(connection, at, {Act::use_token, mine.email, "", mine.token, ""},
                           mine.token, "GET", "/users/me")
                           .status != 0;
        }
        const std::lock_guard<std::mutex> lock(common_.mutex);
        note_use(mine, at);
        return answer.status != 0;
    }

    /// Another token of the same user, or the same one.
    KnownToken another_of(const KnownToken& mine) {
        const std::lock_guard<std::mutex> lock(common_.mutex);
        std::vector<KnownToken> all;
        for (const KnownToken& each : common_.tokens)
            if (each.email == mine.email) all.push_back(each);
        return all[below(all.size())];
    }

    /// Not part of the history, because which owner remains does not matter.
    bool change_owners(RawClient& connection) {
        const unsigned by = below(3), whom = (by + 1 + below(2)) % 3;
        connection.send(request_text("PUT", "/api/v2/users/owner" + std::to_string(whom) + "/roles",
                                     {{"Coder-Session-Token", cast_.owners[by]}},
                                     below(2) ? R"({"roles":[]})" : R"({"roles":["owner"]})"));
        return connection.read().status != 0;
    }

    Common& common_;
    const Cast& cast_;
    std::minstd_rand random_;
};

/// A database, its clients, and stretches of work that end with a kill.
class Fight {
 public:
    explicit Fight(unsigned seed) : random_(seed) {
        Server server(path_, 0);
        const auto ask = [&](const std::string& method, const std::string& path,
                             const std::string& body, const std::string& token) {
            HeaderList headers;
            if (!token.empty()) headers.emplace_back("Coder-Session-Token", token);
            const Answer answer = request(server.port(), method, "/api/v2" + path, headers, body);
            REQUIRE(answer.status / 100 == 2);
            return parse(answer.body);
        };
        const auto described = [](const std::string& name) {
            return R"({"email":")" + name + R"(@example.org","username":")" + name +
                   R"(","password":")" + good_password + "\"}";
        };
        ask("POST", "/users/first", described("owner0"), "");
        const std::string first =
            ask("POST", "/users/login",
                R"({"email":"owner0@example.org","password":")" + good_password + "\"}",
                "")["session_token"]
                .text();
        for (const char* name : {"owner1", "owner2", "warden"}) {
            ask("POST", "/users", described(name), first);
            ask("PUT", std::string("/users/") + name + "/roles",
                name[0] == 'w' ? R"({"roles":["user-admin"]})" : R"({"roles":["owner"]})", first);
        }
        const auto token_of = [&](const std::string& name) {
            return ask("POST", "/users/" + name + "/keys/tokens",
                       R"({"lifetime":31536000000000000})", first)["key"]
                .text();
        };
        cast_ = {token_of("warden"), {token_of("owner0"), token_of("owner1"), token_of("owner2")}};
        server.stop();
        for (int i = 0; i < 16; ++i) clients_.emplace_back(common_, cast_, random_());
    }

    void stretch(long number) {
        Server server(path_, number);
        std::vector<std::thread> threads;
        for (HistoryClient& client : clients_)
            threads.emplace_back([&] { client.work(server.port()); });
        // A random moment is the purpose of this sleep; nothing is waited for.
        std::this_thread::sleep_for(std::chrono::microseconds(50'000 + random_() % 200'000));
        server.kill();
        for (std::thread& thread : threads) thread.join();
        // What was not answered has happened before this moment, or never happens.
        const long dead = now();
        for (Event& event : common_.events)
            if (event.answered == LONG_MAX) event.answered = dead;
        CHECK(stored(path_, "PRAGMA integrity_check") == "ok");
        CHECK(stored(path_, "PRAGMA foreign_key_check").empty());
        CHECK(stored(path_,
                     "SELECT count(*) > 0 FROM users JOIN user_roles ON user_id = id WHERE role = "
                     "'owner' AND deleted = 0 AND status <> 'suspended'") == "1");
    }

    const std::vector<Event>& events() const { return common_.events; }

 private:
    TempFolder folder_;
    const std::string path_ = folder_.file("users.db");
    std::minstd_rand random_;
    Common common_;
    Cast cast_;
    std::vector<HistoryClient> clients_;
};

std::string verdict(std::vector<Event> events) {
    return History(std::move(events)).contradictions();
}

Event event(Act act, const std::string& user, const std::string& value, int status, long asked,
            long answered, const std::string& token = "", const std::string& seen = "") {
    return {act, user, value, token, seen, status, asked, answered};
}

}  // namespace

TEST_CASE("a history that cannot be is found out, and one that can be is not") {
    const Event made = event(Act::create, "a", "x", 201, 1, 2);
    const Event token = event(Act::get_token, "a", "", 201, 3, 4, "t");
    const auto bad = [](const std::string& said, const char* why) {
        CHECK_THAT(said, Catch::Matchers::ContainsSubstring(why));
    };
    const auto use = [](int status, long asked, long answered) {
        return event(Act::use_token, "a", "", status, asked, answered, "t");
    };
    bad(verdict({made, token, event(Act::end_token, "a", "", 200, 5, 6, "t"), use(200, 7, 8)}),
        "works after its end");
    CHECK(verdict({made, token, event(Act::end_token, "a", "", 200, 5, 8, "t"), use(200, 7, 8)}) ==
          "");
    CHECK(verdict({made, token, event(Act::end_token, "a", "", 0, 5, 6, "t"), use(200, 7, 8)}) ==
          "");
    bad(verdict({made, token, event(Act::remove, "a", "", 200, 5, 6), use(200, 7, 8)}),
        "works after its end");
    bad(verdict({made, token, event(Act::suspend, "a", "", 200, 5, 6), use(200, 7, 8)}),
        "works after its end");
    CHECK(verdict({made, token, event(Act::suspend, "a", "", 200, 5, 6),
                   event(Act::activate, "a", "", 0, 6, 7), use(200, 8, 9)}) == "");
    bad(verdict({made, token, use(401, 7, 8)}), "does not work");
    bad(verdict({made, token, event(Act::suspend, "a", "", 200, 5, 6),
                 event(Act::activate, "a", "", 200, 7, 8), use(401, 9, 10)}),
        "does not work");
    CHECK(verdict({made, token, event(Act::end_token, "a", "", 0, 5, 6, "t"), use(401, 7, 8)}) ==
          "");

    const auto theme = [](const std::string& value, int status, long asked, long answered) {
        return event(Act::set_theme, "a", value, status, asked, answered);
    };
    const auto read = [](const std::string& value, long asked, long answered) {
        return event(Act::read_user, "a", value, 200, asked, answered, "", "x");
    };
    CHECK(verdict({made, theme("1", 200, 3, 5), theme("2", 200, 4, 6), read("1", 7, 8)}) == "");
    bad(verdict({made, theme("1", 200, 3, 4), theme("2", 200, 5, 6), read("1", 7, 8)}), "older");
    bad(verdict({made, theme("1", 200, 3, 4), read("", 7, 8)}), "older");
    CHECK(verdict({made, theme("1", 0, 3, 4), read("", 7, 8)}) == "");
    bad(verdict({made, theme("1", 0, 3, 9), read("1", 4, 5), read("", 6, 7)}), "older");
    bad(verdict({made, theme("1", 200, 5, 6), read("1", 3, 4)}), "ahead of its time");
    bad(verdict({made, theme("1", 409, 3, 4), read("1", 5, 6)}), "never written");

    const auto found = [](const std::string& user, int status, long asked, long answered) {
        return event(Act::find_name, user, "x", status, asked, answered);
    };
    bad(verdict({made, event(Act::create, "b", "x", 201, 3, 4)}), "two have one name");
    bad(verdict({made, event(Act::create, "b", "y", 201, 1, 2),
                 event(Act::rename, "b", "x", 200, 3, 4)}),
        "two have one name");
    CHECK(verdict({made, event(Act::rename, "a", "y", 200, 3, 5),
                   event(Act::create, "b", "x", 201, 4, 6)}) == "");
    bad(verdict({made, found("", 404, 3, 4)}), "is not found");
    CHECK(verdict({made, event(Act::remove, "a", "", 0, 3, 4), found("", 404, 5, 6)}) == "");
    bad(verdict({made, event(Act::rename, "a", "y", 200, 3, 4), found("a", 200, 5, 6)}),
        "cannot have the name");
    bad(verdict({made, event(Act::create, "b", "z", 409, 3, 4)}), "that nobody has");
    CHECK(verdict({made, event(Act::create, "b", "x", 409, 3, 4)}) == "");
    bad(verdict({made, event(Act::remove, "a", "", 200, 3, 4), read("", 5, 6)}),
        "after its deletion");
    bad(verdict({made, event(Act::read_user, "a", "", 404, 5, 6)}), "nobody deleted it");
}

TEST_CASE("what sixteen clients are told while the server is killed fits one order", "[history]") {
    const long wanted = rounds(1, 1), stretches = rounds_asked_for() ? 10 : 3;
    const unsigned seed = rounds_asked_for() ? std::random_device()() : 1;
    CAPTURE(seed);
    long events = 0, done = 0, unknown = 0;
    std::set<Act> acts;
    for (long i = 0; i < wanted; ++i) {
        CAPTURE(i);
        Fight fight(seed + static_cast<unsigned>(i));
        for (long n = 1; n <= stretches; ++n) fight.stretch(n);
        CHECK(verdict(fight.events()) == "");
        for (const Event& each : fight.events()) {
            ++events;
            done += each.done();
            unknown += each.unknown();
            if (each.done()) acts.insert(each.act);
        }
    }
    CHECK(done > 0);
    if (rounds_asked_for()) CHECK(acts.size() == 11);  // each of them succeeded at least once
    WARN(wanted << " histories of " << stretches << " stretches, " << events << " requests, "
                << done << " successful, " << unknown << " cut off");
}
