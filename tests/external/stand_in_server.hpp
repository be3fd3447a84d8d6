// A small HTTP server inside the test process, which answers as badly as a test wants.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "coder_users/api.hpp"
#include "raw_client.hpp"

namespace coder_users_test {

/// Reads `name=value` pairs that are joined by `&`. The first of several with the same name counts.
std::map<std::string, std::string> parse_form(const std::string& text);

/// The form encoding of one text.
std::string form_encoded(const std::string& text);

struct SeenRequest {
    coder_users::Request whole;
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

/// Gives the answer of a stand-in of the library.
Reply reply_of(const coder_users::Response& response);

/// Does what a provider's pages do: asks the stand-in for the URL to which the login sent the
/// browser, and returns the query with which it comes back.
std::string returned_query(
    const std::function<coder_users::Response(const coder_users::Request&)>& stand_in,
    const std::string& location);

/// Serves on a loopback port while it exists. Every connection has its own thread and may send one
/// request.
class StandInServer {
 public:
    using Handler = std::function<Reply(const SeenRequest&)>;

    /// Several threads may call the handler at the same time. With a certificate and its key (PEM)
    /// the server speaks TLS.
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
