// A front whose handler echoes requests. It does not include httplib, so tests of the front compile
// fast.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "coder_users/api.hpp"

namespace front_test {

struct HarnessOptions {
    coder_users::Limits limits;
    coder_users::Deadlines deadlines;
    std::string address = "127.0.0.1";
    int port = 0;
    bool start = true;
    std::size_t lane_width = 1, lane_waiting = 2;
};

/// Targets, of any method: /big/<n> n bytes; /pieces/<n>/<m> "first " and n pieces of 1,000 bytes,
/// of which piece m (from 0) fails; /nth how many requests were answered before; /headers the X-
/// headers of the request; /cookies repeated headers and one with a line end in its value; /204,
/// /404; /stop stops the front from inside;
/// .../block waits for release(); /lane... runs in the lane. All others are echoed as
/// "<method> <target> <size of the body> <address>\n".
class FrontHarness {
 public:
    /// Throws as Front.
    explicit FrontHarness(const HarnessOptions& options = {});
    ~FrontHarness();

    int port() const;
    void start();
    void request_stop();
    void join();

    std::size_t open_connections() const;
    std::size_t held_bytes() const;
    std::size_t answered() const;     ///< calls of the handler, without refusals
    std::size_t long_bodies() const;  ///< long bodies that exist
    std::size_t blocked() const;      ///< handlers that wait for release()
    std::size_t waiting() const;      ///< requests that wait for the lane
    /// Releases all handlers that wait now or later.
    void release();

 private:
    struct Echo;
    std::unique_ptr<Echo> echo_;
};

}  // namespace front_test
