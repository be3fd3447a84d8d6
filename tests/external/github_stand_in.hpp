// The library's stand-in for GitHub, with parts that tests replace to break it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "stand_in_server.hpp"

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
std::string membership(const std::string& organization, const std::string& state);

class GithubStandIn {
 public:
    GithubStandIn();
    ~GithubStandIn();

    void show(const GithubUser& user);
    std::string url() const { return server_.url(); }
    /// Returns the query with which the browser comes back, given the URL to which it was sent.
    std::string authorize(const std::string& location);
    std::vector<std::string> paths() const;

 private:
    struct Breakable;
    Reply answer(const SeenRequest& request);

    mutable std::mutex mutex_;
    GithubUser user_;
    std::vector<std::string> paths_;
    std::unique_ptr<Breakable> provider_;
    StandInServer server_;  // ends before what it serves
};

}  // namespace coder_users_test
