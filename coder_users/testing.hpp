// The kit for tests: a server that starts within milliseconds, whose clock, randomness and faults
// the test controls, and clients that are logged in. docs/testing.md shows how to use it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
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
#include "coder_users/test_hooks.hpp"
#include "coder_users/testing_logins.hpp"

namespace coder_users { inline namespace v0 { namespace testing {

/// Sends a request over HTTP, on a new connection. Throws std::runtime_error when there is no
/// answer.
CODER_USERS_API Response send(const std::string& url, const Request& request);

/// Returns the member of a JSON document at a path such as "users.0.username": the content of a
/// string, or the JSON text of any other value. Throws std::out_of_range, with the document in its
/// text, when there is no such member.
CODER_USERS_API std::string json_member(const std::string& json, const std::string& path);

/// Writes a text as a JSON string, with its quotation marks.
CODER_USERS_API std::string json_string(std::string_view text);

/// Throws std::invalid_argument, which says why, unless Service::restore() can take the snapshot:
/// it is a sound database of a server for tests, with the schema of this version.
CODER_USERS_API void check_snapshot(const Snapshot& snapshot);

/// Returns a number that differs, but for rare luck, when the snapshots differ in any byte.
CODER_USERS_API std::uint64_t digest_of(const Snapshot& snapshot);

/// Makes a version 4 UUID of these random bytes.
CODER_USERS_API std::string make_uuid(const std::array<unsigned char, 16>& bytes);

/// A clock that stands still until the test moves it. It starts at 2026-01-02 03:04:05 UTC. When it
/// runs, it stops at the end of the year 9999. Copies are the same clock, and any thread may move
/// it at any time.
class Clock {
 public:
    /// Returns the time.
    Time now() const {
        const std::lock_guard<std::mutex> lock(state_->mutex);
        return state_->now();
    }
    /// Moves the clock forward, or back when `step` is negative.
    void advance(Duration step) {
        const std::lock_guard<std::mutex> lock(state_->mutex);
        state_->go_from(state_->now() + step);
    }
    /// Sets the clock.
    void set(Time time) {
        const std::lock_guard<std::mutex> lock(state_->mutex);
        state_->go_from(time);
    }

    /// Lets the clock go on by itself, from where it stands, at the speed of real time.
    void run() { run(true); }
    /// Lets the clock stand still, which it does at first.
    void freeze() { run(false); }
    /// Whether it stands still.
    bool is_frozen() const {
        const std::lock_guard<std::mutex> lock(state_->mutex);
        return !state_->runs;
    }

 private:
    struct State {
        Time now() const {
            if (!runs || base >= end_of_time) return base;
            const auto passed =
                std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - since);
            return passed < end_of_time - base ? base + passed : end_of_time;
        }
        void go_from(Time time) {
            base = time;
            since = std::chrono::steady_clock::now();
        }
        std::mutex mutex;
        Time base = from_micros(1'767'323'045'000'000);
        bool runs = false;
        std::chrono::steady_clock::time_point since = {};  ///< when `base` was right
    };
    void run(bool runs) {
        const std::lock_guard<std::mutex> lock(state_->mutex);
        state_->go_from(state_->now());
        state_->runs = runs;
    }
    std::shared_ptr<State> state_ = std::make_shared<State>();
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

/// Something that goes wrong with requests to a route, or to any. Set `status`, `disconnect` or
/// `commit`, or `latency` alone or with one of them.
struct Fault {
    std::string method = {};  ///< "": any
    /// As the API description has it: "/api/v2/users/{user}", or "/users/{user}". "": any.
    std::string path = {};
    int status = 0;         ///< is answered, 200 to 599; 0: no such fault
    std::string body = {};  ///< of that answer; "": a message as of any refusal
    /// Of that answer, too. None says how it is sent, as Content-Length does.
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::chrono::milliseconds latency{0};    ///< the request waits so long first, at most an hour
    bool disconnect = false;                 ///< the connection ends without an answer
    CommitFault commit = CommitFault::none;  ///< the change fails, and nothing of it is stored
    int skip = 0;   ///< so many requests (or changes, of `commit`) are spared first
    int count = 1;  ///< then so many are hit; 0: all, until it is removed
};

/// A fault that was added.
struct PlannedFault : Fault {
    std::string id = {};
    int hits = 0;  ///< how many it has hit
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
    /// Adds a fault, and returns its id. Of several that concern a request, the one that was added
    /// first and spares it no longer decides the answer, and the longest latency counts. Throws
    /// std::invalid_argument for a route that there is not, for contradictions, for headers that no
    /// answer may have, and when there are a thousand already.
    CODER_USERS_API std::string add(Fault fault);
    /// The faults that were added, oldest first, with those that will hit nothing more.
    CODER_USERS_API std::vector<PlannedFault> list() const;
    /// Removes a fault that was added. Returns false when there is none of this id. What waits
    /// because of it goes on waiting.
    CODER_USERS_API bool remove(const std::string& id);
    /// Cancels everything that is still to go wrong, and removes all faults.
    void clear() {
        state_->fails = state_->slow = state_->limited = 0;
        const std::lock_guard<std::mutex> lock(state_->mutex);
        state_->planned.clear();
        state_->any_planned = false;
    }

    /// Called by Env::fail_write.
    bool next_write() {
        if (due(state_->slow)) std::this_thread::sleep_for(delay());
        return due(state_->fails);
    }
    /// Called by Env::limit_request.
    bool next_request() { return due(state_->limited); }
    /// Called by TestHooks::disturb().
    CODER_USERS_API Disturbance disturb(const Request& request, const std::string& route);
    /// Called by TestHooks::commit().
    CODER_USERS_API CommitFault commit(const Request& request, const std::string& route);

 private:
    struct State {
        std::atomic<int> fails{0}, slow{0}, limited{0};
        std::atomic<bool> any_planned{false};
        std::mutex mutex;
        std::chrono::milliseconds delay{0};
        std::vector<PlannedFault> planned;
        int added = 0;
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

/// Selects requests. What is empty or 0 selects all.
struct RequestFilter {
    std::string method = {};
    /// The path of the request, or that of its route, with or without /api/v2.
    std::string path = {};
    std::string user = {};  ///< the id or the name of who was logged in
    int status = 0;
    std::size_t limit = 0;  ///< of those that match, only so many: the newest
};

/// The requests that were waited for have not come. what() says which came instead.
class NotSeen : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Keeps the newest 1,000 requests and their answers, once start() was called; no more than 16 MiB
/// of them. Of a body it keeps 64 KiB. It gives them out with "***" in the place of passwords,
/// tokens, codes and cookies. Copies are the same record, and any thread may use it.
class Requests {
 public:
    /// Records from now on.
    void start() { state_->on = true; }
    /// Whether start() was called.
    bool records() const { return state_->on; }
    /// The requests that match, oldest first.
    CODER_USERS_API std::vector<SeenRequest> list(const RequestFilter& which = {}) const;
    /// Waits until `count` requests match, of those that have come and those to come, and returns
    /// them. Throws NotSeen after `timeout`, and when end_waits() is called.
    CODER_USERS_API std::vector<SeenRequest> wait(
        const RequestFilter& which, std::size_t count = 1,
        std::chrono::milliseconds timeout = std::chrono::seconds(5)) const;
    /// Forgets all requests that have come.
    CODER_USERS_API void forget();
    /// Ends every wait() that goes on, and those to come at once.
    CODER_USERS_API void end_waits();

    /// Called by TestHooks::record().
    CODER_USERS_API void add(SeenRequest&& seen);

 private:
    struct State {
        std::atomic<bool> on{false};
        std::mutex mutex;
        std::condition_variable changed;
        std::deque<SeenRequest> seen;  ///< with secrets
        std::size_t bytes = 0;         ///< of `seen`
        bool no_waits = false;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// Keeps the newest 1,000 codes for new passwords, which are there before the request for one is
/// answered. Copies are the same record, and any thread may use it.
class Passcodes {
 public:
    /// The codes for this address, or all of them, oldest first.
    std::vector<Passcode> list(const std::string& email = {}) const {
        const std::lock_guard<std::mutex> lock(state_->mutex);
        std::vector<Passcode> found;
        for (const Passcode& each : state_->taken)
            if (email.empty() || each.email == email) found.push_back(each);
        return found;
    }
    /// Forgets all codes. They stay good.
    void forget() {
        const std::lock_guard<std::mutex> lock(state_->mutex);
        state_->taken.clear();
    }
    /// Called by TestHooks::take().
    void add(const Passcode& passcode) {
        const std::lock_guard<std::mutex> lock(state_->mutex);
        if (state_->taken.size() == 1'000) state_->taken.pop_front();
        state_->taken.push_back(passcode);
    }

 private:
    struct State {
        std::mutex mutex;
        std::deque<Passcode> taken;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// What a test controls of a server, and what it sees of it. Copies control the same server.
struct Controls {
    /// `seed` is that of `random`.
    explicit Controls(std::uint64_t seed = 1) : random(seed) {}
    /// The same with login providers, which a server of these controls trusts. Throws as
    /// Logins::start().
    static Controls with_logins(std::uint64_t seed = 1) {
        Controls controls(seed);
        controls.logins = Logins::start([clock = controls.clock] { return clock.now(); });
        return controls;
    }
    Clock clock;
    Randomness random;
    Faults faults;
    Requests requests;
    Passcodes passcodes;
    Logins logins;
};

/// Returns Env::hooks by which `controls` see requests and disturb them.
CODER_USERS_API std::shared_ptr<TestHooks> hooks_of(const Controls& controls);

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
    options.env.hooks = testing::hooks_of(controls);
    if (controls.logins.started()) controls.logins.trusted_by(options);
    return options;
}

inline Options Options::for_tests() { return for_tests(testing::Controls()); }

}}  // namespace coder_users::v0

namespace coder_users { inline namespace v0 { namespace testing {

/// The password of every user that Server makes.
inline constexpr const char* password = "correct-Horse-9";
/// Its bcrypt hash, for seeds.
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
        Answer answer{service_->handle(request)};
        if (answer.status == 0) throw std::runtime_error("no answer: a test cuts this connection");
        return answer;
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

/// The values of a new user of a server for tests.
struct NewUser {
    /// "": the first role, or "member", with a number where that is taken: "auditor-2".
    std::string username = {};
    std::string email = {};  ///< "": the name, at example.com. Service accounts have none.
    std::vector<std::string> roles = {};  ///< site roles
    /// Makes an account that has no address and that nobody can log in to, with a token.
    bool service_account = false;
    /// Their names, which are made where there are none. Empty: the oldest organization.
    std::vector<std::string> organizations = {};
};

/// Logs in as a browser does: at the service, at its login provider, and back. `type` is oidc or
/// github. Returns the token of the session. Throws std::runtime_error, with the answer in its
/// text, when the login is refused.
CODER_USERS_API std::string log_in(Service& service, LoginType type);

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
    /// `options` come from Options::for_tests(controls), and the test may have changed them. When
    /// their file already has users, the randomness goes on at a place that depends on all that the
    /// file holds.
    Server(Controls controls, Options options)
        : controls_(std::move(controls)),
          coder_version_(options.coder_version),
          service_(std::make_unique<Service>(start(std::move(options)))) {
        leave_start();
    }

    /// The service itself, which lives as long as this server.
    Service& service() { return *service_; }
    /// The URL "http://127.0.0.1:<port>".
    std::string url() const { return service_->url(); }
    /// The clock of the server.
    Clock& clock() { return controls_.clock; }
    /// The faults to come.
    Faults& faults() { return controls_.faults; }
    /// Who logs in at the login providers, which Controls::with_logins() starts.
    Logins& logins() { return controls_.logins; }

    /// The requests that have come, once requests().start() was called.
    Requests& requests() { return controls_.requests; }
    /// The codes for new passwords that would have been sent.
    Passcodes& passcodes() { return controls_.passcodes; }

    /// The release of Coder that it answers as.
    const std::string& coder_version() const { return coder_version_; }
    /// Answers as another release from the next request on. Throws as Service::answer_as().
    void set_coder_version(const std::string& version) {
        service_->answer_as(version);
        coder_version_ = version;
    }

    /// The user "owner". The first call makes it, or logs it in where there is one.
    Client owner() {
        if (owner_.empty()) owner_.push_back(has_user("owner") ? logged_in("owner") : made_owner());
        return owner_.front();
    }
    /// Makes a user with these site roles, whose name is the first role: "auditor", "auditor-2",
    /// ...
    Client user_with_roles(const std::vector<std::string>& roles = {}) {
        NewUser wanted;
        wanted.roles = roles;
        return make(wanted);
    }
    /// Makes a user who is logged in, with the address name@example.com and the password
    /// `password`. Throws std::invalid_argument when the name is taken, LineError for what else
    /// cannot be seeded.
    Client user(const std::string& name, const std::vector<std::string>& roles = {}) {
        NewUser wanted;
        wanted.username = name;
        wanted.roles = roles;
        return make(wanted);
    }
    /// Makes a service account with these site roles, which has no address, and a token of it.
    Client service_account(const std::string& name, const std::vector<std::string>& roles = {}) {
        NewUser wanted;
        wanted.username = name;
        wanted.roles = roles;
        wanted.service_account = true;
        return make(wanted);
    }
    /// Makes a user of any kind. Throws as user().
    Client make(const NewUser& wanted) {
        Client client(*service_, controls_.random.token());
        client.id = controls_.random.uuid();
        for (;;) {
            const bool chosen = !wanted.username.empty();
            client.username = chosen ? wanted.username : next_name(wanted.roles);
            if (!wanted.service_account)
                client.email =
                    wanted.email.empty() ? client.username + "@example.com" : wanted.email;
            if (seed_user(client.username, seed_of(client, wanted))) return client;
            if (chosen)
                throw std::invalid_argument("this server already has a user \"" + client.username +
                                            '"');
        }
    }
    /// Logs in at a login provider, oidc or github, as the user whom logins() names. A login of an
    /// unknown user makes it, once there is an owner. Throws std::runtime_error, with the answer in
    /// its text, when it is refused.
    Client log_in(LoginType type) {
        Client client(*service_, testing::log_in(*service_, type));
        const Answer me = client.get("/users/me");
        client.id = me["id"];
        client.username = me["username"];
        client.email = me["email"];
        return client;
    }
    /// A client without a session.
    Client visitor() { return Client(*service_, ""); }
    /// Does Service::seed(). Throws LineError.
    void seed(std::string_view json) { service_->seed(json); }

    /// Data, clock, randomness, release and who logs in next at one moment. After restore() the
    /// same requests get the same bytes again.
    struct Moment {
        Snapshot data;
        Time now;
        std::mt19937_64 random;
        std::vector<Client> owner;
        std::map<std::string, int> made;
        bool frozen = true;
        std::string coder_version = {};  ///< "": the present one stays
        NextLogins logins = {};
    };
    /// Returns the present moment.
    Moment snapshot() {
        return {service_->snapshot(),
                controls_.clock.now(),
                controls_.random.state(),
                owner_,
                made_,
                controls_.clock.is_frozen(),
                coder_version_,
                controls_.logins.started() ? controls_.logins.next() : NextLogins()};
    }
    /// Returns to `moment`, cancels all faults, and forgets requests and passcodes.
    void restore(const Moment& moment) {
        service_->restore(moment.data);
        controls_.clock.freeze();
        controls_.clock.set(moment.now);
        if (!moment.frozen) controls_.clock.run();
        controls_.random.set_state(moment.random);
        controls_.faults.clear();
        controls_.requests.forget();
        controls_.passcodes.forget();
        if (!moment.coder_version.empty()) set_coder_version(moment.coder_version);
        if (controls_.logins.started()) controls_.logins.set_next(moment.logins);
        owner_ = moment.owner;
        made_ = moment.made;
    }
    /// Makes the present moment the one to which reset() returns.
    void mark_start() { start_ = std::make_shared<const Moment>(snapshot()); }
    /// Returns to the moment of mark_start(). Codes and access tokens of the login providers are
    /// good no more. Throws std::logic_error when that was not called.
    void reset() {
        if (!start_)
            throw std::logic_error("reset() returns to mark_start(), which was not called");
        restore(*std::shared_ptr<const Moment>(start_));
        if (controls_.logins.started()) controls_.logins.forget_codes();
    }

 private:
    // The start of the sequence has given the ids and tokens that such a file holds.
    void leave_start() {
        FindUsers any;
        any.limit = 1;
        if (service_->as(Identity::system()).list_users(any).users.empty()) return;
        std::mt19937_64 engine = controls_.random.state();
        controls_.random.set_state(std::mt19937_64(engine() ^ digest_of(service_->snapshot())));
    }
    Client made_owner() {
        NewUser wanted;
        wanted.username = "owner";
        wanted.roles = {"owner"};
        return make(wanted);
    }
    Client logged_in(const std::string& name) {
        const Caller host = service_->as(Identity::system());
        const User found = host.find_user(name);
        Client client(*service_, host.make_session(name).token);
        client.id = found.id;
        client.username = found.username;
        client.email = found.email;
        return client;
    }
    std::string next_name(const std::vector<std::string>& roles) {
        const std::string name = roles.empty() ? "member" : roles.front();
        const int number = ++made_[name];
        return number == 1 && name != "owner" ? name : name + '-' + std::to_string(number);
    }
    /// Returns false when the name is taken.
    bool seed_user(const std::string& name, const std::string& json) {
        try {
            service_->seed(json);
            return true;
        } catch (const LineError&) {
            if (!has_user(name)) throw;
            return false;
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
    static std::string seed_of(const Client& client, const NewUser& wanted) {
        std::string json = R"({"id":")" + client.id + R"(","username":)" +
                           json_string(client.username) + R"(,"status":"active","roles":[)" +
                           quoted_list(wanted.roles) + R"(],"organizations":[)" +
                           quoted_list(wanted.organizations) + ']';
        if (wanted.service_account)
            return json + R"(,"service_account":true,"tokens":{"test":")" + client.token + R"("}})";
        return json + R"(,"email":)" + json_string(client.email) + R"(,"hashed_password":")" +
               hash_of_password + R"(","sessions":[")" + client.token + R"("]})";
    }
    static std::string quoted_list(const std::vector<std::string>& texts) {
        std::string list;
        for (const std::string& each : texts) list += (list.empty() ? "" : ",") + json_string(each);
        return list;
    }
    static Options as_release(const std::string& coder_version, Options options) {
        options.coder_version = coder_version;
        return options;
    }

    Controls controls_;
    std::string coder_version_;
    std::unique_ptr<Service> service_;  // a pointer, because clients keep its address
    std::vector<Client> owner_;
    std::map<std::string, int> made_;
    std::shared_ptr<const Moment> start_;
};

}}}  // namespace coder_users::v0::testing
