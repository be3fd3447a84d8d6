// The running service behind the face: puts the rooms together, and takes them apart in order.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/base/signals.hpp"
#include "coder_users/data/seed.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/rules/crypto.hpp"
#include "coder_users/server/authenticate.hpp"
#include "coder_users/server/call_gate.hpp"
#include "coder_users/server/check_options.hpp"
#include "coder_users/server/dispatch.hpp"
#include "coder_users/server/front.hpp"
#include "coder_users/server/lanes.hpp"
#include "coder_users/server/log.hpp"
#include "coder_users/server/secret_key.hpp"
#include "coder_users/server/testing_calls.hpp"
#include "coder_users/store/deployment.hpp"
#include "coder_users/store/store.hpp"

namespace coder_users { inline namespace v0 {

namespace server {

inline std::size_t cores() {
    return (std::max)(std::size_t{1}, std::size_t{std::thread::hardware_concurrency()});
}

/// Made once for each database.
inline std::string deployment_id(store::Store& store, const rules::Random& random) {
    constexpr const char* name = "deployment_id";
    const auto find = [&](store::Connection& c) { return store::deployment::find(c, name); };
    if (const auto known = store.read(find)) return *known;
    std::string made = routes::new_uuid(random);
    store.write([&](store::Tx& tx) { store::deployment::insert(tx, name, made); });
    return made;
}

inline store::StoreOptions store_options(const Options& options, Log& log) {
    store::StoreOptions chosen;
    chosen.database = options.database;
    chosen.memory_name = routes::new_uuid(rules::system_random);
    chosen.readers = (options.limits.workers ? options.limits.workers : 2 * cores()) + 4;
    chosen.test_data = options.test_data;
    chosen.fail_write = options.env.fail_write;
    chosen.on_activity_failure = [&log, now = options.env.now](const std::string& reason) {
        log.write({LogLevel::error, now(), "activity not stored", {{"reason", reason}}});
    };
    return chosen;
}

}  // namespace server

struct Service::Running final : server::FrontHandler {
    explicit Running(Options chosen)
        : options(server::with_defaults(std::move(chosen))),
          log(options.log),
          store(std::in_place, server::store_options(options, log)),
          backend{options,
                  *store,
                  options.env.random,
                  options.env.now,
                  server::secret_key(options, *store, options.env.random),
                  server::deployment_id(*store, options.env.random)},
          dispatcher(backend, log),
          writes(32, options.limits.waiting_writes),
          hashes(server::cores(), options.limits.waiting_hashes),
          front(*this, options.limits, options.deadlines) {
        front.bind(options.address, options.port);
        port = front.port();
        url = "http://" + server::authority(options.address, port);
        front.start();
        log.write({LogLevel::info,
                   backend.now(),
                   "listening",
                   {{"url", url}, {"database", store->name()}}});
    }

    ~Running() override {
        stop();
        if (closer.joinable()) closer.join();
    }

    server::LanePool* lane_of(std::string_view method, std::string_view target) noexcept override {
        switch (dispatcher.lane_of(method, target)) {
            case routes::Lane::write:
                return &writes;
            case routes::Lane::hash:
                return &hashes;
            case routes::Lane::read:
                break;
        }
        return nullptr;
    }

    Response answer(const Request& request) noexcept override { return dispatcher.answer(request); }

    Response refuse(const Request& request, const server::Refusal& refusal) noexcept override {
        return dispatcher.refuse(request, refusal);
    }

    // On the caller's thread, behind the same lanes as requests over HTTP.
    Response handle(const Request& request) {
        Response response;
        const auto work = [&] { response = answer(request); };
        if (!gate.enter()) return refuse(request, server::overloaded);
        server::LanePool* lane = lane_of(request.method, request.target);
        bool ran = true;
        if (lane)
            ran = lane->run_here(work);
        else
            work();
        if (!ran) response = refuse(request, server::overloaded);
        gate.leave();
        if (request.method == "HEAD") response.body.clear();
        return response;
    }

    // On the caller's thread, while nothing is closed under it. Failures of the store go to the
    // log.
    template <class Fn>
    auto call(const char* failure, Fn&& fn) {
        if (!gate.enter()) throw unavailable();
        struct Leave {
            server::CallGate& gate;
            ~Leave() { gate.leave(); }
        } const leave_at_end{gate};
        try {
            return fn();
        } catch (const ApiError&) {
            throw;
        } catch (const LineError&) {
            throw;
        } catch (const std::exception& error) {
            log.write({LogLevel::error, backend.now(), failure, {{"reason", error.what()}}});
            throw unavailable();
        }
    }

    Identity authenticate(std::string_view token) {
        return call("authentication failed",
                    [&] { return server::authenticate(backend, token, backend.now()); });
    }

    void require_test_data() const {
        if (!options.test_data) throw std::logic_error("only with Options::for_tests()");
    }

    void stop() noexcept {
        gate.shut();
        front.request_stop();
        std::unique_lock<std::mutex> lock(stop_mutex);
        if (!stop_begun) {
            stop_begun = true;
            try {
                // A thread of its own: the caller waits no longer than the deadline, whatever a
                // request under way still does.
                const SignalsBlocked quiet;
                closer = std::thread([this] { close(); });
            } catch (const std::system_error&) {
                lock.unlock();
                close();
                lock.lock();
            }
        }
        stopped.wait_for(lock, options.deadlines.stop, [&] { return closed; });
    }

    void close() {
        front.join();
        writes.stop();
        hashes.stop();
        gate.wait_until_empty();
        store.reset();
        const std::lock_guard<std::mutex> lock(stop_mutex);
        closed = true;
        stopped.notify_all();
    }

    const Options options;
    server::Log log;
    std::optional<store::Store> store;
    routes::Backend backend;
    server::Dispatcher dispatcher;
    server::LanePool writes;
    server::LanePool hashes;
    server::CallGate gate;
    server::Front front;
    int port = 0;
    std::string url;

    std::mutex stop_mutex;
    std::condition_variable stopped;
    bool stop_begun = false;
    bool closed = false;
    std::thread closer;
};

CODER_USERS_INLINE Service::Service(std::unique_ptr<Running> running)
    : running_(std::move(running)) {}
CODER_USERS_INLINE Service::Service(Service&&) noexcept = default;
CODER_USERS_INLINE Service& Service::operator=(Service&&) noexcept = default;
CODER_USERS_INLINE Service::~Service() = default;

CODER_USERS_INLINE std::string Service::url() const { return running_->url; }
CODER_USERS_INLINE int Service::port() const { return running_->port; }
CODER_USERS_INLINE void Service::stop() noexcept { running_->stop(); }
CODER_USERS_INLINE Response Service::handle(const Request& request) {
    return running_->handle(request);
}
CODER_USERS_INLINE Identity Service::authenticate(std::string_view token) {
    return running_->authenticate(token);
}
CODER_USERS_INLINE void Service::seed(std::string_view json) {
    running_->call("seed failed", [&] { data::seed(running_->backend, json); });
}
CODER_USERS_INLINE Snapshot Service::snapshot() {
    running_->require_test_data();
    return running_->call("snapshot failed", [&] { return Snapshot(running_->store->image()); });
}
CODER_USERS_INLINE void Service::restore(const Snapshot& snapshot) {
    running_->require_test_data();
    running_->call("restore failed",
                   [&] { running_->store->replace_everything(snapshot.image()); });
}

CODER_USERS_INLINE std::string to_text(const LogLine& line) {
    constexpr const char* levels[] = {"info ", "warn ", "error"};
    std::string out = to_rfc3339(line.time);
    out += ' ';
    out += levels[static_cast<std::size_t>(line.level)];
    out += ' ';
    out += line.message;
    for (const auto& [name, value] : line.fields) out += ' ' + name + '=' + escaped_for_log(value);
    return out;
}

CODER_USERS_INLINE Service start(Options options) {
    return Service(std::make_unique<Service::Running>(std::move(options)));
}

}}  // namespace coder_users::v0
