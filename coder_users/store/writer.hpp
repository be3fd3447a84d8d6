// The one connection that changes things, and what is done when the disk under it fails.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "coder_users/store/group_commit.hpp"
#include "coder_users/store/reader_pool.hpp"
#include "coder_users/store/reserve.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// All member functions but close() may be called from any thread at once.
class Writer {
 public:
    using Connect = std::function<std::unique_ptr<Tx>()>;
    using Change = GroupCommit::Change;

    /// `connect` makes the connection anew; of a database in memory it is empty, and so is the path
    /// of the reserve. `exclusive`, if any, is held while changes run.
    /// `committed` is GroupCommit's.
    Writer(std::unique_ptr<Tx> tx, Connect connect, const std::string& reserve, ReaderPool& readers,
           FairMutex* exclusive, std::function<void(const Concerned&)> committed)
        : tx_(std::move(tx)),
          connect_(std::move(connect)),
          readers_(readers),
          committed_(std::move(committed)),
          reserve_(reserve),
          changes_([this](bool anew) -> Tx& { return ready(anew); }, exclusive, committed_) {}

    /// Runs `change` as GroupCommit::run() does. An essential one may be run twice.
    void run(const Change& change, Need need) {
        if (need == Need::ordinary && !reserve_.held())
            throw DiskFull("the disk is full, what is left is for logins and revocations");
        try {
            changes_.run(change);
        } catch (const DiskFull&) {
            if (need == Need::ordinary) throw;
            reserve_.release();
            changes_.run(change);
        }
    }
    void run_alone(const Change& work) { changes_.run_alone(work); }
    std::size_t waiting() const { return changes_.waiting(); }

    /// Closes the connection, which as the last one moves the log into the file, unless the file is
    /// to stay as it is.
    void close(bool untouched) {
        if (untouched && tx_) tx_->checkpoint_on_close(false);
        tx_.reset();
    }

 private:
    Tx& ready(bool anew) {
        if ((anew && connect_) || !tx_) reopen();
        // The log begins anew each time, so that it does not eat up the reserve.
        if (reserve_.is_out()) checkpoint();
        return *tx_;
    }

    void checkpoint() {
        try {
            tx_->first_text("PRAGMA wal_checkpoint(PASSIVE)");
        } catch (const DiskFull&) {
            // the change that follows may still find room in the log
        }
    }

    // After a failed sync the system may take for clean what never reached the disk. Everything
    // since the last checkpoint is written and synced again before any change is acknowledged.
    void reopen() {
        const ReaderPool::Shut nobody_reads(readers_);
        committed_({true});  // a change whose COMMIT failed may show from here on
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
