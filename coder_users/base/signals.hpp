// Threads of a library inside somebody else's program: quiet about signals.
#pragma once

#include <signal.h>

#include <cerrno>
#include <ctime>
#include <initializer_list>

namespace coder_users { inline namespace v0 {

/// While one exists, threads made by this thread are born with signals blocked: a signal that the
/// host handles or waits for must not end up in a thread of ours.
class SignalsBlocked {
 public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        // What a thread does to itself is still reported as usual.
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

/// While one exists, no SIGPIPE ends the process because of what this thread writes: for libraries
/// that write to sockets on a thread of the host.
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
        if (!was_waiting_)  // one that waits now is ours
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
