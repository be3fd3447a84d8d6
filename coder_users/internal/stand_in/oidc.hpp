// Internal: may change at any time.
// A stand-in for an OpenID provider, for tests: correct, and without a login page.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/request.hpp"
#include "coder_users/internal/rules/jwt.hpp"
#include "coder_users/internal/rules/signatures.hpp"
#include "coder_users/internal/stand_in/authorization.hpp"
#include "coder_users/internal/stand_in/next_login.hpp"
#include "coder_users/internal/wire/provider_answers.hpp"
#include "coder_users/testing_logins.hpp"

namespace coder_users { inline namespace v0 { namespace stand_in {

struct OidcSettings {
    std::string issuer;  ///< its URL
    Client client;
    std::function<Time()> now;
    /// Whether a refresh token is good once, and the answer to it has the next one. Otherwise it is
    /// good for ever, also when a test goes back to an earlier moment.
    bool refresh_once = false;
};

/// Paths below the issuer: /.well-known/openid-configuration, /authorize, /token, /userinfo, /keys.
/// Any thread may call it. A test of logins breaks it by another said(), id_token(), key_set() or
/// proves_itself(), of which only one runs at a time.
class OidcStandIn : public NextLogin<decltype(testing::NextLogins::oidc)> {
 public:
    explicit OidcStandIn(OidcSettings settings) : settings_(std::move(settings)) {}

    /// Codes and access tokens that were given out are good no more.
    void forget_codes() {
        const std::lock_guard<std::mutex> lock(mutex_);
        grants_.clear();
        access_tokens_.clear();
    }

    /// `path` is what follows the issuer.
    Response answer(const Request& request, std::string_view path) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (path == "/.well-known/openid-configuration")
            return json_answer(
                wire::json_of(said(Part::discovery, wire::discovery_document(settings_.issuer))));
        if (path == "/keys") return key_set();
        if (path == "/authorize") return authorize(request);
        if (path == "/token") return token(request);
        if (path == "/userinfo") return userinfo(request);
        return json_answer(wire::json_of(wire::RawMembers{{"error", wire::json_of("not_found")}}),
                           404);
    }

 protected:
    enum class Part { discovery, id_token_header, id_token_claims, token_answer, userinfo };

    /// What the provider says, given what a good one says.
    virtual wire::RawMembers said(Part part, wire::RawMembers good) {
        static_cast<void>(part);
        return good;
    }
    /// Signs an id token. Both are JSON.
    virtual std::string id_token(const std::string& header, const std::string& claims) {
        const std::string text = rules::jwt_signed_text(header, claims);
        return rules::jwt_of(text, rules::sign_es256(key(), text));
    }
    virtual Response key_set() {
        const std::string& point = key().point;  // 4, then both coordinates
        return json_answer("{\"keys\":[" +
                           wire::p256_web_key(key_id, rules::base64url_encode(point.substr(1, 32)),
                                              rules::base64url_encode(point.substr(33))) +
                           "]}");
    }
    /// Whether a request to the token endpoint comes from the client.
    virtual bool proves_itself(const Request& request, const Url& form) {
        return comes_from(settings_.client, request, form);
    }

 private:
    static constexpr const char* key_id = "test";
    static constexpr std::chrono::seconds lifetime = std::chrono::minutes(5);

    struct Grant {
        testing::OidcLogin who;
        std::string nonce, challenge, redirect_uri;
    };
    struct AccessToken {
        testing::OidcLogin who;
        Time expires;
    };

    /// Made when it is needed, which takes a millisecond.
    const rules::P256Pair& key() {
        if (!key_) key_ = rules::make_p256_pair(rules::system_random);
        return *key_;
    }

    static Response refusal(const char* error, int status = 400) {
        return json_answer(wire::json_of(wire::RawMembers{{"error", wire::json_of(error)}}),
                           status);
    }

    Response authorize(const Request& request) {
        const auto asked = read_authorization(request, settings_.client, "/users/oidc/callback");
        if (!asked) return not_for_us();
        if (const auto* refused = std::get_if<testing::LoginRefusal>(&next_))
            return send_back_refused(*asked, *refused);
        const auto* who = std::get_if<testing::OidcLogin>(&next_);
        if (!who) return nobody_named("OpenID provider", "oidc");
        const std::string code = "code-" + std::to_string(++made_);
        grants_[code] = {*who, asked->nonce, asked->challenge, asked->redirect_uri};
        return send_back_with_code(*asked, code);
    }

    Response token(const Request& request) {
        const Url form = form_in(request);
        if (request.method != "POST") return refusal("invalid_request");
        if (!proves_itself(request, form)) return refusal("invalid_client", 401);
        const std::string kind = form.parameter("grant_type").value_or("");
        if (kind == "authorization_code") return redeem(form);
        if (kind == "refresh_token") return refresh(form);
        return refusal(kind.empty() ? "invalid_request" : "unsupported_grant_type");
    }

    Response redeem(const Url& form) {
        const auto found = grants_.find(form.parameter("code").value_or(""));
        if (found == grants_.end()) return refusal("invalid_grant");
        const Grant grant = std::move(found->second);
        grants_.erase(found);
        if (grant.challenge !=
                rules::pkce_challenge(form.parameter("code_verifier").value_or("")) ||
            grant.redirect_uri != form.parameter("redirect_uri"))
            return refusal("invalid_grant");
        wire::RawMembers answer = new_tokens(grant.who);
        answer["id_token"] = wire::json_of(id_token(
            wire::json_of(said(Part::id_token_header,
                               {{"alg", wire::json_of("ES256")}, {"kid", wire::json_of(key_id)}})),
            wire::json_of(said(Part::id_token_claims, claims(grant)))));
        return json_answer(wire::json_of(said(Part::token_answer, std::move(answer))));
    }

    wire::RawMembers claims(const Grant& grant) const {
        const std::int64_t now = micros(settings_.now()) / 1'000'000;
        return wire::laid_over({{"iss", wire::json_of(settings_.issuer)},
                                {"aud", wire::json_of(settings_.client.id)},
                                {"iat", std::to_string(now)},
                                {"exp", std::to_string(now + lifetime.count())},
                                {"nonce", wire::json_of(grant.nonce)}},
                               wire::claims_of(grant.who));
    }

    wire::RawMembers new_tokens(const testing::OidcLogin& who) {
        const std::string number = std::to_string(++made_);
        access_tokens_["access-" + number] = {who, settings_.now() + lifetime};
        refresh_tokens_["refresh-" + number] = who;
        return {{"access_token", wire::json_of("access-" + number)},
                {"token_type", wire::json_of("Bearer")},
                {"expires_in", std::to_string(lifetime.count())},
                {"refresh_token", wire::json_of("refresh-" + number)}};
    }

    Response refresh(const Url& form) {
        const auto found = refresh_tokens_.find(form.parameter("refresh_token").value_or(""));
        if (found == refresh_tokens_.end()) return refusal("invalid_grant");
        const testing::OidcLogin who = found->second;
        if (settings_.refresh_once) refresh_tokens_.erase(found);
        return json_answer(wire::json_of(new_tokens(who)));
    }

    Response userinfo(const Request& request) {
        const auto found = access_tokens_.find(bearer_token(request));
        if (found == access_tokens_.end() || found->second.expires <= settings_.now())
            return refusal("invalid_token", 401);
        return json_answer(wire::json_of(
            said(Part::userinfo, {{"sub", wire::claims_of(found->second.who)["sub"]}})));
    }

    const OidcSettings settings_;
    std::optional<rules::P256Pair> key_;
    std::map<std::string, Grant> grants_;  // by code
    std::map<std::string, AccessToken> access_tokens_;
    std::map<std::string, testing::OidcLogin> refresh_tokens_;
    int made_ = 0;
};

}}}  // namespace coder_users::v0::stand_in
