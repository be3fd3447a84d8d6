// Internal: may change at any time.
// SQLite as the engine of a store: one writing connection, a pool of reading ones, and a cache of
// sessions, which is exact because one process owns the file.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/base/metrics.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/engine.hpp"
#include "coder_users/internal/store/key_cache.hpp"
#include "coder_users/internal/store/sqlite/connection.hpp"
#include "coder_users/internal/store/sqlite/database_file.hpp"
#include "coder_users/internal/store/sqlite/fair_mutex.hpp"
#include "coder_users/internal/store/sqlite/image.hpp"
#include "coder_users/internal/store/sqlite/integrity.hpp"
#include "coder_users/internal/store/sqlite/migrate.hpp"
#include "coder_users/internal/store/sqlite/reader_pool.hpp"
#include "coder_users/internal/store/sqlite/transaction.hpp"
#include "coder_users/internal/store/sqlite/tx.hpp"
#include "coder_users/internal/store/sqlite/writer.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace sqlite {

/// Owns the database file while it lives.
class Engine final : public store::Engine {
 public:
    explicit Engine(EngineHost host)
        : host_(std::move(host)),
          texts_([this] { return may_use_cache(); }),
          readers_(options().readers, options().long_turn, [this] { return new_reader(); }),
          sessions_(options().cached_sessions, options().cached_session_bytes) {
        try {
            begin();
        } catch (const std::exception& error) {
            if (lock_ && new_) delete_files();
            const std::string text = error.what();
            if (text.find(name_) != std::string::npos) throw std::runtime_error(text);
            throw std::runtime_error("cannot open " + name_ + ": " + text);
        }
    }

    /// Leaves no -wal file.
    ~Engine() override {
        const ReaderPool::Shut nobody_reads(readers_);
        writer_->close(damaged_);
        if (new_ && unwanted_) delete_files();
    }

    const std::string& name() const override { return name_; }
    bool in_memory() const override { return !lock_; }
    bool is_new() const override { return new_; }
    void discard() override { unwanted_ = true; }
    /// Closes the lock file, which a fork() of the owning process has, too.
    void let_go() noexcept override {
        if (lock_) lock_->let_go();
    }
    bool damaged() const noexcept override { return damaged_; }

    void read(Read fn) override {
        unless_damaged([&] {
            const Reading reading(readers_, in_memory() ? &memory_mutex_ : nullptr);
            store::Connection& connection = reading.connection();
            connection.shared_texts().begin();
            Transaction(connection, "BEGIN").run([&] { fn(connection); });
        });
    }
    LongReading begin_long_reading() override {
        return unless_damaged([&] { return readers_.begin_long(); });
    }
    void read(LongReading& reading, ReadOn fn) override {
        unless_damaged([&] { reading.use(fn); });
    }

    void write(Change fn, Need need) override {
        unless_damaged([&] { writer_->run([&](Tx& tx) { fn(tx); }, need); });
    }

    /// What another program changes counts within a second.
    CheckedKey find_checked_key(std::string_view key_id) override {
        if (auto kept = sessions_.on() && may_use_cache() ? sessions_.find(key_id) : nullptr) {
            cache_hits_.add();
            return kept;
        }
        cache_misses_.add();
        const std::uint64_t changes = sessions_.changes();
        std::optional<api_keys::CheckedKey> found;
        const auto look = [&](store::Connection& c) {
            found = api_keys::read_checked_key(c, key_id);
        };
        read(look);
        return found ? sessions_.keep(std::move(*found), changes) : nullptr;
    }

    /// The cache is exact here, too: before the transaction began, it was told of all earlier
    /// commits, those of other programs included; nobody else can write until it ends; and `tx`
    /// knows whom it has changed itself, in this change or in one before it.
    CheckedKey find_kept_key(const store::Tx& tx, std::string_view key_id) override {
        CheckedKey kept = sessions_.find(key_id);
        return kept && !tx.concerns(kept->identity.user->id) ? kept : nullptr;
    }

    bool wants_round() const override { return watch_.wanted(); }
    void begin_round() override {
        if (watch_.wanted() && !watch_.is_on()) watch_.begin(look_for_other_programs());
    }
    void end_round(bool wrote) override {
        watch_.end_round(wrote || (watch_.wanted() && look_for_other_programs()));
    }

    std::string image() override {
        std::string bytes;
        writer_->run_alone([&](Tx& tx) { bytes = tx.database().image(); });
        return bytes;
    }
    /// Throws std::invalid_argument as check_image_header().
    void replace_everything(const std::string& image, FunctionRef<void()> replaced) override {
        check_image_header(image, options().test_data);
        Database source(":memory:", opened::to_write | opened::in_memory);
        source.show(image);
        writer_->run_alone([&](Tx& tx) {
            const KeptTexts::Closed none_kept(texts_);
            source.copy_to(tx.database());
            replaced();  // before the cache drops its keys
        });
    }

    const Latencies& commit_times() const override { return writer_->groups().commit_times(); }
    const GroupSizes& group_sizes() const override { return writer_->groups().group_sizes(); }
    std::size_t waiting_writes() const override { return writer_->waiting(); }
    std::int64_t log_size() const override {
        struct stat log {};
        return in_memory() || ::stat((name_ + "-wal").c_str(), &log) != 0 ? 0 : log.st_size;
    }
    std::uint64_t cache_hits() const override { return cache_hits_.value(); }
    std::uint64_t cache_misses() const override { return cache_misses_.value(); }

 private:
    const StoreOptions& options() const { return host_.options; }

    bool may_use_cache() {
        if (damaged_) return false;
        if (in_memory()) return true;  // no other program can change it
        if (watch_.note_use() && !watch_.is_on()) host_.wake();
        return watch_.is_on();
    }

    // Begins a transaction, which finds out whether another program has changed something.
    bool look_for_other_programs() noexcept {
        try {
            const auto nothing = [](store::Tx&) {};
            write(nothing, Need::revocation);  // writes nothing, so a full disk is no bar
            return true;
        } catch (const std::exception&) {
            return false;  // as long as it is unknown, the cache is not used
        }
    }

    void begin() {
        std::unique_ptr<Tx> writer = open();
        const auto committed = [this](const Concerned& whom) {
            sessions_.forget(whom);
            if (whom.everybody) texts_.drop();
            readers_.end_overdue();
        };
        if (in_memory())
            writer_.emplace(std::move(writer), nullptr, "", readers_, &memory_mutex_, committed);
        else
            writer_.emplace(
                std::move(writer), [this] { return new_writer(); }, name_ + ".reserve", readers_,
                nullptr, committed);
    }

    std::unique_ptr<Tx> open() {
        constexpr int flags = opened::to_write | opened::or_made | opened::by_one_thread;
        name_ = options().database;
        if (name_ == ":memory:") {
            connection_name_ = "file:/coder_users_" + options().memory_name + "?vfs=memdb";
            flags_ = flags | opened::by_uri;
            auto writer = new_writer();
            migrate(*writer, options().test_data);
            return writer;
        }
        connection_name_ = name_ = absolute_path(name_);
        flags_ = flags | opened::through_no_link;
        const bool existed = take_database_file(name_, schema_version, options().test_data,
                                                lock_) == FileState::ours;
        new_ = !existed;
        make_private(name_);
        struct stat log {};
        const bool unclean = ::stat((name_ + "-wal").c_str(), &log) == 0 && log.st_size > 0;
        auto writer = new_writer();
        writer->database().checkpoint_on_close(false);  // a file that is refused stays unchanged
        if (existed && unclean) check_integrity(*writer, name_);
        if (existed && options().accept) options().accept(*writer, name_);
        // A new file gets its schema in one transaction with a rollback journal: so its header
        // shows what it is before a write-ahead log exists.
        migrate(*writer, options().test_data);
        writer->database().checkpoint_on_close(true);
        if (writer->first_text("PRAGMA journal_mode = WAL") != "wal")
            throw std::runtime_error("cannot switch to write-ahead logging");
        return writer;
    }

    static constexpr std::size_t recent_users_bytes = 512 << 10;  // of each reading connection

    // Nobody else can be using them, because the lock is held until they are gone.
    void delete_files() noexcept {
        for (const char* each : {"", "-wal", "-shm", "-journal", ".reserve", ".lock"})
            ::unlink((name_ + each).c_str());
    }

    std::unique_ptr<Tx> new_writer() {
        return std::make_unique<Tx>(connection_name_, flags_, host_.activity);
    }

    std::unique_ptr<store::Connection> new_reader() {
        auto connection = std::make_unique<Connection>(connection_name_, flags_, host_.activity);
        connection->run("PRAGMA query_only = ON");
        connection->run("PRAGMA wal_autocheckpoint = 0");  // only the writer checkpoints
        connection->recent_users().hold(recent_users_bytes);
        connection->shared_texts().share(texts_);
        return connection;
    }

    template <class Fn>
    auto unless_damaged(Fn&& fn) -> decltype(fn()) {
        if (damaged_) throw Damaged(name_ + " is damaged: restore it and start again");
        try {
            return fn();
        } catch (const Damaged& error) {
            damaged_ = true;
            throw Damaged(name_ + ": " + error.what());
        }
    }

    const EngineHost host_;
    std::string name_, connection_name_;
    int flags_ = 0;
    std::optional<OwnershipLock> lock_;
    bool new_ = false, unwanted_ = false;

    FairMutex memory_mutex_;
    std::atomic<bool> damaged_{false};
    KeptTexts texts_;
    ReaderPool readers_;
    KeyCache sessions_;
    Counter cache_hits_, cache_misses_;
    Watch watch_;
    std::optional<Writer> writer_;
};

}}}}  // namespace coder_users::v0::store::sqlite
