#include "github_stand_in.hpp"

#include "coder_users/internal/stand_in/github.hpp"

namespace coder_users_test {

std::string membership(const std::string& organization, const std::string& state) {
    return R"({"url":"https://api.example/orgs/)" + organization +
           R"(/memberships/octocat","state":")" + state +
           R"(","role":"member","organization":{"login":")" + organization +
           R"(","id":1,"description":null},"user":{"login":"octocat","id":583231}})";
}

/// Says what the user of the test says. Runs while GithubStandIn::mutex_ is held.
struct GithubStandIn::Breakable final : coder_users::stand_in::GithubStandIn {
    explicit Breakable(coder_users_test::GithubStandIn& outside)
        : GithubStandIn({outside.url(), {"gh-client", "gh-secret"}}), shown(outside) {}

    std::string user(const Who& unused) override {
        static_cast<void>(unused);
        const GithubUser& user = shown.user_;
        return R"({"login":")" + user.login + R"(","id":)" + user.id +
               R"(,"node_id":"MDQ6VXNlcjU4MzIzMQ==","avatar_url":")" + user.avatar_url +
               R"(","type":"User","name":)" + user.name + R"(,"email":null})";
    }
    Pages emails(const Who& unused) override {
        static_cast<void>(unused);
        return shown.user_.emails;
    }
    Pages memberships(const Who& unused) override {
        static_cast<void>(unused);
        return shown.user_.memberships;
    }
    std::string team_state(const Who& unused, const std::string& team) override {
        static_cast<void>(unused);
        const auto found = shown.user_.teams.find(team);
        return found == shown.user_.teams.end() ? "" : found->second;
    }

    coder_users_test::GithubStandIn& shown;
};

GithubStandIn::GithubStandIn()
    : server_([this](const SeenRequest& request) { return answer(request); }) {
    const std::lock_guard<std::mutex> lock(mutex_);
    provider_ = std::make_unique<Breakable>(*this);
}
GithubStandIn::~GithubStandIn() = default;

void GithubStandIn::show(const GithubUser& user) {
    const std::lock_guard<std::mutex> lock(mutex_);
    user_ = user;
}

std::string GithubStandIn::authorize(const std::string& location) {
    const std::lock_guard<std::mutex> lock(mutex_);
    coder_users::testing::GithubLogin who;
    who.login = user_.login;
    provider_->set_next(who);
    return returned_query(
        [&](const coder_users::Request& request) {
            return provider_->answer(request, "/login/oauth/authorize");
        },
        location);
}

std::vector<std::string> GithubStandIn::paths() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return paths_;
}

Reply GithubStandIn::answer(const SeenRequest& request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    paths_.push_back(request.path);
    const auto fixed = user_.replies.find(request.path);
    if (fixed != user_.replies.end()) return fixed->second;
    return reply_of(provider_->answer(request.whole, request.path));
}

}  // namespace coder_users_test
