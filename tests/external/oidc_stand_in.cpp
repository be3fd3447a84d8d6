#include "oidc_stand_in.hpp"

#include <utility>

#include "coder_users/internal/stand_in/oidc.hpp"

namespace coder_users_test {

namespace {

std::string json_string(const std::string& text) { return '"' + text + '"'; }

/// 2026-01-02T03:04:05Z, when tests begin.
constexpr std::int64_t start = 1'767'323'045;

}  // namespace

std::string json_object(const Members& members) {
    std::string out;
    for (const auto& [name, value] : members)
        if (!value.empty()) out += (out.empty() ? "" : ",") + json_string(name) + ':' + value;
    return '{' + out + '}';
}

Members changed(Members members, const Members& changes) {
    return coder_users::wire::laid_over(std::move(members), changes);
}

/// Says what the face says. Runs while OidcStandIn::mutex_ is held.
struct OidcStandIn::Breakable final : coder_users::stand_in::OidcStandIn {
    explicit Breakable(coder_users_test::OidcStandIn& outside)
        : OidcStandIn({outside.url(),
                       {"client", "client secret+%"},
                       [&outside] { return coder_users::from_micros(outside.now * 1'000'000); },
                       true}),
          shown(outside) {
        set_next(coder_users::testing::OidcLogin{"ada-1"});
    }

    Members said(Part part, Members good) override {
        const OidcFace& face = shown.face_;
        switch (part) {
            case Part::discovery:
                if (!shown.secret_in_form)
                    good["token_endpoint_auth_methods_supported"] = R"(["client_secret_basic"])";
                return changed(std::move(good), face.discovery);
            case Part::id_token_header:
                return face.header;
            case Part::id_token_claims:
                return changed(std::move(good), face.claims);
            case Part::userinfo:
                good["sub"] = changed({{"sub", ""}}, face.claims)["sub"];
                return changed(std::move(good), face.userinfo);
            case Part::token_answer:
                break;
        }
        const std::string refresh_token = good["refresh_token"];
        good["refresh_token"] = "";
        Members token = changed(std::move(good), face.token);
        if (face.token.count("refresh_token")) token["refresh_token"] = refresh_token;
        return token;
    }
    std::string id_token(const std::string& header, const std::string& claims) override {
        return shown.face_.id_token(header, claims);
    }
    coder_users::Response key_set() override {
        coder_users::Response response{200, shown.face_.headers, shown.face_.keys};
        response.headers.emplace_back("Content-Type", "application/json");
        return response;
    }
    bool proves_itself(const coder_users::Request& request, const coder_users::Url& form) override {
        const bool in_form = !coder_users::header(request, "Authorization");
        return in_form == shown.secret_in_form && OidcStandIn::proves_itself(request, form);
    }

    coder_users_test::OidcStandIn& shown;
};

OidcStandIn::OidcStandIn(const std::string& certificate, const std::string& key)
    : now(start),
      server_([this](const SeenRequest& request) { return answer(request); }, certificate, key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    provider_ = std::make_unique<Breakable>(*this);
    face_ = good();
}
OidcStandIn::~OidcStandIn() = default;

OidcFace OidcStandIn::good() const {
    OidcFace face;
    face.claims = {{"sub", R"("ada-1")"},
                   {"email", R"("ada@corp.example")"},
                   {"email_verified", "true"},
                   {"preferred_username", R"("ada")"}};
    face.header = {{"alg", R"("ES256")"}, {"kid", R"("ec")"}};
    face.keys = "{\"keys\":[" + ec.jwk("ec") + "]}";
    face.id_token = [this](const std::string& header, const std::string& claims) {
        const std::string input = signing_input(header, claims);
        return with_signature(input, ec.sign("ES256", input));
    };
    return face;
}

void OidcStandIn::show(const OidcFace& face) {
    const std::lock_guard<std::mutex> lock(mutex_);
    face_ = face;
}

std::string OidcStandIn::authorize(const std::string& location) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return returned_query(
        [&](const coder_users::Request& request) {
            return provider_->answer(request, "/authorize");
        },
        location);
}

int OidcStandIn::count(const std::string& path) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    int count = 0;
    for (const SeenRequest& request : seen_) count += request.path == path;
    return count;
}

SeenRequest OidcStandIn::last(const std::string& path) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    SeenRequest last;
    for (const SeenRequest& request : seen_)
        if (request.path == path) last = request;
    return last;
}

Reply OidcStandIn::answer(const SeenRequest& request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    seen_.push_back(request);
    const auto fixed = face_.replies.find(request.path);
    if (fixed != face_.replies.end()) return fixed->second;
    const auto kind = request.form.find("grant_type");
    if (face_.at_refresh && kind != request.form.end() && kind->second == "refresh_token")
        face_.at_refresh();
    return reply_of(provider_->answer(request.whole, request.path));
}

}  // namespace coder_users_test
