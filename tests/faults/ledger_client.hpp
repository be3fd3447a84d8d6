// A client that keeps a ledger: it knows for certain what it was told about its own users. Only the
// one request that was not answered may have happened or not.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "coder_users/internal/rules/password.hpp"
#include "server_fixture.hpp"

namespace faults {

using namespace coder_users_test;

/// A user as its client knows it.
struct Person {
    std::string id, name, password;
    std::string theme, roles, organization_roles;
    std::string public_key;  ///< "": not told yet
    bool suspended = false, deleted = false;
    std::map<std::string, std::string> keys;    ///< by id; the token is "" when it was never told
    std::map<std::string, long> last_round_of;  ///< of keys that expire, by id

    /// Returns everything but the password as one text, in the form of facts_in().
    std::string facts() const {
        std::string all = name + "|" + theme + "|" + (suspended ? "suspended" : "live") + "|" +
                          (deleted ? "deleted" : "there") + "|" + roles + "|" + organization_roles +
                          "|";
        for (const auto& [key, token] : keys) all += key + ",";
        return all;
    }
};

/// Returns the same facts from the file. `id` is a UUID.
inline std::string facts_in(const StoredFile& file, const std::string& id) {
    const auto list = [&](const std::string& what, const std::string& table) {
        std::string rows = stored(
            file, "SELECT " + what + " FROM " + table + " WHERE user_id = '" + id + "' ORDER BY 1");
        std::replace(rows.begin(), rows.end(), '\n', ',');
        return rows.empty() ? rows : rows + ",";
    };
    return stored(file,
                  "SELECT username, theme_preference, CASE status WHEN 'suspended' THEN status "
                  "ELSE 'live' END, CASE deleted WHEN 1 THEN 'deleted' ELSE 'there' END FROM users "
                  "WHERE id = '" +
                      id + "'") +
           "|" + list("role", "user_roles") + "|" + list("role", "organization_member_roles") +
           "|" + list("id", "api_keys");
}

/// What the answer said, or what the file says when there was no answer.
struct Told {
    std::string user_id, key_id, token, public_key;
};

struct Operation {
    std::string method, path, token, body;
    std::size_t person;
    std::function<void(Person&, const Told&)> apply;
};

class LedgerClient {
 public:
    LedgerClient(int number, unsigned seed, std::string owner_token, std::string organization)
        : number_(number),
          random_(seed),
          owner_(std::move(owner_token)),
          organization_(std::move(organization)) {}

    /// Sends requests until the server is gone.
    void work(int port, long round) {
        round_ = round;
        died_.clear();
        try {
            RawClient connection(port);
            while (step(connection)) continue;
        } catch (const std::exception&) {
            // the server was killed before it accepted
        }
    }

    /// Decides what happened to the open request, and returns everything that is not as it must be.
    std::string check(const StoredFile& file) {
        std::string wrong;
        if (open_) settle(file, *open_);
        open_.reset();
        for (Person& person : people_) wrong += check(file, person);
        std::string ids;
        for (const std::string& id : recorded_) ids += (ids.empty() ? "'" : ",'") + id + "'";
        const std::string found =
            stored(file, "SELECT count(DISTINCT request_id) FROM audit_logs WHERE request_id IN (" +
                             ids + ")");
        if (found != std::to_string(recorded_.size()))
            wrong += "audit rows: " + found + " of " + std::to_string(recorded_.size()) + "\n";
        recorded_.clear();
        return wrong.empty() ? unexpected_ : unexpected_ + wrong + trail_;
    }

    /// Checks with the restarted server that every token is accepted or refused as it should be.
    std::string try_tokens(int port, long round) {
        std::string wrong;
        const auto expect = [&](const std::string& token, int status) {
            if (token.empty()) return;
            const Answer answer =
                request(port, "GET", "/api/v2/users/me", {{"Coder-Session-Token", token}});
            if (answer.status != status)
                wrong += token.substr(0, 10) + " is answered " + std::to_string(answer.status) +
                         " instead of " + std::to_string(status) + "\n" + trail_;
        };
        for (const Person& person : people_)
            for (const auto& [id, token] : person.keys) {
                const auto last = person.last_round_of.find(id);
                const bool over = last != person.last_round_of.end() && last->second < round;
                expect(token, person.suspended || person.deleted || over ? 401 : 200);
            }
        for (const std::string& token : died_) expect(token, 401);
        return wrong;
    }

    long acknowledged() const { return acknowledged_; }
    long settled_as_done() const { return settled_as_done_; }
    long settled_as_undone() const { return settled_as_undone_; }

 private:
    unsigned below(std::size_t n) { return static_cast<unsigned>(random_() % n); }
    std::string fresh() { return "c" + std::to_string(number_) + "x" + std::to_string(++made_); }

    bool step(RawClient& connection) {
        std::optional<Operation> operation = choose();
        if (!operation) return true;
        trail_ = operation->method + " " + operation->path + " " + operation->body + "\n" +
                 trail_.substr(0, 2000);
        HeaderList headers;
        if (!operation->token.empty())
            headers.emplace_back("Coder-Session-Token", operation->token);
        open_ = operation;
        if (!connection.send(request_text(operation->method, "/api/v2" + operation->path, headers,
                                          operation->body)))
            return false;
        const Answer answer = connection.read();
        if (answer.status == 0) return false;
        open_.reset();
        trail_ = std::to_string(answer.status) + " to " + trail_;
        if (answer.status >= 300) {
            unexpected_ += std::to_string(answer.status) + " " + answer.body + " to " + trail_;
            return false;
        }
        ++acknowledged_;
        recorded_.push_back(answer.header("x-coder-request-id"));
        apply(*operation, told_by(answer));
        return true;
    }

    static Told told_by(const Answer& answer) {
        if (answer.body.empty()) return {};
        const Value json = parse(answer.body);
        Told told;
        for (const char* name : {"session_token", "key"})
            if (json.has(name)) told.token = json[name].text();
        told.key_id = told.token.substr(0, told.token.find('-'));
        if (json.has("id")) told.user_id = json["id"].text();
        if (json.has("public_key")) told.public_key = json["public_key"].text();
        return told;
    }

    void apply(const Operation& operation, const Told& told) {
        Person& person = people_[operation.person];
        const std::map<std::string, std::string> before = person.keys;
        operation.apply(person, told);
        for (const auto& [id, token] : before)
            if (!person.keys.count(id)) died_.push_back(token);
    }

    // All of it happened or nothing; values that nobody was told come from the file.
    void settle(const StoredFile& file, const Operation& operation) {
        Person& person = people_[operation.person];
        Told told;
        told.user_id = stored(file, "SELECT id FROM users WHERE username = '" + person.name + "'");
        if (person.id.empty() && told.user_id.empty()) {
            people_.erase(people_.begin() + static_cast<long>(operation.person));
            ++settled_as_undone_;
            return;
        }
        const std::string id = person.id.empty() ? told.user_id : person.id;
        const std::string condition = " WHERE user_id = '" + id + "'";
        told.public_key = stored(file, "SELECT public_key FROM git_ssh_keys" + condition);
        std::string known;
        for (const auto& [key, token] : person.keys) known += ",'" + key + "'";
        told.key_id = stored(
            file, "SELECT id FROM api_keys" + condition + " AND id NOT IN (''" + known + ")");
        Person after = person;
        operation.apply(after, told);
        const bool key_fits = after.public_key.empty() || after.public_key == told.public_key;
        const bool happened =
            person.id.empty() || (facts_in(file, id) == after.facts() &&
                                  (after.deleted || (key_fits && has_password(file, after))));
        ++(happened ? settled_as_done_ : settled_as_undone_);
        if (happened) apply(operation, told);
    }

    static bool has_password(const StoredFile& file, const Person& person) {
        return coder_users::rules::password_matches(
            person.password,
            stored(file, "SELECT hashed_password FROM users WHERE id = '" + person.id + "'"));
    }

    static std::string check(const StoredFile& file, Person& person) {
        const std::string found = facts_in(file, person.id);
        std::string wrong;
        if (found != person.facts()) wrong += found + "\ninstead of\n" + person.facts() + "\n";
        if (person.deleted) return wrong;
        if (!has_password(file, person)) wrong += "the password of " + found + "\n";
        const std::string key =
            stored(file, "SELECT public_key FROM git_ssh_keys WHERE user_id = '" + person.id + "'");
        if (key.empty() || (!person.public_key.empty() && key != person.public_key))
            wrong += "the SSH key of " + found + "\n";
        person.public_key = key;
        return wrong;
    }

    std::optional<Operation> choose();
    std::optional<Operation> on_keys(std::size_t at);
    std::optional<Operation> on_user(std::size_t at);
    Operation create();

    const int number_;
    std::minstd_rand random_;
    const std::string owner_, organization_;
    std::vector<Person> people_;
    std::optional<Operation> open_;  ///< sent, but not answered
    std::vector<std::string> died_;  ///< tokens that ended in this round
    std::vector<std::string> recorded_;
    std::string trail_, unexpected_;
    long round_ = 0, made_ = 0;
    long settled_as_done_ = 0, settled_as_undone_ = 0;
    std::atomic<long> acknowledged_{0};  ///< may be read while the client works
};

inline Operation LedgerClient::create() {
    Person person;
    person.name = fresh();
    person.password = good_password + person.name;
    people_.push_back(person);
    return {"POST",
            "/users",
            owner_,
            R"({"email":")" + person.name + R"(@example.org","username":")" + person.name +
                R"(","password":")" + person.password + "\"}",
            people_.size() - 1,
            [](Person& p, const Told& told) { p.id = told.user_id; }};
}

inline std::optional<Operation> LedgerClient::choose() {
    const auto live =
        std::count_if(people_.begin(), people_.end(), [](const Person& p) { return !p.deleted; });
    if (live == 0 || (live < 3 && below(8) == 0)) return create();
    const std::size_t at = below(people_.size());
    if (people_[at].deleted) return std::nullopt;
    return below(2) ? on_keys(at) : on_user(at);
}

inline std::optional<Operation> LedgerClient::on_keys(std::size_t at) {
    const Person& person = people_[at];
    const std::string path = "/users/" + person.id;
    const auto add = [](Person& p, const Told& told) { p.keys[told.key_id] = told.token; };
    const auto some_key = [&] {
        auto key = person.keys.begin();
        std::advance(key, below(person.keys.size()));
        return *key;
    };
    if (person.keys.empty() || (person.keys.size() < 5 && below(2))) {
        if (below(3) == 0) return Operation{"POST", path + "/keys", owner_, "", at, add};
        if (below(2) && !person.suspended)
            return Operation{"POST",
                             "/users/login",
                             "",
                             R"({"email":")" + person.name.substr(0, person.name.find('r')) +
                                 R"(@example.org","password":")" + person.password + "\"}",
                             at,
                             add};
        const bool short_lived = below(2);
        return Operation{"POST",
                         path + "/keys/tokens",
                         owner_,
                         "{\"token_name\":\"" + fresh() + "\"" +
                             (short_lived ? ",\"lifetime\":60000000000}" : "}"),
                         at,
                         [=, round = round_](Person& p, const Told& told) {
                             add(p, told);
                             if (short_lived) p.last_round_of[told.key_id] = round;
                         }};
    }
    const auto [id, token] = some_key();
    const auto remove = [id = id](Person& p, const Told&) { p.keys.erase(id); };
    const bool usable = !token.empty() && !person.suspended && !person.last_round_of.count(id);
    if (usable && below(4) == 0)
        return Operation{"POST", "/users/me/convert-login",
                         token,  R"({"to_type":"github","password":")" + person.password + "\"}",
                         at,     [](Person&, const Told&) {}};
    if (usable && below(2)) return Operation{"POST", "/users/logout", token, "", at, remove};
    return Operation{"DELETE", path + "/keys/" + id, owner_, "", at, remove};
}

inline std::optional<Operation> LedgerClient::on_user(std::size_t at) {
    const std::string path = "/users/" + people_[at].id;
    const auto put = [&](const std::string& what, const std::string& body, auto apply) {
        return Operation{"PUT", path + what, owner_, body, at, apply};
    };
    const std::string value = fresh();
    const std::string named = people_[at].name.substr(0, people_[at].name.find('r')) + "r" + value;
    switch (below(9)) {
        case 0:
            return put("/profile", "{\"username\":\"" + named + "\"}",
                       [=](Person& p, const Told&) { p.name = named; });
        case 1:
            return put("/appearance", "{\"theme_preference\":\"" + value + "\"}",
                       [=](Person& p, const Told&) { p.theme = value; });
        case 2:
            return put("/status/suspend", "", [](Person& p, const Told&) { p.suspended = true; });
        case 3:
        case 4:
            return put("/status/activate", "", [](Person& p, const Told&) { p.suspended = false; });
        case 5: {
            const bool two = below(2);
            return put("/roles",
                       two ? R"({"roles":["auditor","user-admin"]})" : R"({"roles":["auditor"]})",
                       [=](Person& p, const Told&) {
                           p.roles = two ? "auditor,user-admin," : "auditor,";
                       });
        }
        case 6:
            return put("/password", "{\"password\":\"" + good_password + value + "\"}",
                       [=](Person& p, const Told&) {
                           p.password = good_password + value;
                           p.keys.clear();
                       });
        case 7:
            if (below(2)) {
                const std::string role = "organization-admin:" + organization_;
                Operation operation =
                    put("", "{\"roles\":[\"" + role + "\"]}",
                        [=](Person& p, const Told&) { p.organization_roles = role + ","; });
                operation.path =
                    "/organizations/" + organization_ + "/members/" + people_[at].id + "/roles";
                return operation;
            }
            return put("/gitsshkey", "",
                       [](Person& p, const Told& told) { p.public_key = told.public_key; });
        default: {
            if (below(3)) return std::nullopt;
            Operation operation = put("", "", [](Person& p, const Told&) {
                p.deleted = true;
                p.keys.clear();
                p.organization_roles.clear();
            });
            operation.method = "DELETE";
            return operation;
        }
    }
}

}  // namespace faults
