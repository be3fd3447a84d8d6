// A browser that follows redirects and keeps cookies, and does nothing else.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "raw_client.hpp"
#include "texts.hpp"

namespace coder_users_test {

/// The page at the end of the redirects.
struct Page {
    std::string url;
    Answer answer;
    std::vector<std::string> trail;  ///< every URL on the way, including the last one
};

class Browser {
 public:
    /// Maps an origin, such as "http://coder.example", to a loopback port, as a name server would.
    void resolve(const std::string& origin, int port) { ports_[origin] = port; }

    void set_cookie(const std::string& origin, const std::string& name, const std::string& value) {
        cookies_[origin][name] = {value, "/"};
    }
    std::string cookie(const std::string& origin, const std::string& name) const {
        const auto at = cookies_.find(origin);
        if (at == cookies_.end()) return "";
        const auto found = at->second.find(name);
        return found == at->second.end() ? "" : found->second.value;
    }
    void forget_cookies(const std::string& origin) { cookies_.erase(origin); }

    /// Sends GET and follows redirects. Throws std::runtime_error when they do not end.
    Page open(std::string url) {
        std::vector<std::string> trail;
        while (trail.size() < 20) {
            const auto [origin, path] = split(url);
            trail.push_back(url);
            const Answer answer = send("GET", origin, path);
            const std::string location = answer.header("location");
            if (answer.status < 300 || answer.status > 399 || location.empty())
                return {url, answer, trail};
            url = location[0] == '/' ? origin + location : location;
        }
        throw std::runtime_error("redirects without end: " + url);
    }
    /// Sends one request and returns the answer, also a redirect.
    Answer send(const std::string& method, const std::string& origin, const std::string& path,
                const std::string& body = "") {
        HeaderList headers{{"Host", origin.substr(origin.find("//") + 2)}, {"Connection", "close"}};
        std::string all;
        for (const auto& [name, cookie] : cookies_[origin])
            if (path.substr(0, cookie.path.size()) == cookie.path)
                all += (all.empty() ? "" : "; ") + name + "=" + cookie.value;
        if (!all.empty()) headers.emplace_back("Cookie", all);
        const Answer answer = request(ports_.at(origin), method, path, headers, body);
        for (const std::string& cookie : answer.all("set-cookie")) take(origin, cookie);
        return answer;
    }

 private:
    struct Cookie {
        std::string value, path;
    };
    static std::pair<std::string, std::string> split(const std::string& url) {
        const std::size_t slash = url.find('/', url.find("//") + 2);
        if (slash == std::string::npos) return {url, "/"};
        return {url.substr(0, slash), url.substr(slash)};
    }
    void take(const std::string& origin, const std::string& text) {
        std::map<std::string, std::string> attributes;
        const std::size_t end = (std::min)(text.find(';'), text.size()), equals = text.find('=');
        for (std::size_t at = end; at < text.size();) {
            const std::size_t next = (std::min)(text.find(';', at + 1), text.size());
            const std::string attribute = text.substr(at + 1, next - at - 1);
            const std::size_t begin = attribute.find_first_not_of(' ');
            const std::size_t sign = (std::min)(attribute.find('='), attribute.size());
            const std::string name = lower_case(attribute.substr(begin, sign - begin));
            attributes[name] = sign < attribute.size() ? attribute.substr(sign + 1) : "";
            at = next;
        }
        const std::string name = text.substr(0, equals);
        const bool over =
            attributes["max-age"] == "0" || attributes["expires"].find("1970") != std::string::npos;
        if (over)
            cookies_[origin].erase(name);
        else
            cookies_[origin][name] = {text.substr(equals + 1, end - equals - 1),
                                      attributes["path"].empty() ? "/" : attributes["path"]};
    }

    std::map<std::string, int> ports_;
    std::map<std::string, std::map<std::string, Cookie>> cookies_;  // origin -> name
};

}  // namespace coder_users_test
