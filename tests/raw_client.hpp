// A small blocking HTTP client on raw loopback sockets: sends any bytes, reads one answer at a
// time, and never waits longer than its deadline.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coder_users_test {

bool ask_again(bool (*is_so)(const void*), const void* about, std::chrono::milliseconds deadline);

/// Checks the condition again and again until it is true; returns false when the deadline passes
/// first.
template <class Condition>
bool eventually(const Condition& condition,
                std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
    return ask_again(
        [](const void* about) -> bool { return (*static_cast<const Condition*>(about))(); },
        &condition, deadline);
}

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// The first value of a header, its name as it is written; `absent` when there is none.
std::string header_of(const HeaderList& headers, std::string_view name,
                      std::string_view absent = {});

/// What came back. A status of 0 means that no whole answer came before the end of the connection
/// or the deadline.
struct Answer {
    Answer();
    Answer(const Answer&);
    Answer(Answer&&) noexcept;
    Answer& operator=(const Answer&);
    Answer& operator=(Answer&&) noexcept;
    ~Answer();

    int status = 0;
    HeaderList headers;  ///< names in lower case, in the order received
    std::string body;

    /// The first value of a header (its name in lower case); "" when it is absent.
    std::string header(std::string_view name) const;
    std::vector<std::string> all(std::string_view name) const;
    bool has(std::string_view name) const;
};

struct ClientOptions {
    std::string host = "127.0.0.1";  ///< a numeric address, such as "::1"
    std::string source;              ///< the client's own address, such as "127.0.0.2"; "": any
    int receive_buffer = 0;          ///< SO_RCVBUF; 0: the system's choice
    /// Of every read and write. On a busy machine a good server may need seconds.
    std::chrono::milliseconds deadline{20'000};
};

/// One connection. Not for use by several threads at once.
class RawClient {
 public:
    /// Throws std::runtime_error when the connection cannot be made.
    explicit RawClient(int port);
    RawClient(int port, ClientOptions options);
    RawClient(RawClient&& other) noexcept;
    RawClient& operator=(RawClient&&) = delete;
    ~RawClient();

    /// False when the peer has closed or the deadline has passed; the rest is then not sent.
    bool send(std::string_view bytes);

    /// The next answer, 1xx ones included. An answer to HEAD has no body.
    Answer read(bool answers_head = false);
    Answer read_by(std::chrono::milliseconds deadline, bool answers_head = false);

    /// Whether the server has ended the connection (FIN or reset) with nothing left to read.
    bool at_end();
    bool at_end_by(std::chrono::milliseconds deadline);

    /// Whether that end was a reset.
    bool was_reset() const { return was_reset_; }

    /// Everything until the end of the connection or the deadline.
    std::string read_all();

    void half_close();
    /// Closes with RST instead of FIN.
    void reset();
    int fd() const { return fd_; }

 private:
    using Clock = std::chrono::steady_clock;

    void check(int result, const char* what);
    void set_option(int level, int name, int value);
    bool ready(short events, Clock::time_point end);
    /// Appends what arrives to `input_`. Returns false at the end of the connection or at the
    /// deadline.
    bool receive(Clock::time_point end);
    /// Returns the next line without its end. Returns false when none arrives.
    bool take_line(Clock::time_point end, std::string& line);
    /// False when the last chunk does not come, or a chunk is malformed.
    bool read_chunks(Clock::time_point end, std::string& body);

    ClientOptions options_;
    int fd_ = -1;
    bool ended_ = false, was_reset_ = false;
    std::string input_;
};

/// Makes the bytes of a request with Host and, where a body is possible, Content-Length.
std::string request_text(std::string_view method, std::string_view target);
std::string request_text(std::string_view method, std::string_view target,
                         const HeaderList& headers, std::string_view body = {});

/// Sends one request on a new connection.
Answer request(int port, std::string_view method, std::string_view target);
Answer request(int port, std::string_view method, std::string_view target,
               const HeaderList& headers, std::string_view body = {});

}  // namespace coder_users_test

// Tests use both often; raw_client.cpp instantiates them for all.
extern template class std::vector<std::string>;
extern template class std::vector<std::pair<std::string, std::string>>;
