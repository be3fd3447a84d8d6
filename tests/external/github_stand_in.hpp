// A stand-in for GitHub inside the test process, with the answers of its documented API. It is an
// Enterprise server, so its API is under /api/v3.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "oidc_stand_in.hpp"

namespace coder_users_test {

/// The user who logs in, as the API describes them.
struct GithubUser {
    std::string id = "583231";  ///< JSON
    std::string login = "octocat";
    std::string avatar_url = "https://avatars.example/u/583231";
    std::string name = R"("The Octocat")";  ///< JSON
    /// One text for each page: JSON arrays.
    std::vector<std::string> emails{
        R"([{"email":"octocat@users.noreply.example","primary":false,"verified":true,)"
        R"("visibility":null},)"
        R"({"email":"octocat@corp.example","primary":true,"verified":true,"visibility":"private"}])"};
    std::vector<std::string> memberships{"[]"};
    std::map<std::string, std::string> teams;  ///< "org/slug" -> the membership's state
    std::map<std::string, Reply> replies;      ///< path -> an answer to be given instead
};

/// A membership of an organization, as GET /user/memberships/orgs lists it.
inline std::string membership(const std::string& organization, const std::string& state) {
    return R"({"url":"https://api.example/orgs/)" + organization +
           R"(/memberships/octocat","state":")" + state +
           R"(","role":"member","organization":{"login":")" + organization +
           R"(","id":1,"description":null},"user":{"login":"octocat","id":583231}})";
}

class GithubStandIn {
 public:
    void show(const GithubUser& user) {
        const std::lock_guard<std::mutex> lock(mutex_);
        user_ = user;
    }
    std::string url() const { return server_.url(); }
    /// Returns the query with which the browser comes back, given the URL to which it was sent.
    std::string authorize(const std::string& location) {
        auto query = parse_form(location.substr(location.find('?') + 1));
        const std::lock_guard<std::mutex> lock(mutex_);
        const std::string code = "gh-code-" + std::to_string(++made_);
        challenges_[code] = query["code_challenge"];
        return "code=" + code + "&state=" + form_encoded(query["state"]);
    }
    std::vector<std::string> paths() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return paths_;
    }

 private:
    static Reply error(int status, const std::string& message) {
        return {status, R"({"message":")" + message +
                            R"(","documentation_url":"https://docs.example/rest"})"};
    }
    Reply answer(const SeenRequest& request) {
        const std::lock_guard<std::mutex> lock(mutex_);
        paths_.push_back(request.path);
        const auto fixed = user_.replies.find(request.path);
        if (fixed != user_.replies.end()) return fixed->second;
        auto headers = request.headers;
        if (headers["user-agent"].empty()) return error(403, "Request forbidden");
        if (request.path == "/login/oauth/access_token") return exchange(request);
        const std::string api = "/api/v3";
        if (request.path.substr(0, api.size()) != api) return error(404, "Not Found");
        if (headers["authorization"] != "Bearer gho_token" &&
            headers["authorization"] != "token gho_token")
            return error(401, "Bad credentials");
        return resource(request.path.substr(api.size()), request);
    }
    Reply resource(const std::string& path, const SeenRequest& request) {
        if (path == "/user")
            return {200, R"({"login":")" + user_.login + R"(","id":)" + user_.id +
                             R"(,"node_id":"MDQ6VXNlcjU4MzIzMQ==","avatar_url":")" +
                             user_.avatar_url + R"(","type":"User","name":)" + user_.name +
                             R"(,"email":null})"};
        if (path == "/user/emails") return page(user_.emails, request);
        if (path == "/user/memberships/orgs") return page(user_.memberships, request);
        const std::size_t teams = path.find("/teams/"), members = path.find("/memberships/");
        if (path.substr(0, 6) == "/orgs/" && teams < members && members != std::string::npos &&
            path.substr(members + 13) == user_.login) {
            const auto found = user_.teams.find(path.substr(6, teams - 6) + "/" +
                                                path.substr(teams + 7, members - teams - 7));
            if (found != user_.teams.end())
                return {200, R"({"url":"https://api.example","role":"member","state":")" +
                                 found->second + "\"}"};
        }
        return error(404, "Not Found");
    }
    /// Exchanges the code. As GitHub does, it reports errors with 200, and answers a form unless
    /// JSON is asked for.
    Reply exchange(const SeenRequest& request) {
        auto form = request.form;
        auto headers = request.headers;
        const auto found = challenges_.find(form["code"]);
        const bool json = headers["accept"].find("application/json") != std::string::npos;
        if (found == challenges_.end() || found->second != s256(form["code_verifier"]))
            return {200, json ? R"({"error":"bad_verification_code","error_description":"The code )"
                                R"(passed is incorrect or expired."})"
                              : "error=bad_verification_code"};
        challenges_.erase(found);
        if (form["client_id"] != "gh-client" || form["client_secret"] != "gh-secret")
            return {200, json ? R"({"error":"incorrect_client_credentials"})"
                              : "error=incorrect_client_credentials"};
        return {200, json ? R"({"access_token":"gho_token","token_type":"bearer",)"
                            R"("scope":"read:org,read:user,user:email"})"
                          : "access_token=gho_token&token_type=bearer"};
    }
    /// Returns a page of a list with its Link header.
    Reply page(const std::vector<std::string>& pages, const SeenRequest& request) {
        const auto given = request.query.find("page");
        const std::size_t number = given == request.query.end() ? 1 : std::stoul(given->second);
        Reply reply{200, number <= pages.size() ? pages[number - 1] : "[]"};
        if (number < pages.size()) {
            const auto link = [&](std::size_t to, const std::string& rel) {
                return "<" + server_.url() + request.path +
                       "?per_page=100&page=" + std::to_string(to) + ">; rel=\"" + rel + "\"";
            };
            reply.headers = {
                {"Link", link(number + 1, "next") + ", " + link(pages.size(), "last")}};
        }
        return reply;
    }

    mutable std::mutex mutex_;
    GithubUser user_;
    std::map<std::string, std::string> challenges_;  // by code
    std::vector<std::string> paths_;
    int made_ = 0;
    StandInServer server_{[this](const SeenRequest& request) { return answer(request); }};
};

}  // namespace coder_users_test
