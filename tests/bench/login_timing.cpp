// Measures whether the time of a refused login tells why it was refused: the medians of four kinds
// of refusals must be within 5 % of each other over 200 tries (60 seconds are enough).
#include <algorithm>
#include <chrono>
#include <coder_users.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

coder_users::Response post(coder_users::Service& service, const std::string& path,
                           const std::string& body, const std::string& token = "") {
    return service.handle(
        {"POST", "/api/v2" + path, {{"Coder-Session-Token", token}}, body, "127.0.0.1"});
}

struct Kind {
    const char* name;
    std::string body;
    std::vector<double> milliseconds = {};

    double median() {
        std::sort(milliseconds.begin(), milliseconds.end());
        return milliseconds[milliseconds.size() / 2];
    }
};

std::string login(const std::string& name, const std::string& password) {
    return R"({"email":")" + name + R"(@example.org","password":")" + password + "\"}";
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 60;
    coder_users::Options options{":memory:"};
    options.port = 0;
    options.disable_rate_limits = true;
    auto service = coder_users::start(options);

    const std::string password = "correct-Horse-9";
    const auto made = [&](const std::string& name) {
        return R"({"username":")" + name + "\"," + login(name, password).substr(1);
    };
    post(service, "/users/first", made("owner"));
    const std::string answer = post(service, "/users/login", login("owner", password)).body;
    const std::string token = answer.substr(18, answer.find('"', 18) - 18);
    post(service, "/users", made("known"), token);
    post(service, "/users", made("lazy"), token);
    post(service, "/users", R"({"email":"bot@example.org","username":"bot","login_type":"none"})",
         token);
    service.handle({"PUT",
                    "/api/v2/users/lazy/status/suspend",
                    {{"Coder-Session-Token", token}},
                    "",
                    "127.0.0.1"});

    Kind kinds[] = {{"unknown address", login("nobody", "x")},
                    {"wrong password", login("known", "x")},
                    {"suspended, wrong password", login("lazy", "x")},
                    {"account without a password", login("bot", "x")}};
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    for (int i = 0; i < 200 && (i < 3 || Clock::now() < end); ++i)
        for (Kind& kind : kinds) {
            const auto begin = Clock::now();
            if (post(service, "/users/login", kind.body).status != 401) std::abort();
            kind.milliseconds.push_back(
                std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
        }
    const double first = kinds[0].median();
    for (Kind& kind : kinds)
        std::printf("%-28s median %8.3f ms of %zu  %+5.1f %% of the first  goal within 5 %%\n",
                    kind.name, kind.median(), kind.milliseconds.size(),
                    100 * (kind.median() / first - 1));
}
