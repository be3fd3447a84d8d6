// The npm package oidc-provider as a child process.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "coder_users/internal/base/file_descriptor.hpp"

namespace coder_users_test {

/// Whether there is no Node to run it; the test that asks is then skipped.
bool no_node();

/// Runs from its construction to its destruction on one port, and ends with this process.
class RealProvider {
 public:
    /// Arguments of oidc_provider.mjs. Throws std::runtime_error when it does not start.
    explicit RealProvider(std::vector<std::string> arguments);
    ~RealProvider();
    RealProvider(const RealProvider&) = delete;
    RealProvider& operator=(const RealProvider&) = delete;

    int port() const { return port_; }
    std::string issuer() const { return "http://127.0.0.1:" + std::to_string(port_); }

    /// A new process with new keys and without memory, on the same port.
    void restart();

 private:
    void start();
    void stop();

    std::vector<std::string> arguments_;
    // Ours over all its processes, so that nobody else gets the port between two of them.
    coder_users::FileDescriptor listener_;
    int port_, input_ = -1;
    pid_t process_ = 0;
};

}  // namespace coder_users_test
