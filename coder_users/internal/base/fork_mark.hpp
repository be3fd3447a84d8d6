// Internal: may change at any time.
// Tells a process from its copies.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

namespace coder_users { inline namespace v0 {

/// Whether this process is a fork() of the one that made the mark. Any thread may ask, of either
/// process. Asking is a read of memory that the system wipes in the other process, since a system
/// call would be a large part of what a check of a token costs.
class ForkMark {
 public:
    ForkMark() noexcept {
        void* const page =
            ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED) return;
        if (::madvise(page, size, MADV_WIPEONFORK) != 0) {
            ::munmap(page, size);
            return;
        }
        mark_ = static_cast<char*>(page);
        *mark_ = 1;
    }
    ~ForkMark() {
        if (mark_) ::munmap(mark_, size);
    }
    ForkMark(const ForkMark&) = delete;
    ForkMark& operator=(const ForkMark&) = delete;

    bool is_copy() const noexcept { return mark_ ? *mark_ == 0 : ::getpid() != maker_; }

 private:
    static constexpr std::size_t size = 1;  // the system makes a page of it

    const pid_t maker_ = ::getpid();
    char* mark_ = nullptr;  ///< nullptr: the system has no such memory
};

}}  // namespace coder_users::v0
