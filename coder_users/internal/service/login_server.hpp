// Internal: may change at any time.
// Serves the stand-ins of login providers for tests: what is behind testing::Logins.
#pragma once

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/answer.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/net/front.hpp"
#include "coder_users/internal/stand_in/github.hpp"
#include "coder_users/internal/stand_in/oidc.hpp"
#include "coder_users/testing_logins.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// The OpenID provider under /oidc, GitHub under /github. Listens from its construction on.
class LoginServer final : public net::FrontHandler {
 public:
    explicit LoginServer(std::function<Time()> now)
        : front_(*this, few_threads(), Deadlines()),
          url_(bound_url(front_)),
          oidc({url_ + "/oidc", client(), std::move(now)}),
          github({url_ + "/github", client()}) {
        front_.start();
    }
    ~LoginServer() override {
        front_.request_stop();
        front_.join();
    }

    void trusted_by(Options& options) const {
        options.oidc.issuer_url = url_ + "/oidc";
        options.github.enterprise_base_url = url_ + "/github";
        options.oidc.client_id = options.github.client_id = client().id;
        options.oidc.client_secret = options.github.client_secret = client().secret;
        options.github.allow_signups = options.github.allow_everyone = true;
        if (options.access_url.empty()) options.access_url = "http://127.0.0.1:0";
    }

    Response answer(const Request& request) {
        const std::string_view target = origin_form(request.target);
        const std::string_view path = target.substr(0, target.find('?'));
        for (const std::string_view provider : {"/oidc", "/github"}) {
            if (!starts_with(path, provider)) continue;
            const std::string_view rest = path.substr(provider.size());
            return provider == "/oidc" ? oidc.answer(request, rest) : github.answer(request, rest);
        }
        return stand_in::text_page(404, "The providers are at /oidc and /github.");
    }

    std::unique_ptr<net::Pending> look(const Request& request, std::optional<Url> url) override {
        return std::make_unique<Asked>(*this, request, url.has_value());
    }
    Answer refuse(const Request& unused, const Refusal& refusal) noexcept override {
        static_cast<void>(unused);
        return Response{refusal.status, {}, ""};
    }

 private:
    class Asked final : public net::Pending {
     public:
        Asked(LoginServer& server, const Request& request, bool readable)
            : server_(server), request_(request), readable_(readable) {}
        Answer answer() noexcept override {
            if (!readable_) return refuse(url_not_valid);
            try {
                return server_.answer(request_);
            } catch (const std::exception&) {  // no memory
                return refuse(overloaded);
            }
        }
        Answer refuse(const Refusal& refusal) noexcept override {
            return server_.refuse(request_, refusal);
        }

     private:
        LoginServer& server_;
        const Request& request_;
        const bool readable_;
    };

    static stand_in::Client client() { return {"coder-users", "client-secret"}; }
    static Limits few_threads() {
        Limits limits;
        limits.workers = 1;
        return limits;
    }
    static std::string bound_url(net::Front& front) {
        front.bind("127.0.0.1", 0);
        return "http://" + authority("127.0.0.1", front.port());
    }

    net::Front front_;
    const std::string url_;

 public:
    stand_in::OidcStandIn oidc;
    stand_in::GithubStandIn github;
};

}}}  // namespace coder_users::v0::service
