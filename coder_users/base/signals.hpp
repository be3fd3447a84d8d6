// Threads of a library inside somebody else's program: quiet about signals.
#pragma once

#include <signal.h>

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

}}  // namespace coder_users::v0
