// The command `test` of the demo server: a server for the tests of programs in any language, which
// ends with the program that has started it.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <stdexcept>
#include <string>

#include "coder_users/demo/seeding.hpp"
#include "coder_users/internal/base/file_descriptor.hpp"
#include "coder_users/test_server.hpp"

namespace demo {

/// What the flags of `test` say.
struct TestMode {
    coder_users::testing::TestServerOptions options = {};
    std::string seed_file;
    bool ignores_input = false;

    /// Serves until the standard input ends, or a signal comes.
    void run() {
        const FileDescriptor signals = blocked_signals();
        if (!seed_file.empty()) options.seed = content_of(seed_file);
        const coder_users::testing::TestServer server(options);
        std::cout << server.ready_line() << std::endl;
        if (!std::cout) throw std::runtime_error("cannot write the ready line");
        wait_for_end(signals.get());
    }

 private:
    using FileDescriptor = coder_users::FileDescriptor;

    // Before any thread exists, so that all threads inherit it.
    static FileDescriptor blocked_signals() {
        sigset_t signals;
        sigemptyset(&signals);
        for (const int each : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, each);
        pthread_sigmask(SIG_BLOCK, &signals, nullptr);
        ::signal(SIGPIPE, SIG_IGN);
        FileDescriptor file(::signalfd(-1, &signals, SFD_CLOEXEC));
        if (!file) throw std::runtime_error("cannot wait for signals");
        return file;
    }

    void wait_for_end(int signals) const {
        pollfd events[2] = {{signals, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        for (;;) {
            if (::poll(events, ignores_input ? 1 : 2, -1) < 0 && errno != EINTR) return;
            if (events[0].revents) return;
            char bytes[4096];
            if (events[1].revents && ::read(STDIN_FILENO, bytes, sizeof bytes) <= 0) return;
        }
    }
};

}  // namespace demo
