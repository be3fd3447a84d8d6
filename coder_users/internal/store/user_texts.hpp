// Internal: may change at any time.
// The names and addresses of all live users in memory, for searches that look at everybody.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/function_ref.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Whether a look for bytes finds what LIKE finds, in this text or of this text. LIKE compares code
/// points, the last two of U+FFFD to U+FFFF as if they were the first, folds ASCII letters and ends
/// at a NUL.
inline bool compares_by_bytes(std::string_view text) {
    while (!text.empty()) {
        if (is_upper(text.front())) return false;
        const auto code_point = take_code_point(text);
        if (code_point <= 0 || (code_point >= 0xFFFD && code_point <= 0xFFFF)) return false;
    }
    return true;
}

/// The folded name and address of each live user, in the order of names, as one state of the
/// database has them. Once all users are added, threads may look at the same time.
class UserTexts {
 public:
    /// How many users have a text, and the rows of the first of them, in the order of names.
    struct Found {
        std::int64_t count = 0;
        std::vector<std::int64_t> rows = {};
    };

    /// Takes room for `most_bytes` at once: the system gives memory only for what is written, and
    /// nothing is copied and left behind as it grows.
    explicit UserTexts(std::size_t most_bytes = 32 << 20) : most_bytes_(most_bytes) {
        texts_.reserve(most_bytes);
        users_.reserve(most_bytes / sizeof(Entry));
    }

    /// Adds a user whose name comes after all others; `row` is what Dialect::row_of_user says.
    /// Returns false when the texts cannot be looked at by bytes, or do not fit; then this is of no
    /// use any more.
    bool add(std::string_view name, std::string_view email, std::int64_t row) {
        using Row = decltype(Entry::row);
        constexpr std::size_t longest_name =
            (std::numeric_limits<decltype(Entry::name_size)>::max)();
        constexpr std::size_t beside = 2 * sizeof separator + sizeof(Entry);
        if (name.size() > longest_name || row < 0 ||
            row > std::int64_t{(std::numeric_limits<Row>::max)()} ||
            bytes() + name.size() + email.size() + beside > most_bytes_ ||
            !compares_by_bytes(name) || !compares_by_bytes(email))
            return false;
        const std::size_t begin = texts_.size();
        // Most addresses begin with the name, which need not be there twice then.
        if (!starts_with(email, name)) texts_.append(name) += separator;
        texts_.append(email) += separator;
        for (std::size_t at = begin; at < texts_.size(); ++at) ++held_[byte(texts_[at])];
        users_.push_back({static_cast<std::uint32_t>(texts_.size()), static_cast<Row>(row),
                          static_cast<std::uint16_t>(name.size())});
        return true;
    }

    std::size_t bytes() const { return texts_.size() + users_.size() * sizeof(Entry); }

    /// Looks at everybody; returns at most `most` rows. `part` compares by bytes and is not
    /// empty, here and below.
    Found find(std::string_view part, std::size_t most) const {
        Found found;
        each_with(part, 0, [&](std::size_t user) {
            if (found.rows.size() < most) found.rows.push_back(users_[user].row);
            ++found.count;
            return true;
        });
        return found;
    }

    /// The rows of `limit` users with the text whose names come after `name`, without the first
    /// `skipped`.
    std::vector<std::int64_t> page(std::string_view part, std::string_view name,
                                   std::int64_t skipped, std::size_t limit) const {
        std::vector<std::int64_t> rows;
        each_with(part, first_after(name), [&](std::size_t user) {
            if (--skipped < 0) rows.push_back(users_[user].row);
            return rows.size() < limit;
        });
        return rows;
    }

 private:
    static constexpr char separator = '\0';  // no text holds it, as compares_by_bytes() says

    struct Entry {
        std::uint32_t end;  // of the texts, which begin where those of the user before end
        std::uint32_t row;
        std::uint16_t name_size;  // of the name, with which the texts begin
    };

    /// Places in a text that is looked for: those of the bytes that the users' texts hold least
    /// often. Few of the places where the rarest stands need a closer look, and the other one
    /// spares that mostly.
    struct Rare {
        std::size_t first, second;
    };

    static unsigned char byte(char c) { return static_cast<unsigned char>(c); }

    Rare rare_in(std::string_view part) const {
        Rare rare{0, part.size() - 1};
        const auto held = [&](std::size_t at) { return held_[byte(part[at])]; };
        for (std::size_t at = 0; at < part.size(); ++at)
            if (held(at) < held(rare.first)) rare.first = at;
        if (rare.second == rare.first) rare.second = 0;
        for (std::size_t at = 0; at < part.size(); ++at)
            if (at != rare.first && held(at) < held(rare.second)) rare.second = at;
        return rare;
    }

    /// Calls `see(user)` with the place of each user who has the text, from the user at `first` on,
    /// until it returns false.
    template <class See>
    void each_with(std::string_view part, std::size_t first, See&& see) const {
        const Rare rare = rare_in(part);
        std::size_t user = first;
        std::size_t from = begin_of(user);
        for (;;) {
            const std::size_t found = texts_.find(part[rare.first], from + rare.first);
            if (found == std::string::npos) return;
            from = found - rare.first;
            if (texts_.size() - from < part.size()) return;
            if (texts_[from + rare.second] != part[rare.second] ||
                texts_.compare(from, part.size(), part) != 0) {
                ++from;
                continue;
            }
            user = user_at(from, user);
            if (!see(user)) return;
            from = users_[user++].end;
        }
    }

    std::size_t begin_of(std::size_t user) const { return user == 0 ? 0 : users_[user - 1].end; }

    /// The user who has the byte at `at`: the one at `user` or later, mostly soon.
    std::size_t user_at(std::size_t at, std::size_t user) const {
        std::size_t end = user;
        for (std::size_t step = 1; end < users_.size() && users_[end].end <= at; step *= 2) {
            user = end + 1;
            end += step;
        }
        const auto begin = users_.begin();
        const auto found = std::upper_bound(
            begin + static_cast<std::ptrdiff_t>(user),
            begin + static_cast<std::ptrdiff_t>((std::min)(end, users_.size())), at,
            [](std::size_t place, const Entry& each) { return place < each.end; });
        return static_cast<std::size_t>(found - begin);
    }

    std::size_t first_after(std::string_view name) const {
        std::size_t low = 0, high = users_.size();
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            const bool after = texts_.compare(begin_of(middle), users_[middle].name_size, name) > 0;
            (after ? high : low) = after ? middle : middle + 1;
        }
        return low;
    }

    const std::size_t most_bytes_;
    std::string texts_;
    std::vector<Entry> users_;
    std::array<std::size_t, 256> held_{};  // how often the texts hold each byte
};

/// The texts of the last state that searches wanted, shared by all readers. A state is known by a
/// number that the database holds and that each change of texts raises (counters::user_texts). Any
/// thread may call any function.
class KeptTexts {
 public:
    using Texts = Shared<UserTexts>;

    /// A state as a reader sees it.
    struct State {
        std::uint64_t drops;  ///< what drops() was before the transaction of the reader began
        std::int64_t number;

        bool operator==(const State& other) const {
            return drops == other.drops && number == other.number;
        }
    };

    /// `usable` says whether somebody looks for other programs that change the database, since they
    /// may not raise the number.
    explicit KeptTexts(std::function<bool()> usable) : usable_(std::move(usable)) {}

    bool usable() const { return usable_(); }
    std::uint64_t drops() const { return drops_; }

    /// Returns nullptr when the texts of that state are not kept.
    Texts find(const State& state) const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return state_ == state ? texts_ : nullptr;
    }

    /// Call it for a search that needs texts which find() did not find. Makes them by `read()` and
    /// returns them, when the search before needed the same: then changes are rarer than searches.
    /// Else returns nullptr, and so it does while another thread makes some. After `read()` has
    /// returned nullptr, or has met the end of the memory, so it does for a while, too: for twice
    /// as many searches each time, 1,023 at most.
    Texts make(const State& state, FunctionRef<Texts()> read) {
        if (!begin_making(state)) return nullptr;
        Texts made;
        try {
            made = read();
        } catch (const std::bad_alloc&) {
            // the database finds them as well
        } catch (...) {
            end_making();
            throw;
        }
        end_making(state, made);
        return made;
    }

    /// Drops the texts, and what is made of states that readers see by now.
    void drop() noexcept {
        Texts dropped;  // freed after the lock
        const std::lock_guard<std::mutex> lock(mutex_);
        drop_locked(dropped);
    }

    /// While one exists, nothing is kept: the database is replaced, whose number may be the same.
    class Closed {
     public:
        explicit Closed(KeptTexts& kept) : kept_(kept) { kept_.close(true); }
        Closed(const Closed&) = delete;
        Closed& operator=(const Closed&) = delete;
        ~Closed() { kept_.close(false); }

     private:
        KeptTexts& kept_;
    };

 private:
    static constexpr int longest_pause = 1023;

    bool begin_making(const State& state) {
        Texts dropped;
        const std::lock_guard<std::mutex> lock(mutex_);
        const bool again = wanted_ == state;
        wanted_ = state;
        if (!again || making_ || closed_) return false;
        if (paused_ < pause_) {
            ++paused_;
            return false;
        }
        dropped.swap(texts_);  // two at once would be twice as much memory
        state_.reset();
        return making_ = true;
    }
    void end_making() {
        const std::lock_guard<std::mutex> lock(mutex_);
        making_ = false;
    }
    void end_making(const State& state, const Texts& made) {
        const std::lock_guard<std::mutex> lock(mutex_);
        making_ = false;
        paused_ = 0;
        pause_ = made ? 0 : (std::min)(2 * pause_ + 1, longest_pause);
        if (!made || state.drops != drops_) return;
        state_ = state;
        texts_ = made;
    }
    void close(bool closed) {
        Texts dropped;
        const std::lock_guard<std::mutex> lock(mutex_);
        closed_ = closed;
        drop_locked(dropped);
    }
    void drop_locked(Texts& dropped) noexcept {
        ++drops_;
        dropped.swap(texts_);
        state_.reset();
    }

    const std::function<bool()> usable_;
    std::atomic<std::uint64_t> drops_{0};  // changed under the lock, read by every transaction
    mutable std::mutex mutex_;
    std::optional<State> state_;  // that of texts_
    Texts texts_;
    std::optional<State> wanted_;  // by the search that needed texts last
    int pause_ = 0, paused_ = 0;   // how many searches it lasts, and how many came already
    bool making_ = false, closed_ = false;
};

/// What a connection uses of the kept texts: nothing, unless it only reads and its engine shares
/// them with it. One thread at a time.
class SharedTexts {
 public:
    /// `kept` must outlive the connection.
    void share(KeptTexts& kept) {
        kept_ = &kept;
        begin();
    }
    /// Call it before each transaction.
    void begin() {
        if (kept_) drops_ = kept_->drops();
    }

    bool usable() const { return kept_ && kept_->usable(); }
    /// The state that the transaction sees, for KeptTexts.
    KeptTexts::State state(std::int64_t number) const { return {drops_, number}; }
    KeptTexts& kept() const { return *kept_; }

 private:
    KeptTexts* kept_ = nullptr;
    std::uint64_t drops_ = 0;
};

}}}  // namespace coder_users::v0::store
