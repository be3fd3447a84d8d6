#include "oidc_stand_in.hpp"

#include <utility>

#include "coder_users/internal/rules/crypto.hpp"

namespace coder_users_test {

namespace {

std::string json_string(const std::string& text) { return '"' + text + '"'; }

Reply bad_request(const std::string& error) {
    return {400, json_object({{"error", json_string(error)},
                              {"error_description", json_string("The stand-in refuses this.")}})};
}

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
    for (const auto& [name, value] : changes) members[name] = value;
    return members;
}

OidcStandIn::OidcStandIn(const std::string& certificate, const std::string& key)
    : now(start),
      server_([this](const SeenRequest& request) { return answer(request); }, certificate, key) {
    show(good());
}

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
    const auto query =
        parse_form(location.substr((std::min)(location.find('?') + 1, location.size())));
    const auto of = [&](const char* name) {
        const auto found = query.find(name);
        return found == query.end() ? std::string() : found->second;
    };
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::string code = "code-" + std::to_string(++made_);
    grants_[code] = {of("nonce"), of("code_challenge"), of("redirect_uri")};
    return "code=" + code + "&state=" + form_encoded(of("state"));
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
    if (request.path == "/.well-known/openid-configuration")
        return {200, json_object(changed(good_discovery(), face_.discovery))};
    if (request.path == "/keys") return {200, face_.keys, face_.headers};
    if (request.path == "/token") return token(request);
    if (request.path == "/userinfo") {
        const auto bearer = request.headers.find("authorization");
        if (bearer == request.headers.end() || bearer->second.substr(0, 7) != "Bearer " ||
            access_tokens_.count(bearer->second.substr(7)) == 0)
            return {401, R"({"error":"invalid_token"})"};
        const std::string subject = changed({{"sub", ""}}, face_.claims)["sub"];
        return {200, json_object(changed({{"sub", subject}}, face_.userinfo))};
    }
    return {404, R"({"error":"no such page"})"};
}

Members OidcStandIn::good_discovery() const {
    const std::string base = server_.url();
    return {{"issuer", json_string(base)},
            {"authorization_endpoint", json_string(base + "/authorize")},
            {"token_endpoint", json_string(base + "/token")},
            {"userinfo_endpoint", json_string(base + "/userinfo")},
            {"jwks_uri", json_string(base + "/keys")},
            {"response_types_supported", R"(["code"])"},
            {"subject_types_supported", R"(["public"])"},
            {"id_token_signing_alg_values_supported", R"(["ES256","RS256"])"},
            {"token_endpoint_auth_methods_supported",
             secret_in_form ? R"(["client_secret_basic","client_secret_post"])"
                            : R"(["client_secret_basic"])"}};
}

bool OidcStandIn::authenticated(const SeenRequest& request) const {
    const auto in = [](const std::map<std::string, std::string>& map, const char* name) {
        const auto found = map.find(name);
        return found == map.end() ? std::string() : found->second;
    };
    if (secret_in_form)
        return in(request.form, "client_id") == "client" &&
               in(request.headers, "authorization").empty() &&
               in(request.form, "client_secret") == "client secret+%";
    // Both parts are form encoded before they are joined (RFC 6749 2.3.1).
    const std::string joined = "client:" + form_encoded("client secret+%");
    std::string plus = joined;
    for (std::size_t at; (at = plus.find("%20")) != std::string::npos;) plus.replace(at, 3, "+");
    const std::string given = in(request.headers, "authorization");
    return in(request.form, "client_secret").empty() &&
           (given == "Basic " + coder_users::rules::base64_encode(joined) ||
            given == "Basic " + coder_users::rules::base64_encode(plus));
}

Reply OidcStandIn::token(const SeenRequest& request) {
    if (request.method != "POST") return bad_request("invalid_request");
    if (!authenticated(request)) return {401, R"({"error":"invalid_client"})"};
    const auto kind = request.form.find("grant_type");
    if (kind == request.form.end()) return bad_request("invalid_request");
    if (kind->second == "authorization_code") return redeem(request);
    if (kind->second == "refresh_token") return refresh(request);
    return bad_request("unsupported_grant_type");
}

Reply OidcStandIn::redeem(const SeenRequest& request) {
    auto form = request.form;
    const auto found = grants_.find(form["code"]);
    if (found == grants_.end()) return bad_request("invalid_grant");
    const Grant grant = found->second;
    grants_.erase(found);
    if (grant.challenge != s256(form["code_verifier"]) ||
        grant.redirect_uri != form["redirect_uri"])
        return bad_request("invalid_grant");

    const std::int64_t time = now;
    const Members claims{{"iss", json_string(server_.url())},
                         {"aud", json_string("client")},
                         {"iat", std::to_string(time)},
                         {"exp", std::to_string(time + 300)},
                         {"nonce", json_string(grant.nonce)}};
    const std::string access_token = new_access_token();
    const std::string id_token =
        face_.id_token(json_object(face_.header), json_object(changed(claims, face_.claims)));
    Members answer{{"access_token", json_string(access_token)},
                   {"token_type", R"("Bearer")"},
                   {"expires_in", "300"},
                   {"id_token", json_string(id_token)}};
    if (face_.token.count("refresh_token")) {
        refresh_token_ = "refresh-" + std::to_string(made_);
        answer["refresh_token"] = json_string(refresh_token_);
    }
    Members extra = face_.token;
    extra.erase("refresh_token");
    return {200, json_object(changed(answer, extra))};
}

std::string OidcStandIn::new_access_token() {
    return *access_tokens_.insert("access-" + std::to_string(++made_)).first;
}

Reply OidcStandIn::refresh(const SeenRequest& request) {
    if (face_.at_refresh) face_.at_refresh();
    auto form = request.form;
    if (refresh_token_.empty() || form["refresh_token"] != refresh_token_)
        return bad_request("invalid_grant");
    const std::string access_token = new_access_token();
    refresh_token_ = "refresh-" + std::to_string(made_);  // each is good once
    return {200, json_object({{"access_token", json_string(access_token)},
                              {"token_type", R"("Bearer")"},
                              {"expires_in", "300"},
                              {"refresh_token", json_string(refresh_token_)}})};
}

}  // namespace coder_users_test
