// Internal: may change at any time.
// Running: all parts of a service, made in the order of their needs and stopped in reverse.
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
#include "coder_users/internal/base/address.hpp"
#include "coder_users/internal/base/call_counter.hpp"
#include "coder_users/internal/base/log.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/signals.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/http/dispatch.hpp"
#include "coder_users/internal/http/routes.hpp"
#include "coder_users/internal/login/password.hpp"
#include "coder_users/internal/login/providers.hpp"
#include "coder_users/internal/login/session.hpp"
#include "coder_users/internal/net/front.hpp"
#include "coder_users/internal/net/lanes.hpp"
#include "coder_users/internal/net/request_head.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/operations/failures.hpp"
#include "coder_users/internal/operations/first_user.hpp"
#include "coder_users/internal/operations/request_ids.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/service/backup.hpp"
#include "coder_users/internal/service/backup_folder.hpp"
#include "coder_users/internal/service/check_options.hpp"
#include "coder_users/internal/service/host_sinks.hpp"
#include "coder_users/internal/service/lanes.hpp"
#include "coder_users/internal/service/looked.hpp"
#include "coder_users/internal/service/metrics.hpp"
#include "coder_users/internal/service/metrics_front.hpp"
#include "coder_users/internal/service/new_database.hpp"
#include "coder_users/internal/service/open_store.hpp"
#include "coder_users/internal/service/provider_client.hpp"
#include "coder_users/internal/service/scheduled_backups.hpp"
#include "coder_users/internal/service/secret_key.hpp"
#include "coder_users/internal/service/watched.hpp"
#include "coder_users/internal/store/deployment.hpp"
#include "coder_users/internal/store/store.hpp"
#include "coder_users/test_hooks.hpp"

namespace coder_users { inline namespace v0 { namespace service {

struct Running final : net::FrontHandler {
    explicit Running(Options chosen, bool listens)
        : options(with_defaults(std::move(chosen))),
          log(options.log),
          backup_folder(backup_folder_if_wanted()),
          sinks(options, log),
          store(std::in_place, served_store_options(options, log)),
          new_database(options, *store),
          provider_client(options.provider_ca_file),
          login_providers(options, provider_client),
          backend{options,
                  *store,
                  options.env.random,
                  options.env.now,
                  new_database.naming(
                      [&] { return data::secret_key(options, *store, options.env.random); }),
                  new_database.naming([&] { return deployment_id(*store, options.env.random); }),
                  sinks.events(),
                  parse_release(options.coder_version).value(),
                  options.env.now()},
          ids(backend.random),
          site{backend, login_providers, http::served_routes(options.disabled_routes),
               options.web_page ? http::page_routes() : std::vector<http::Route>()},
          dispatcher(site, log, ids),
          lanes(options, store->shared()),
          front(*this, options.limits, options.deadlines) {
        if (options.env.hooks) tests.emplace(options);
        backend.log = &log;
        backend.passcodes = sinks.passcodes();
        if (tests)
            backend.passcodes = &tests->passcodes.emplace(*options.env.hooks, sinks.passcodes());
        if (backup_folder && !store->in_memory())
            refuse_copies_of_another(*backup_folder, backend.deployment_id);
        if (listens) {
            front.bind(options.address, options.port);
            port = front.port();
            url = "http://" + authority(options.address, port);
        }
        name_port(options.access_url, port);
        if (options.metrics_port) serve_metrics();
        if (options.require_setup_code.value_or(listens && !front.on_loopback()))
            backend.setup_code = operations::new_setup_code(backend);
        if (listens) front.start();
        log.write({LogLevel::info,
                   backend.now(),
                   listens ? "listening" : "open",
                   {{"url", url}, {"database", store->name()}}});
        warn_of_clock(*store, log, backend.now());
        if (const std::string key_file = data::key_file_of(options, store->name());
            options.secret_key.empty() && data::is_open_to_others(key_file))
            log.write({LogLevel::warning,
                       backend.now(),
                       "others can read the key file",
                       {{"file", key_file}}});
        if (backup_folder) backups.emplace(*backup_folder, options, backup_work(), log);
        if (metrics_front) metrics_front->start();  // its answers look at the backups
        new_database.keep();
    }

    ~Running() override {
        stop();
        if (closer.joinable()) closer.join();
    }

    std::unique_ptr<net::Pending> look(const Request& request, std::optional<Url> parsed) override {
        if (!parsed) return std::make_unique<Refused>(dispatcher, request, url_not_valid);
        if (tests) return look_in_tests(*this, request, std::move(*parsed));
        return std::make_unique<Looked>(dispatcher, lanes, request, std::move(*parsed),
                                        lanes.looks ? &*lanes.looks : nullptr);
    }

    Answer refuse(const Request& request, const Refusal& refusal) noexcept override {
        return dispatcher.refuse(request, refusal);
    }

    void end_overdue() override {
        lanes.end_overdue();
        if (tests) tests->control.end_overdue();
    }

    void note_mounted(const std::string& prefix) {
        const std::lock_guard<std::mutex> lock(stop_mutex);
        mounted_prefix = prefix;
    }
    /// Where the page that is mounted beside it finds the API. Throws std::logic_error before
    /// mount().
    std::string api_of_page() {
        if (!options.web_page)
            throw std::logic_error("coder_users: mount_page() without Options::web_page");
        const std::lock_guard<std::mutex> lock(stop_mutex);
        if (mounted_prefix.empty())
            throw std::logic_error("coder_users: mount_page() before mount()");
        return mounted_prefix;
    }

    bool serving() {
        const std::lock_guard<std::mutex> lock(stop_mutex);
        return !stop_begun;
    }

    /// Runs `work()` on the calling thread, in the lane of requests of the same kind. Returns false
    /// without running it when the lane is full, its turn does not come in time, or the service has
    /// stopped. Exceptions of `work()` pass. `holder`: of whose share of the lane it is; "": of
    /// nobody's.
    template <class Work>
    bool run_here(net::LanePool* pool, Work&& work, const std::string& holder = {}) {
        if (!calls->enter()) return false;
        const CallCounter::Leave leave_at_end(*calls);
        if (pool) return pool->run_here(work, holder);
        work();
        return true;
    }

    /// Answers on the calling thread, when the turn of the request comes in its lane.
    template <class Pending>
    Answer answer_here(Pending& pending) {
        std::optional<Answer> given;
        const auto answer = [&] { given.emplace(pending.answer()); };
        if (run_here(pending.lane, answer, pending.holder)) return std::move(*given);
        return pending.refuse(overloaded);
    }

    /// `parsed` is the URL of the request, if the caller has parsed it.
    Answer begin_answer(const Request& request, std::optional<Url> parsed = std::nullopt) {
        if (!calls->enter()) return refuse(request, overloaded);
        const CallCounter::Leave leave_at_end(*calls);  // look() below reads the store
        try {
            if (parsed && net::line_is_too_long(request, net::FramingLimits()))
                return refuse(request, line_too_long);
            if (!parsed)
                if (const auto refusal = net::check_request(request, net::FramingLimits(), parsed))
                    return refuse(request, *refusal);
            if (tests) return answer_here(*look_in_tests(*this, request, std::move(*parsed)));
            Looked looked(dispatcher, lanes, request, std::move(*parsed));
            return answer_here(looked);
        } catch (const std::bad_alloc&) {
        }
        return refuse(request, overloaded);
    }

    /// Counts as a call until the rest of a long answer is made.
    Response handle(const Request& request) {
        if (!calls->enter()) return whole_response(refuse(request, overloaded));
        const CallCounter::Leave leave_at_end(*calls);
        Answer given = begin_answer(request);
        if (!given.rest || request.method == "HEAD") return whole_response(std::move(given));
        try {
            while (given.rest->append_piece(given.response.body)) continue;
        } catch (const std::exception&) {
            return whole_response(refuse(request, overloaded));
        }
        return whole_response(std::move(given));
    }

    // Runs what the host asks for besides operations. Failures of the store are logged and become
    // 503.
    template <class Fn>
    auto call(const char* failure, Fn&& fn) {
        if (!calls->enter()) throw unavailable();
        const CallCounter::Leave leave_at_end(*calls);
        try {
            return fn();
        } catch (const ApiError&) {
            throw;
        } catch (const LineError&) {
            throw;
        } catch (const std::invalid_argument&) {  // the host chose the value
            throw;
        } catch (const std::exception& error) {
            log.write_failure(
                {LogLevel::error, backend.now(), failure, {{"reason", error.what()}}});
            throw unavailable();
        }
    }

    /// Calls `check`, unless it is empty, before the copy gets its name; what it throws ends the
    /// copy. Throws errors of the new file as they are, because the host chose it.
    Copied backup(const std::string& to, bool replace, const Progress& progress,
                  const std::function<void(const Copied&)>& check = {}) {
        if (!calls->enter()) throw unavailable();
        const CallCounter::Leave leave_at_end(*calls);
        data::refuse_own_files(options, store->name(), to);
        store->store_activity();
        data::NewCopy copy(to, options.secret_key.empty() ? backend.secret_key : "", replace);
        store->read([&](store::Connection& c) { copy.write(c, progress); });
        if (check) check(copy.unpublished());
        return copy.publish();
    }

    /// Runs an operation for a caller in the process: `run(const Acting&)`, after its session and
    /// the scope of its key were checked. `user` names the user that it is about; "" means nobody.
    /// Throws nothing but ApiError.
    /// `holder` is that of run_here().
    template <class Run>
    auto call(const operations::Operation& about, const Identity& identity, std::string_view user,
              Run&& run, const std::string& holder = {}) {
        using Result = decltype(run(std::declval<const operations::Acting&>()));
        std::conditional_t<std::is_void_v<Result>, std::monostate, std::optional<Result>> result;
        const auto work = [&] {
            const std::string id = ids.next();
            operations::Acting acting{backend, backend.now(), id};
            operations::refusing(log, acting.now, id, [&] {
                if (!about.open()) {
                    acting.actor = login::current_identity(backend, shared(identity), acting.now);
                    operations::refuse_narrow_key(about, *acting.actor, user);
                }
                try {
                    if constexpr (std::is_void_v<Result>)
                        run(acting);
                    else
                        result = run(acting);
                } catch (const ApiError& error) {
                    throw operations::as_of(about.answered_as(backend.release), about.id(), error);
                }
            });
        };
        if (!run_here(lanes.pool_of(about.lane()), work, holder)) throw unavailable();
        if constexpr (!std::is_void_v<Result>) return std::move(*result);
    }

    /// Returns what `work(now)` returns, run in a lane. Throws nothing but ApiError.
    template <class Work>
    auto ask(operations::Lane lane, Work&& work) {
        if (!calls->enter()) throw unavailable();
        const CallCounter::Leave leave_at_end(*calls);
        const auto ask_now = [&] {
            const Time now = backend.now();
            const auto id = [&] { return ids.next(); };  // only the log of a failure shows it
            return operations::refusing(log, now, id, [&] { return work(now); });
        };
        net::LanePool* const pool = lanes.pool_of(lane);
        if (!pool) return ask_now();
        std::optional<decltype(ask_now())> result;
        if (!pool->run_here([&] { result.emplace(ask_now()); })) throw unavailable();
        return std::move(*result);
    }

    LoggedIn log_in(const login::Credentials& presented, const LoginOrigin& origin) {
        const operations::Operation& about = login::about::log_in;
        const std::string client = counted_address(origin.address);
        if (!client.empty())
            ask(operations::Lane::read, [&](Time now) {
                dispatcher.gates().count_call(*http::find_route(about.id()), client, now);
                return true;
            });
        return call(
            about, {}, "",
            [&](operations::Acting acting) {
                acting.address = origin.address;
                acting.user_agent = kept_user_agent(origin.user_agent);
                return login::log_in(acting, presented);
            },
            client);
    }

    Identity authenticate(std::string_view token) {
        if (!calls->enter()) throw unavailable();
        const CallCounter::Leave leave_at_end(*calls);
        const auto deadline =
            login::after(std::chrono::steady_clock::now(), options.deadlines.provider);
        const bool waits = dispatcher.gates().waits_for_provider(token, backend.now());
        return ask(waits ? operations::Lane::provider : operations::Lane::read, [&](Time now) {
            const auto signed_in = login::sign_in(
                backend, login_providers, login::check_token(backend, token, now), now, deadline);
            return Identity{*signed_in->user, signed_in->key};
        });
    }

    /// Whether `allows(const Acting&)` says yes for the identity as it is now.
    template <class Allows>
    bool is_allowed(const Identity& identity, Allows&& allows) {
        return ask(operations::Lane::read, [&](Time now) {
            try {
                operations::Acting acting{backend, now};
                acting.actor = login::current_identity(backend, shared(identity), now);
                return allows(acting);
            } catch (const ApiError&) {
                return false;  // the session has ended, or there is no such user
            }
        });
    }

    /// Throws std::invalid_argument when it is no release of Coder.
    void answer_as(const std::string& coder_version) {
        require_test_data();
        const auto release = parse_release(coder_version);
        if (!release) throw std::invalid_argument(bad_release);
        backend.release = *release;
    }

    /// Throws ApiError with status 503 when the store fails, and after stop().
    std::string metrics() {
        return call("metrics failed", [&] {
            return metrics_text({*store, dispatcher.metrics(), lanes.named(),
                                 backups ? &*backups : nullptr, front.open_connections(),
                                 to_text(backend.release), backend.now()});
        });
    }

    void serve_metrics() {
        metrics_front.emplace(options.metrics_address, *options.metrics_port,
                              [this] { return metrics(); });
        metrics_url =
            "http://" + authority(options.metrics_address, metrics_front->port()) + "/metrics";
    }

    void require_test_data() const {
        if (!options.test_data) throw std::logic_error("only with Options::for_tests()");
    }

    /// Waits for a test that wants an answer to come late, or until the service stops.
    void delay(std::chrono::milliseconds latency) {
        std::unique_lock<std::mutex> lock(stop_mutex);
        tests->stops.wait_for(lock, latency, [&] { return stop_begun; });
    }

    void stop() noexcept {
        if (backups) backups->request_stop();
        calls->shut();
        front.request_stop();
        if (metrics_front) metrics_front->request_stop();
        provider_client.stop();
        std::unique_lock<std::mutex> lock(stop_mutex);
        if (!stop_begun) {
            stop_begun = true;
            if (tests) tests->stops.notify_all();
            try {
                // On a thread of its own, because a running request may take longer than the caller
                // of stop() has to wait.
                const SignalsBlocked quiet;
                closer = std::thread([this] { close(); });
            } catch (const std::exception&) {  // no memory for a thread
                lock.unlock();
                close();
                lock.lock();
            }
        }
        stopped.wait_for(lock, options.deadlines.stop, [&] { return closed; });
    }

    /// In a process that is a fork() of the one that serves: gives back what would keep port and
    /// file occupied after the other has ended. Touches nothing else, and is never destroyed.
    void let_go() noexcept {
        front.let_go();
        if (metrics_front) metrics_front->let_go();
        store->let_go();
    }

    void close() {
        front.join();
        if (metrics_front) metrics_front->join();
        lanes.stop();
        if (tests) tests->stop();
        calls->wait_until_empty();
        if (backups) backups->close();
        const auto end = std::chrono::steady_clock::now() + options.deadlines.stop;
        sinks.close(end);
        store.reset();
        log.write({LogLevel::info, options.env.now(), "stopped", {}});
        const std::lock_guard<std::mutex> lock(stop_mutex);
        closed = true;
        stopped.notify_all();
    }

    std::optional<BackupFolder> backup_folder_if_wanted() const {
        if (options.backup_dir.empty()) return std::nullopt;
        return BackupFolder(options.backup_dir, options.database);
    }

    BackupWork backup_work() {
        const auto verify = [this](const Copied& copied) { data::verify_copy(options, copied); };
        return {backend.now,
                [this, verify](const std::string& to, const Progress& progress) {
                    return backup(to, false, progress, verify);
                },
                verify};
    }

    Options options;  ///< complete when the front starts; never changed after that
    Log log;
    const std::optional<BackupFolder> backup_folder;
    HostSinks sinks;
    std::optional<store::Store> store;
    NewDatabase new_database;
    ProviderClient provider_client;
    login::Providers login_providers;
    operations::Backend backend;
    operations::RequestIds ids;
    http::Site site;
    http::Dispatcher dispatcher;
    Lanes lanes;
    std::optional<TestParts> tests;  ///< empty in servers that are not for tests
    const std::shared_ptr<CallCounter> calls = std::make_shared<CallCounter>();
    net::Front front;
    int port = 0;
    std::string url;
    std::optional<ScheduledBackups> backups;
    std::optional<MetricsFront> metrics_front;
    std::string metrics_url;     ///< "": they are not served
    std::string mounted_prefix;  ///< of the last mount(); "" before it. Guarded by stop_mutex.

    std::mutex stop_mutex;
    std::condition_variable stopped;
    bool stop_begun = false;
    bool closed = false;
    std::thread closer;
};

}}}  // namespace coder_users::v0::service
