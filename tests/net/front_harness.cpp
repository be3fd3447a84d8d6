#include "front_harness.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/net/front.hpp"

namespace front_test {

using coder_users::Answer;
using coder_users::Refusal;
using coder_users::Request;
using coder_users::Response;
using coder_users::Url;
using coder_users::net::Front;
using coder_users::net::FrontHandler;
using coder_users::net::LanePool;
using coder_users::net::Pending;

struct FrontHarness::Echo : FrontHandler {
    explicit Echo(const HarnessOptions& options)
        : lane(options.lane_width, options.lane_waiting),
          front(*this, options.limits, options.deadlines) {}

    struct Looked final : Pending {
        Looked(Echo& to, const Request& looked_at) : echo(to), request(looked_at) {
            if (coder_users::starts_with(request.target, "/lane")) lane = &echo.lane;
            if (coder_users::starts_with(request.target, "/look")) lane = &echo.looks;
        }
        bool moves_on() override {
            const bool moves =
                lane == &echo.looks && coder_users::starts_with(request.target, "/look/lane");
            if (moves) lane = &echo.lane;
            return moves;
        }
        Answer answer() noexcept override { return echo.answer(request); }
        Answer refuse(const Refusal& refusal) noexcept override {
            return echo.refuse(request, refusal);
        }
        Echo& echo;
        const Request& request;
    };

    std::unique_ptr<Pending> look(const Request& request, std::optional<Url>) override {
        return std::make_unique<Looked>(*this, request);
    }

    /// Makes pieces of 1,000 bytes. Piece `fails` and later ones cannot be made.
    struct Pieces final : coder_users::LongBody {
        Pieces(std::atomic<std::size_t>& alive, std::size_t count, std::size_t fails)
            : alive_(alive), left_(count), fails_(fails) {
            ++alive_;
        }
        ~Pieces() override { --alive_; }
        bool append_piece(std::string& out) override {
            if (fails_-- == 0) throw std::runtime_error("no more");
            out.append(1000, static_cast<char>('a' + left_ % 26));
            return --left_ > 0;
        }
        std::atomic<std::size_t>& alive_;
        std::size_t left_, fails_;
    };

    Answer answer(const Request& request) noexcept {
        const std::size_t before = answered++;
        const std::string& target = request.target;
        Response response{200, {{"Content-Type", "text/plain"}}, ""};
        if (coder_users::starts_with(target, "/big/")) {
            response.body.assign(std::strtoull(target.c_str() + 5, nullptr, 10), 'b');
        } else if (coder_users::starts_with(target, "/pieces/")) {
            char* end = nullptr;
            const std::size_t count = std::strtoull(target.c_str() + 8, &end, 10);
            const std::size_t fails = *end ? std::strtoull(end + 1, nullptr, 10) : count;
            response.body = "first ";
            return {std::move(response), std::make_unique<Pieces>(pieces, count, fails)};
        } else if (target == "/nth") {
            response.body = std::to_string(before);
        } else if (target == "/headers") {
            for (const auto& [name, value] : request.headers)
                if (name[0] == 'X') response.body += name + "=" + value + "\n";
        } else if (target == "/cookies") {
            response.headers.insert(response.headers.end(), {{"Set-Cookie", "a=1"},
                                                             {"X-Evil", "a\r\nX-Injected: b"},
                                                             {"Set-Cookie", "b=\xc3\xa9 2"}});
        } else if (target == "/204") {
            response = {204, {}, ""};
        } else if (target == "/404") {
            response.status = 404;
        } else {
            if (target == "/stop") front.request_stop();
            if (coder_users::ends_with(target, "/block")) wait_for_release();
            response.body = request.method + " " + target + " " +
                            std::to_string(request.body.size()) + " " + request.address + "\n";
        }
        return response;
    }

    Answer refuse(const Request&, const Refusal& refusal) noexcept override {
        std::string body = "{\"message\":\"" + std::string(refusal.message) + "\"";
        if (!refusal.detail.empty()) body += ",\"detail\":\"" + std::string(refusal.detail) + "\"";
        return Response{
            refusal.status, {{"Content-Type", "application/json; charset=utf-8"}}, body + "}\n"};
    }

    void wait_for_release() {
        std::unique_lock<std::mutex> lock(mutex);
        ++blocked;
        changed.wait(lock, [this] { return released; });
        --blocked;
    }

    std::atomic<std::size_t> answered{0}, blocked{0}, pieces{0};
    std::mutex mutex;
    std::condition_variable changed;
    bool released = false;
    LanePool lane;
    LanePool looks{2, 10};
    Front front;
};

FrontHarness::FrontHarness(const HarnessOptions& options) : echo_(std::make_unique<Echo>(options)) {
    echo_->front.bind(options.address, options.port);
    if (options.start) start();
}
FrontHarness::~FrontHarness() { release(); }

int FrontHarness::port() const { return echo_->front.port(); }
void FrontHarness::start() { echo_->front.start(); }
void FrontHarness::request_stop() { echo_->front.request_stop(); }
void FrontHarness::join() { echo_->front.join(); }

std::size_t FrontHarness::open_connections() const { return echo_->front.open_connections(); }
std::size_t FrontHarness::held_bytes() const { return echo_->front.held_bytes(); }
std::size_t FrontHarness::answered() const { return echo_->answered; }
std::size_t FrontHarness::long_bodies() const { return echo_->pieces; }
std::size_t FrontHarness::blocked() const { return echo_->blocked; }
std::size_t FrontHarness::waiting() const { return echo_->lane.waiting(); }
void FrontHarness::release() {
    const std::lock_guard<std::mutex> lock(echo_->mutex);
    echo_->released = true;
    echo_->changed.notify_all();
}

}  // namespace front_test
