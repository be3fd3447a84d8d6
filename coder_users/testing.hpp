// For tests: a server of one's own within milliseconds, its clock, its randomness and its faults in
// the test's hands, and logged-in clients in one line. docs/testing.md shows it.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/testing_calls.hpp"
#include "coder_users/testing_controls.hpp"

namespace coder_users { inline namespace v0 { namespace testing {

/// The password of everybody whom Server makes.
inline constexpr const char* password = "correct-Horse-9";
inline constexpr const char* hash_of_password =
    "$2b$04$abcdefghijklmnopqrstuufS6pobK/FmfRO4I2JuHShY0rWrLIAq6";

/// What a client got.
struct Answer : Response {
    /// The member of the JSON body at a path such as "users.0.username"; std::out_of_range when
    /// there is none.
    std::string operator[](const std::string& path) const { return json_member(body, path); }
};

/// A user of the server, logged in, or a visitor, whose token is "". Cheap to copy; the server
/// outlives it. Paths are below /api/v2 unless they begin with it.
class Client {
 public:
    /// `user_token`: "<id>-<secret>", or "".
    Client(Service& service, std::string user_token)
        : token(std::move(user_token)), service_(&service) {}

    /// GET. This and the following throw std::runtime_error when no answer comes.
    Answer get(std::string_view path) const { return send("GET", path); }
    /// POST; `body` is JSON.
    Answer post(std::string_view path, std::string body = "") const {
        return send("POST", path, std::move(body));
    }
    /// PUT; `body` is JSON.
    Answer put(std::string_view path, std::string body = "") const {
        return send("PUT", path, std::move(body));
    }
    /// DELETE.
    Answer del(std::string_view path) const { return send("DELETE", path); }

    /// Any other method.
    Answer send(std::string method, std::string_view path, std::string body = "") const {
        const bool whole = path.substr(0, 8) == "/api/v2/";
        Request request;
        request.method = std::move(method);
        request.target = (whole ? "" : "/api/v2") + std::string(path);
        if (!token.empty()) request.headers = {{"Coder-Session-Token", token}};
        request.body = std::move(body);
        if (over_http_) return {testing::send(service_->url(), request)};
        request.address = "127.0.0.1";
        return {service_->handle(request)};
    }

    /// The same user, over HTTP instead of in the process.
    Client over_http() const {
        Client other = *this;
        other.over_http_ = true;
        return other;
    }

    std::string token;
    std::string id, username, email;  ///< "" for a visitor

 private:
    Service* service_;
    bool over_http_ = false;
};

/// A running server for one test, empty at first. Its clients go on when it is moved.
class Server {
 public:
    /// Throws what start() throws.
    explicit Server(const Controls& controls = Controls())
        : Server(controls, Options::for_tests(controls)) {}
    /// `options` were made by Options::for_tests(controls), and changed as the test wants.
    Server(Controls controls, Options options)
        : controls_(std::move(controls)),
          service_(std::make_unique<Service>(start(std::move(options)))) {}

    /// Lives as long as this server.
    Service& service() { return *service_; }
    /// "http://127.0.0.1:<port>".
    std::string url() const { return service_->url(); }
    /// What the server takes for the time.
    Clock& clock() { return controls_.clock; }
    /// What goes wrong next.
    Faults& faults() { return controls_.faults; }

    /// The user "owner", who is made when this is called first.
    Client owner() {
        if (owner_.empty()) owner_.push_back(user("owner", {"owner"}));
        return owner_.front();
    }
    /// A new user with these site roles, named after the first one: "auditor", "auditor-2", ...
    Client user_with_roles(const std::vector<std::string>& roles = {}) {
        const std::string name = roles.empty() ? "member" : roles.front();
        const int number = ++made_[name];
        return user(number == 1 && name != "owner" ? name : name + '-' + std::to_string(number),
                    roles);
    }
    /// A new user with the address name@example.com and `password`, logged in.
    Client user(const std::string& name, const std::vector<std::string>& roles = {}) {
        Client client(*service_, controls_.random.token());
        client.id = controls_.random.uuid();
        client.username = name;
        client.email = name + "@example.com";
        std::string list;
        for (const std::string& role : roles) list += (list.empty() ? "\"" : ",\"") + role + '"';
        service_->seed(R"({"id":")" + client.id + R"(","username":")" + name + R"(","email":")" +
                       client.email + R"(","hashed_password":")" + hash_of_password +
                       R"(","status":"active","roles":[)" + list + R"(],"sessions":[")" +
                       client.token + R"("]})");
        return client;
    }
    /// Who has no session.
    Client visitor() { return Client(*service_, ""); }
    /// Service::seed(). Throws LineError.
    void seed(std::string_view json) { service_->seed(json); }

    /// Data, clock and randomness, for restore(): what follows then repeats byte for byte.
    struct Moment {
        Snapshot data;
        Time now;
        std::mt19937_64 random;
        std::vector<Client> owner;
        std::map<std::string, int> made;
    };
    /// All of that as it is now.
    Moment snapshot() {
        return {service_->snapshot(), controls_.clock.now(), controls_.random.state(), owner_,
                made_};
    }
    /// No faults are left either.
    void restore(const Moment& moment) {
        service_->restore(moment.data);
        controls_.clock.set(moment.now);
        controls_.random.set_state(moment.random);
        controls_.faults.clear();
        owner_ = moment.owner;
        made_ = moment.made;
    }

 private:
    Controls controls_;
    std::unique_ptr<Service> service_;  // stays in its place for the clients
    std::vector<Client> owner_;
    std::map<std::string, int> made_;
};

}}}  // namespace coder_users::v0::testing
