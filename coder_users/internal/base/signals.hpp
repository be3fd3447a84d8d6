// Internal: may change at any time.
// Keeps signals of the host away from the library's threads, and SIGPIPE away from the host.
#pragma once

#include <signal.h>

#include <cerrno>
#include <ctime>
#include <initializer_list>

namespace coder_users { inline namespace v0 {

/// While one exists, threads that this thread starts have signals blocked, so that a signal which
/// the host handles or waits for is never delivered to one of ours.
class SignalsBlocked {
 public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        // Faults of the thread itself are reported as usual.
        for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF})
            ::sigdelset(&all, own);
        ::pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
    sigset_t before_;
};

/// While one exists, a write to a closed socket by this thread does not end the process with
/// SIGPIPE. For libraries that write to sockets on a thread of the host.
class NoSigpipe {
 public:
    NoSigpipe() {
        sigset_t waiting;
        ::sigpending(&waiting);
        was_waiting_ = ::sigismember(&waiting, SIGPIPE) == 1;
        ::sigemptyset(&pipe_);
        ::sigaddset(&pipe_, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~NoSigpipe() {
        const timespec at_once{0, 0};
        if (!was_waiting_)  // none was pending before, so this write caused it
            while (::sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) continue;
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    NoSigpipe(const NoSigpipe&) = delete;
    NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
    sigset_t pipe_, before_;
    bool was_waiting_;
};

}}  // namespace coder_users::v0
