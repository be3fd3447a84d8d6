// Internal: may change at any time.
// The one writing connection, and how it recovers when the disk fails.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "coder_users/internal/store/sqlite/group_commit.hpp"
#include "coder_users/internal/store/sqlite/reader_pool.hpp"
#include "coder_users/internal/store/sqlite/reserve.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Any thread may call any member function except close().
class Writer {
 public:
    using Tx = sqlite::Tx;
    using Connect = std::function<std::unique_ptr<Tx>()>;
    using Change = GroupCommit::Change;

    /// `connect` opens the connection again; for a database in memory it is empty, and so is
    /// `reserve`, the path of the reserve. `exclusive`, unless nullptr, is held while changes run.
    /// `committed` is passed to GroupCommit.
    Writer(std::unique_ptr<Tx> tx, Connect connect, const std::string& reserve, ReaderPool& readers,
           FairMutex* exclusive, std::function<void(const Concerned&)> committed)
        : tx_(std::move(tx)),
          connect_(std::move(connect)),
          readers_(readers),
          committed_(std::move(committed)),
          reserve_(reserve),
          changes_([this](bool anew) -> Tx& { return ready(anew); }, exclusive, committed_) {}

    /// Runs `change` as GroupCommit::run() does. An essential change may run several times.
    void run(const Change& change, Need need) {
        const auto allowed = [&](bool yes) {
            if (!yes)
                throw DiskFull("the disk is full, what is left is for revocations and logins");
        };
        const Change unless_full = [&](Tx& tx) {
            allowed(reserve_.allows(need));  // it may have changed while this one waited
            change(tx);
        };
        for (int tries = Reserve::all_parts;; --tries) {
            allowed(reserve_.allows_by_now(need));
            const int parts = reserve_.parts();
            try {
                return changes_.run(unless_full);
            } catch (const DiskFull&) {
                if (tries == 0 || !reserve_.give_up(need, parts)) throw;
            }
        }
    }
    void run_alone(const Change& work) { changes_.run_alone(work); }
    std::size_t waiting() const { return changes_.waiting(); }
    const GroupCommit& groups() const { return changes_; }

    /// Closes the connection. If it is the last one, SQLite then writes the log into the file,
    /// unless `untouched`: then the file stays as it is.
    void close(bool untouched) {
        if (untouched && tx_) tx_->database().checkpoint_on_close(false);
        tx_.reset();
    }

 private:
    Tx& ready(bool anew) {
        if ((anew && connect_) || !tx_) reopen();
        // Restart the log before each change, so that it does not use up the reserve.
        if (!reserve_.allows(Need::ordinary)) checkpoint();
        return *tx_;
    }

    void checkpoint() {
        try {
            tx_->first_text("PRAGMA wal_checkpoint(PASSIVE)");
        } catch (const DiskFull&) {
            // the change may still fit into the log
        }
    }

    // After a failed sync the operating system may treat data as written that never reached the
    // disk. So everything since the last checkpoint is written and synced again before another
    // change is acknowledged.
    void reopen() {
        const ReaderPool::Shut nobody_reads(readers_);
        committed_({true});  // a change whose COMMIT failed may become visible now
        tx_.reset();
        auto tx = connect_();
        if (tx->first_text("PRAGMA wal_checkpoint(TRUNCATE)") != "0")
            throw Unavailable("the log cannot be emptied");
        tx_ = std::move(tx);
    }

    std::unique_ptr<Tx> tx_;
    const Connect connect_;
    ReaderPool& readers_;
    const std::function<void(const Concerned&)> committed_;
    Reserve reserve_;
    GroupCommit changes_;
};

}}}  // namespace coder_users::v0::store
