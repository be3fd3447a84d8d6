// Internal: may change at any time.
// Serves the API from a host's own httplib::Server.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/net/httplib.hpp"
#include "coder_users/internal/net/request_head.hpp"
#include "coder_users/internal/service/service.hpp"

namespace coder_users { inline namespace v0 {

namespace service {

/// A place on the host's server, and what lies there.
struct MountedAt {
    std::string prefix;  ///< of the host's paths; "" for the root
    std::string api;     ///< the prefix under which clients find the API
    std::string inside;  ///< what replaces the prefix: that of the API, or "" for the page
};

/// Makes a Request of what the host's server has read, and checks it. cpp-httplib has decoded the
/// values of some headers, so they may hold line ends.
inline std::optional<Refusal> read_mounted(const httplib::Request& from, const MountedAt& at,
                                           net::RequestHead& head) {
    Request& request = head.request;
    request.method = from.method;
    request.address = from.remote_addr;
    request.api_prefix = at.api;
    // Only the literal prefix is cut off. A path with an encoded prefix is answered 404.
    const bool literal = starts_with(from.target, at.prefix);
    request.target = literal ? at.inside + from.target.substr(at.prefix.size()) : from.target;
    head.http10 = from.version == "HTTP/1.0";
    for (const auto& [name, value] : from.headers) {
        std::string line = name;
        line.append(":").append(value);
        const bool has_line_end = value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos;
        if (has_line_end || !net::read_field(line, head)) return not_http;
    }
    return net::check_head(head, net::FramingLimits().body);
}

/// Reads the body, whatever its content type, up to the limit.
inline std::optional<Refusal> read_body(httplib::Request& from, const httplib::Response& status,
                                        const httplib::ContentReader& reader,
                                        net::RequestHead& head) {
    std::string& body = head.request.body;
    const std::size_t most = net::FramingLimits().body;
    // Hides the content type, because cpp-httplib would parse forms and multipart bodies itself.
    const auto [first, last] = from.headers.equal_range("Content-Type");
    const httplib::Headers types(first, last);
    from.headers.erase("Content-Type");
    bool too_large = false;
    const bool whole = reader([&](const char* bytes, std::size_t size) {
        too_large = size > most - body.size();
        if (too_large) return false;
        body.append(bytes, size);
        return true;
    });
    from.headers.insert(types.begin(), types.end());
    if (whole) return std::nullopt;
    const bool beyond_limit_of_host = status.status == 413;
    return head.instead_of(too_large || beyond_limit_of_host ? body_too_large : not_http);
}

/// Writes the headers and returns the Content-Type, which cpp-httplib takes together with the body.
inline std::string write_fields(const Response& from, httplib::Response& to) {
    std::string type;
    for (const auto& [name, value] : from.headers) {
        if (same_folded(name, "Content-Type"))
            type = value;
        else
            to.set_header(name, value);
    }
    to.status = from.status;
    return type;
}

/// Writes the answer. With `close` the connection ends after it, because the rest of what the
/// client sent is not a request.
inline void write_mounted(Response from, httplib::Response& to, bool close) {
    const std::string type = write_fields(from, to);
    if (!net::has_body(from.status)) return;
    // What is gzip already, the host's server would compress again.
    if (!close && !to.has_header("Content-Encoding"))
        return to.set_content(std::move(from.body), type);
    const std::size_t size = from.body.size();
    if (close) to.set_header("Connection", "close");
    to.set_content_provider(size, type,
                            [close, body = std::move(from.body)](
                                std::size_t offset, std::size_t length, httplib::DataSink& sink) {
                                sink.write(body.data() + offset, length);
                                return !close;  // no other way to close from a handler
                            });
}

/// Writes a long answer, whose rest the host's server requests after the handler has returned. When
/// the rest cannot be made, the connection ends without the last chunk.
inline void write_in_pieces(Answer from, const std::shared_ptr<CallCounter>& calls,
                            httplib::Response& to) {
    auto begun_rest = std::shared_ptr<LongBody>(std::move(from.rest));
    Response begun = whole_response(std::move(from));
    const std::string type = write_fields(begun, to);
    to.set_chunked_content_provider(
        type, [calls, piece = std::move(begun.body), rest = std::move(begun_rest)](
                  std::size_t, httplib::DataSink& sink) mutable {
            if (!rest) {
                sink.done();
                return true;
            }
            if (!piece.empty() && !sink.write(piece.data(), piece.size())) return false;
            piece.clear();
            if (!calls->enter()) return false;
            bool more = false;
            try {
                const CallCounter::Leave leave_at_end(*calls);
                more = rest->append_piece(piece);
            } catch (const std::exception&) {
                return false;
            }
            if (more) return true;
            rest.reset();
            return sink.write(piece.data(), piece.size());
        });
}

/// Answers the requests to the routes that add_routes() adds. The routes share it, so it may
/// outlive the service, and then answers 503.
class MountPoint {
 public:
    MountPoint(Running& running, MountedAt at)
        : running_(&running), calls_(running.calls), at_(std::move(at)) {}

    /// `reader` is nullptr for methods whose body has no meaning.
    void answer(const httplib::Request& request, httplib::Response& response,
                const httplib::ContentReader* reader) const noexcept {
        try {
            if (!calls_->enter()) return refuse_all(response);
            const CallCounter::Leave leave_at_end(*calls_);
            answer_inside(const_cast<httplib::Request&>(request), response, reader);
        } catch (const std::exception&) {
            refuse_all(response);  // out of memory
        }
    }

 private:
    void answer_inside(httplib::Request& request, httplib::Response& response,
                       const httplib::ContentReader* reader) const {
        request.ranges.clear();  // answers are always sent as a whole
        net::RequestHead head;
        std::optional<Refusal> refusal = read_mounted(request, at_, head);
        if (!refusal && head.announces_body() && reader)
            refusal = read_body(request, response, *reader, head);
        const bool close = refusal || (head.announces_body() && !reader);
        if (refusal)
            return write_mounted(whole_response(running_->refuse(head.request, *refusal)), response,
                                 close);
        // HTTP/1.0 has no chunks
        if (close || head.http10)
            return write_mounted(running_->handle(head.request), response, close);
        Answer given = running_->begin_answer(head.request, std::move(head.url));
        if (given.cut) return refuse_all(response);  // the host's server cannot end the connection
        if (given.rest)
            write_in_pieces(std::move(given), calls_, response);
        else
            write_mounted(whole_response(std::move(given)), response, close);
    }

    static void refuse_all(httplib::Response& response) noexcept {
        response.status = overloaded.status;
        try {
            response.set_content("{\"message\":\"" + std::string(overloaded.message) + "\"}\n",
                                 "application/json; charset=utf-8");
        } catch (const std::exception&) {
            response.body.clear();
        }
    }

    Running* running_;
    std::shared_ptr<CallCounter> calls_;
    MountedAt at_;
};

/// Answers GET of the page's files. Whatever else lies below its prefix is none of its business,
/// the API of the service included, which is mounted elsewhere.
class PageMountPoint {
 public:
    PageMountPoint(Running& running, MountedAt at)
        : prefix_(at.prefix), point_(running, std::move(at)) {}

    void answer(const httplib::Request& request, httplib::Response& response) const {
        const std::string_view target = request.target;
        const std::string_view path = target.substr(0, target.find('?'));
        if (path == prefix_) {  // its document has relative links
            response.status = 307;
            response.set_header("Location",
                                prefix_ + '/' + std::string(target.substr(path.size())));
            return;
        }
        if (starts_with(path, prefix_) && http::is_page_path(path.substr(prefix_.size())))
            return point_.answer(request, response, nullptr);
        httplib::Request unknown = request;
        unknown.target = "/.";  // no path of this service
        point_.answer(unknown, response, nullptr);
    }

 private:
    const std::string prefix_;
    const MountPoint point_;
};

inline void check_prefix(const std::string& prefix) {
    const auto refuse = [&](const char* rule) {
        throw std::invalid_argument("prefix: " + std::string(rule) + ", got \"" + prefix + '"');
    };
    if (!starts_with(prefix, "/")) refuse("must begin with a slash");
    if (ends_with(prefix, "/")) refuse("must not end with a slash");
    if (prefix.find("//") != prefix.npos) refuse("must not hold two slashes in a row");
    for (const char c : prefix)
        if (!is_letter(c) && !is_digit(c) && std::string_view("/-_.~").find(c) == std::string::npos)
            refuse("may hold letters, digits and /-_.~");
}

/// A pattern of cpp-httplib for the prefix itself.
inline std::string as_pattern(const std::string& prefix) {
    std::string pattern;
    for (const char c : prefix) (c == '.' ? pattern += '\\' : pattern) += c;
    return pattern;
}

/// Adds one route for each number of segments under the prefix; our own path tree then finds which
/// route is meant. The patterns have parameters, because cpp-httplib matches other patterns by
/// std::regex, which clients can make slow.
inline void add_routes(httplib::Server& site, const std::shared_ptr<const MountPoint>& mount,
                       const std::string& pattern) {
    const auto plain = [mount](const httplib::Request& request, httplib::Response& response) {
        mount->answer(request, response, nullptr);
    };
    const auto with_body = [mount](const httplib::Request& request, httplib::Response& response,
                                   const httplib::ContentReader& reader) {
        mount->answer(request, response, &reader);
    };
    site.Get(pattern, plain);
    site.Options(pattern, plain);
    site.Post(pattern, with_body);
    site.Put(pattern, with_body);
    site.Patch(pattern, with_body);
    site.Delete(pattern, with_body);
    site.Delete(pattern, plain);  // cpp-httplib calls the other form only when there is a body
}

}  // namespace service

template <std::size_t RequestSize>
void Service::attach(httplib::Server& site, const std::string& prefix, HttpAbi<RequestSize>) {
    static_assert(RequestSize == sizeof(httplib::Request), "cpp-httplib differs in one program");
    constexpr int deepest = 8;  // three more than any route has
    service::check_prefix(prefix);
    if (!running().serving()) throw std::logic_error("coder_users: mount() after stop()");
    if (site.is_running())  // its threads read the routes
        throw std::logic_error("coder_users: mount() while the server listens already");
    running().note_mounted(prefix);
    const auto mount = std::make_shared<const service::MountPoint>(
        running(), service::MountedAt{prefix, prefix, "/api/v2"});
    std::string pattern = service::as_pattern(prefix);
    service::add_routes(site, mount, pattern);  // the only pattern that is a regular expression
    pattern = prefix;
    for (int depth = 1; depth <= deepest; ++depth)
        service::add_routes(site, mount, pattern += "/:s" + std::to_string(depth));
}

template <std::size_t RequestSize>
void Service::attach_page(httplib::Server& site, const std::string& prefix, HttpAbi<RequestSize>) {
    static_assert(RequestSize == sizeof(httplib::Request), "cpp-httplib differs in one program");
    if (prefix != "/") service::check_prefix(prefix);
    if (!running().serving()) throw std::logic_error("coder_users: mount_page() after stop()");
    const std::string below = prefix == "/" ? "" : prefix;
    const auto page = std::make_shared<const service::PageMountPoint>(
        running(), service::MountedAt{below, running().api_of_page(), ""});
    const auto answer = [page](const httplib::Request& request, httplib::Response& response) {
        page->answer(request, response);
    };
    if (!below.empty()) site.Get(service::as_pattern(below), answer);
    site.Get(below + "/:s1", answer);
    site.Get(below + "/:s1/:s2", answer);
}

template <std::size_t RequestSize>
Identity Service::identify(const httplib::Request& request, HttpAbi<RequestSize>) {
    static_assert(RequestSize == sizeof(httplib::Request), "cpp-httplib differs in one program");
    Request seen;
    seen.method = request.method;
    for (const auto& [name, value] : request.headers) seen.headers.emplace_back(name, value);
    return authenticate(seen);
}

}}  // namespace coder_users::v0
