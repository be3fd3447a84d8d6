// The kit for tests: a server that starts within milliseconds, whose clock, randomness and faults
// the test controls, and clients that are logged in. docs/testing.md shows how to use it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "coder_users/api.hpp"

namespace coder_users { inline namespace v0 { namespace testing {

/// Sends a request over HTTP, on a new connection. Throws std::runtime_error when there is no
/// answer.
CODER_USERS_API Response send(const std::string& url, const Request& request);

/// Returns the member of a JSON document at a path such as "users.0.username": the content of a
/// string, or the JSON text of any other value. Throws std::out_of_range, with the document in its
/// text, when there is no such member.
CODER_USERS_API std::string json_member(const std::string& json, const std::string& path);

/// Makes a version 4 UUID of these random bytes.
CODER_USERS_API std::string make_uuid(const std::array<unsigned char, 16>& bytes);

/// A clock that stands still until the test moves it. It starts at 2026-01-02 03:04:05 UTC. Copies
/// are the same clock, and any thread may move it at any time.
class Clock {
 public:
    /// Returns the time.
    Time now() const { return from_micros(*micros_); }
    /// Moves the clock forward, or back when `step` is negative.
    void advance(Duration step) { *micros_ += step.count(); }
    /// Sets the clock.
    void set(Time time) { *micros_ = micros(time); }

 private:
    std::shared_ptr<std::atomic<std::int64_t>> micros_ =
        std::make_shared<std::atomic<std::int64_t>>(1'767'323'045'000'000);
};

/// Random bytes that are the same for the same seed. Copies draw from one sequence.
class Randomness {
 public:
    /// Starts the sequence that belongs to this seed.
    explicit Randomness(std::uint64_t seed) : shared_(std::make_shared<Shared>(seed)) {}

    /// Writes the next bytes of the sequence.
    void fill(unsigned char* bytes, std::size_t count) {
        const std::lock_guard<std::mutex> lock(shared_->mutex);
        for (std::size_t i = 0; i < count; i += 8)
            for (std::uint64_t word = shared_->engine(), j = 0; j < 8 && i + j < count; ++j)
                bytes[i + j] = static_cast<unsigned char>(word >> 8 * j);
    }
    /// Returns the next version 4 UUID.
    std::string uuid() {
        std::array<unsigned char, 16> bytes{};
        fill(bytes.data(), bytes.size());
        return make_uuid(bytes);
    }
    /// Returns the next key text, "<id>-<secret>".
    std::string token() { return letters(10) + '-' + letters(22); }

    /// Returns the position in the sequence, for set_state().
    std::mt19937_64 state() const {
        const std::lock_guard<std::mutex> lock(shared_->mutex);
        return shared_->engine;
    }
    /// Continues from a position that state() returned.
    void set_state(const std::mt19937_64& engine) {
        const std::lock_guard<std::mutex> lock(shared_->mutex);
        shared_->engine = engine;
    }

 private:
    struct Shared {
        explicit Shared(std::uint64_t seed) : engine(seed) {}
        std::mutex mutex;
        std::mt19937_64 engine;
    };
    std::string letters(std::size_t count) {
        std::string text(count, '\0');
        fill(reinterpret_cast<unsigned char*>(text.data()), count);
        for (char& c : text) c = static_cast<char>('a' + static_cast<unsigned char>(c) % 26);
        return text;
    }
    std::shared_ptr<Shared> shared_;
};

/// Makes changes and requests fail. Copies are the same switches, and any thread may use them.
class Faults {
 public:
    /// Makes the n-th change from now fail as on a broken disk: it is answered 503 and not stored.
    void fail_write(int n = 1) { set(&State::fails, n); }
    /// Makes the n-th change from now take longer by `delay`. Other changes wait for it, reads do
    /// not.
    void slow_write(std::chrono::milliseconds delay, int n = 1) {
        {
            const std::lock_guard<std::mutex> lock(state_->mutex);
            state_->delay = delay;
        }
        set(&State::slow, n);  // last, because a change may read it at once
    }
    /// Makes the n-th request from now be answered 429.
    void limit_request(int n = 1) { set(&State::limited, n); }
    /// Cancels everything that is still to go wrong.
    void clear() { state_->fails = state_->slow = state_->limited = 0; }

    /// Called by Env::fail_write.
    bool next_write() {
        if (due(state_->slow)) std::this_thread::sleep_for(delay());
        return due(state_->fails);
    }
    /// Called by Env::limit_request.
    bool next_request() { return due(state_->limited); }

 private:
    struct State {
        std::atomic<int> fails{0}, slow{0}, limited{0};
        std::mutex mutex;
        std::chrono::milliseconds delay{0};
    };
    void set(std::atomic<int> State::*which, int n) {
        if (n < 1) throw std::invalid_argument("the first one is 1");
        (*state_).*which = n;
    }
    static bool due(std::atomic<int>& count) {
        int left = count;
        while (left > 0 && !count.compare_exchange_weak(left, left - 1)) {
        }
        return left == 1;
    }
    std::chrono::milliseconds delay() const {
        const std::lock_guard<std::mutex> lock(state_->mutex);
        return state_->delay;
    }
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// The clock, the randomness and the faults of a server. Copies control the same server.
struct Controls {
    /// `seed` is that of `random`.
    explicit Controls(std::uint64_t seed = 1) : random(seed) {}
    Clock clock;
    Randomness random;
    Faults faults;
};

}}}  // namespace coder_users::v0::testing

namespace coder_users { inline namespace v0 {

inline Options Options::for_tests(const testing::Controls& controls) {
    Options options;
    options.database = ":memory:";
    options.port = 0;
    options.password_hash_cost = 4;
    options.disable_rate_limits = true;
    options.test_data = true;
    options.limits.workers = 1;  // so that one process can hold hundreds of servers
    options.env.now = [clock = controls.clock] { return clock.now(); };
    options.env.random = [random = controls.random](unsigned char* bytes,
                                                    std::size_t count) mutable {
        random.fill(bytes, count);
    };
    options.env.fail_write = [faults = controls.faults]() mutable { return faults.next_write(); };
    options.env.limit_request = [faults = controls.faults]() mutable {
        return faults.next_request();
    };
    return options;
}

inline Options Options::for_tests() { return for_tests(testing::Controls()); }

}}  // namespace coder_users::v0

namespace coder_users { inline namespace v0 { namespace testing {

/// The password of every user that Server makes.
inline constexpr const char* password = "correct-Horse-9";
inline constexpr const char* hash_of_password =
    "$2b$04$abcdefghijklmnopqrstuufS6pobK/FmfRO4I2JuHShY0rWrLIAq6";

/// The answer that a client got.
struct Answer : Response {
    /// Returns the member of the JSON body at a path such as "users.0.username". Throws
    /// std::out_of_range when there is no such member.
    std::string operator[](const std::string& path) const { return json_member(body, path); }
};

/// A user of the server who is logged in, or a visitor, whose `token` is "". Cheap to copy. The
/// server must outlive it. A path that does not begin with /api/v2/ is taken as one under /api/v2.
class Client {
 public:
    /// `user_token` is a key text, "<id>-<secret>", or "" for a visitor.
    Client(Service& service, std::string user_token)
        : token(std::move(user_token)), service_(&service) {}

    /// Sends GET. This and the next functions throw std::runtime_error when there is no answer.
    Answer get(std::string_view path) const { return send("GET", path); }
    /// Sends POST. `body` is JSON.
    Answer post(std::string_view path, std::string body = "") const {
        return send("POST", path, std::move(body));
    }
    /// Sends PUT. `body` is JSON.
    Answer put(std::string_view path, std::string body = "") const {
        return send("PUT", path, std::move(body));
    }
    /// Sends DELETE.
    Answer del(std::string_view path) const { return send("DELETE", path); }

    /// Sends any method.
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

    /// Returns the same user with requests that go over HTTP instead of through Service::handle().
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

/// A running server for one test, without users at first. Its clients stay valid when it is moved.
class Server {
 public:
    /// Throws as start().
    explicit Server(const Controls& controls = Controls())
        : Server(controls, Options::for_tests(controls)) {}
    /// Answers as a release of Coder, such as "2.35". Servers of several releases may be there at
    /// once.
    explicit Server(const std::string& coder_version, const Controls& controls = Controls())
        : Server(controls, as_release(coder_version, Options::for_tests(controls))) {}
    /// `options` come from Options::for_tests(controls), and the test may have changed them.
    Server(Controls controls, Options options)
        : controls_(std::move(controls)),
          service_(std::make_unique<Service>(start(std::move(options)))) {}

    /// The service itself, which lives as long as this server.
    Service& service() { return *service_; }
    /// The URL "http://127.0.0.1:<port>".
    std::string url() const { return service_->url(); }
    /// The clock of the server.
    Clock& clock() { return controls_.clock; }
    /// The faults to come.
    Faults& faults() { return controls_.faults; }

    /// The user "owner". The first call makes it.
    Client owner() {
        if (owner_.empty()) owner_.push_back(user("owner", {"owner"}));
        return owner_.front();
    }
    /// Makes a user with these site roles, whose name is the first role: "auditor", "auditor-2",
    /// ...
    Client user_with_roles(const std::vector<std::string>& roles = {}) {
        const std::string name = roles.empty() ? "member" : roles.front();
        const int number = ++made_[name];
        return user(number == 1 && name != "owner" ? name : name + '-' + std::to_string(number),
                    roles);
    }
    /// Makes a user who is logged in, with the address name@example.com and the password
    /// `password`. Throws std::invalid_argument when the name is taken, LineError for what else
    /// cannot be seeded.
    Client user(const std::string& name, const std::vector<std::string>& roles = {}) {
        Client client(*service_, controls_.random.token());
        client.id = controls_.random.uuid();
        client.username = name;
        client.email = name + "@example.com";
        seed_user(name, R"({"id":")" + client.id + R"(","username":")" + name + R"(","email":")" +
                            client.email + R"(","hashed_password":")" + hash_of_password +
                            R"(","status":"active","roles":[)" + quoted_list(roles) +
                            R"(],"sessions":[")" + client.token + R"("]})");
        return client;
    }
    /// Makes a service account with these site roles, which has no address, and a token of it.
    Client service_account(const std::string& name, const std::vector<std::string>& roles = {}) {
        Client client(*service_, controls_.random.token());
        client.id = controls_.random.uuid();
        client.username = name;
        seed_user(name, R"({"id":")" + client.id + R"(","username":")" + name +
                            R"(","service_account":true,"status":"active","roles":[)" +
                            quoted_list(roles) + R"(],"tokens":{"test":")" + client.token +
                            R"("}})");
        return client;
    }
    /// A client without a session.
    Client visitor() { return Client(*service_, ""); }
    /// Does Service::seed(). Throws LineError.
    void seed(std::string_view json) { service_->seed(json); }

    /// Data, clock and randomness at one moment. After restore() the same requests get the same
    /// bytes again.
    struct Moment {
        Snapshot data;
        Time now;
        std::mt19937_64 random;
        std::vector<Client> owner;
        std::map<std::string, int> made;
    };
    /// Returns the present moment.
    Moment snapshot() {
        return {service_->snapshot(), controls_.clock.now(), controls_.random.state(), owner_,
                made_};
    }
    /// Returns to `moment`, and cancels all faults.
    void restore(const Moment& moment) {
        service_->restore(moment.data);
        controls_.clock.set(moment.now);
        controls_.random.set_state(moment.random);
        controls_.faults.clear();
        owner_ = moment.owner;
        made_ = moment.made;
    }

 private:
    void seed_user(const std::string& name, const std::string& json) {
        try {
            service_->seed(json);
        } catch (const LineError&) {
            if (has_user(name))
                throw std::invalid_argument("this server already has a user \"" + name + '"');
            throw;
        }
    }
    bool has_user(const std::string& name) const {
        try {
            service_->as(Identity::system()).find_user(name);
            return true;
        } catch (const ApiError&) {
            return false;
        }
    }
    static std::string quoted_list(const std::vector<std::string>& texts) {
        std::string list;
        for (const std::string& each : texts) list += (list.empty() ? "\"" : ",\"") + each + '"';
        return list;
    }
    static Options as_release(const std::string& coder_version, Options options) {
        options.coder_version = coder_version;
        return options;
    }

    Controls controls_;
    std::unique_ptr<Service> service_;  // a pointer, because clients keep its address
    std::vector<Client> owner_;
    std::map<std::string, int> made_;
};

}}}  // namespace coder_users::v0::testing
