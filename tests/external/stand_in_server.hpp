// A small HTTP server inside the test process that answers as badly as a test wants.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "raw_client.hpp"

namespace coder_users_test {

/// `name=value` pairs joined by `&`, decoded. Of a repeated name the first counts.
std::map<std::string, std::string> parse_form(const std::string& text);

/// The form encoding of one text.
std::string form_encoded(const std::string& text);

struct SeenRequest {
    std::string method, path;
    std::map<std::string, std::string> query, form;
    std::map<std::string, std::string> headers;  ///< names in lower case
};

struct Reply {
    enum class Pace { whole, byte_by_byte, never };

    int status = 200;
    std::string body = {};
    HeaderList headers = {};  ///< Content-Type is JSON's unless it is here
    Pace pace = Pace::whole;
};

/// Serves on a loopback port from its construction to its destruction, each connection on a thread
/// of its own and for one request.
class StandInServer {
 public:
    using Handler = std::function<Reply(const SeenRequest&)>;

    /// The handler is called by several threads at once. With a certificate and its key (PEM) the
    /// server speaks TLS.
    explicit StandInServer(Handler handler, const std::string& certificate = "",
                           const std::string& key = "");
    ~StandInServer();

    int port() const;
    std::string url() const;  ///< "http://127.0.0.1:1234"

 private:
    struct Running;
    std::unique_ptr<Running> running_;
};

}  // namespace coder_users_test
