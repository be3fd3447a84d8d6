// What runs behind a Service: puts the rooms together, and takes them apart in order.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>

#include "coder_users/api.hpp"
#include "coder_users/base/signals.hpp"
#include "coder_users/base/url.hpp"
#include "coder_users/data/backup.hpp"
#include "coder_users/data/secret_key.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/token_refresh.hpp"
#include "coder_users/rules/crypto.hpp"
#include "coder_users/server/authenticate.hpp"
#include "coder_users/server/call_gate.hpp"
#include "coder_users/server/check_options.hpp"
#include "coder_users/server/dispatch.hpp"
#include "coder_users/server/event_queue.hpp"
#include "coder_users/server/front.hpp"
#include "coder_users/server/lanes.hpp"
#include "coder_users/server/log.hpp"
#include "coder_users/server/open_store.hpp"
#include "coder_users/server/provider_client.hpp"
#include "coder_users/store/deployment.hpp"
#include "coder_users/store/store.hpp"

namespace coder_users { inline namespace v0 { namespace server {

struct Running final : FrontHandler {
    explicit Running(Options chosen, bool listens)
        : options(with_defaults(std::move(chosen))),
          log(options.log),
          store(std::in_place, store_options(options, log)),
          provider_client(options.provider_ca_file),
          external_login(options, provider_client),
          backend{options,
                  *store,
                  options.env.random,
                  options.env.now,
                  data::secret_key(options, *store, options.env.random),
                  deployment_id(*store, options.env.random),
                  events_if_wanted(),
                  routes::served_routes(options.disabled_routes),
                  &external_login},
          dispatcher(backend, log),
          writes(32, options.limits.waiting_writes),
          // While one waits for its commit, its core has another to work for.
          hashes(cores() + 1, options.limits.waiting_hashes),
          providers(8, options.limits.waiting_logins),
          front(*this, options.limits, options.deadlines) {
        if (listens) {
            front.bind(options.address, options.port);
            port = front.port();
            url = "http://" + authority(options.address, port);
            front.start();
        }
        log.write({LogLevel::info,
                   backend.now(),
                   listens ? "listening" : "open",
                   {{"url", url}, {"database", store->name()}}});
        if (const std::string key_file = data::key_file_of(options, store->name());
            options.secret_key.empty() && data::is_open_to_others(key_file))
            log.write({LogLevel::warning,
                       backend.now(),
                       "others can read the key file",
                       {{"file", key_file}}});
    }

    ~Running() override {
        stop();
        if (closer.joinable()) closer.join();
    }

    LanePool* lane_of(const Request& request) override {
        return pool_of(dispatcher.lane_of(request));
    }

    Answer answer(const Request& request) noexcept override { return dispatcher.answer(request); }

    Response refuse(const Request& request, const Refusal& refusal) noexcept override {
        return dispatcher.refuse(request, refusal);
    }

    LanePool* pool_of(routes::Lane lane) noexcept {
        switch (lane) {
            case routes::Lane::write:
                return &writes;
            case routes::Lane::hash:
                return &hashes;
            case routes::Lane::provider:
                return &providers;
            case routes::Lane::read:
                break;
        }
        return nullptr;
    }

    bool serving() {
        const std::lock_guard<std::mutex> lock(stop_mutex);
        return !stop_begun;
    }

    /// On the caller's thread, behind the gates that requests from the network pass. False: there
    /// is no room, or it is the end, and `work()` has not run. What it throws goes through.
    template <class Work>
    bool run_here(routes::Lane lane, Work&& work) {
        if (!gate->enter()) return false;
        const CallGate::Leave leave_at_end(*gate);
        if (LanePool* const pool = pool_of(lane)) return pool->run_here(work);
        work();
        return true;
    }

    Answer begin_answer(const Request& request) {
        if (!gate->enter()) return refuse(request, overloaded);
        const CallGate::Leave leave_at_end(*gate);  // the lane depends on what the store holds
        std::optional<Answer> given;
        try {
            const routes::Lane lane = dispatcher.lane_of(request);
            if (run_here(lane, [&] { given.emplace(answer(request)); })) return std::move(*given);
        } catch (const std::bad_alloc&) {
        }
        return refuse(request, overloaded);
    }

    /// The rest of a long answer is made inside the gate, too.
    Response handle(const Request& request) {
        if (!gate->enter()) return refuse(request, overloaded);
        const CallGate::Leave leave_at_end(*gate);
        Answer given = begin_answer(request);
        if (!given.rest || request.method == "HEAD") return std::move(given.response);
        try {
            while (given.rest->append_piece(given.response.body)) continue;
        } catch (const std::exception&) {
            return refuse(request, overloaded);
        }
        return std::move(given.response);
    }

    // What else the host asks for. Failures of the store go to the log.
    template <class Fn>
    auto call(const char* failure, Fn&& fn) {
        if (!gate->enter()) throw unavailable();
        const CallGate::Leave leave_at_end(*gate);
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

    // What goes wrong with the new file is the caller's to know.
    Copied backup(const std::string& to, bool replace, const Progress& progress) {
        if (!gate->enter()) throw unavailable();
        const CallGate::Leave leave_at_end(*gate);
        data::refuse_own_files(options, store->name(), to);
        store->store_activity();
        return store->read([&](store::Connection& c) {
            const std::string key = options.secret_key.empty() ? backend.secret_key : std::string();
            return data::back_up(c, to, key, replace, progress);
        });
    }

    /// An operation with values; throws nothing but ApiError.
    template <class Operation>
    auto call(const Errand& errand, const Identity& identity, Operation&& operation) {
        using Result = decltype(operation(std::declval<routes::Call&>()));
        std::conditional_t<std::is_void_v<Result>, std::monostate, std::optional<Result>> result;
        const auto work = [&] {
            if constexpr (std::is_void_v<Result>)
                dispatcher.call(errand, identity, operation);
            else
                result = dispatcher.call(errand, identity, operation);
        };
        if (!run_here(errand.route.lane, work)) throw unavailable();
        if constexpr (!std::is_void_v<Result>) return std::move(*result);
    }

    Identity authenticate(std::string_view token) {
        if (!gate->enter()) throw unavailable();
        const CallGate::Leave leave_at_end(*gate);
        Identity identity;
        if (!run_here(dispatcher.lane_of_token(token),
                      [&] { identity = dispatcher.authenticate(token); }))
            throw unavailable();
        return identity;
    }

    bool may(const Identity& identity, Action action, std::string_view user) {
        bool allowed = false;
        const auto work = [&] { allowed = dispatcher.may(identity, action, user); };
        if (!run_here(routes::Lane::read, work)) throw unavailable();
        return allowed;
    }

    void require_test_data() const {
        if (!options.test_data) throw std::logic_error("only with Options::for_tests()");
    }

    void stop() noexcept {
        gate->shut();
        front.request_stop();
        provider_client.stop();
        std::unique_lock<std::mutex> lock(stop_mutex);
        if (!stop_begun) {
            stop_begun = true;
            try {
                // A thread of its own: the caller waits no longer than the deadline, whatever a
                // request under way still does.
                const SignalsBlocked quiet;
                closer = std::thread([this] { close(); });
            } catch (const std::exception&) {  // no thread or no memory to be had
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
        providers.stop();
        gate->wait_until_empty();
        if (events) events->close(options.deadlines.stop);
        store.reset();
        const std::lock_guard<std::mutex> lock(stop_mutex);
        closed = true;
        stopped.notify_all();
    }

    EventQueue* events_if_wanted() {
        if (options.on_event)
            events.emplace(
                options.on_event, options.limits.waiting_events,
                [this](const char* what, const std::string& reason) {
                    log.write({LogLevel::error, options.env.now(), what, {{"reason", reason}}});
                });
        return events ? &*events : nullptr;
    }

    const Options options;
    Log log;
    std::optional<EventQueue> events;
    std::optional<store::Store> store;
    ProviderClient provider_client;
    routes::ExternalLogin external_login;
    routes::Backend backend;
    Dispatcher dispatcher;
    LanePool writes;
    LanePool hashes;
    LanePool providers;
    const std::shared_ptr<CallGate> gate = std::make_shared<CallGate>();
    Front front;
    int port = 0;
    std::string url;

    std::mutex stop_mutex;
    std::condition_variable stopped;
    bool stop_begun = false;
    bool closed = false;
    std::thread closer;
};

}}}  // namespace coder_users::v0::server
