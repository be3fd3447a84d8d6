// Forged, broken and unusual id tokens (docs/contract/external_login.md, "OpenID Connect", step 2;
// threats O6 to O8).
#include "coder_users/internal/rules/jwt.hpp"
#include "login_world.hpp"

using namespace coder_users_test;

namespace {

using Change = std::function<void(OidcFace&)>;
struct Case {
    std::string title;
    Change change;
};

Change header(const Members& members) {
    return [members](OidcFace& face) { face.header = changed(face.header, members); };
}
Change claims(const Members& members) {
    return [members](OidcFace& face) { face.claims = changed(face.claims, members); };
}
/// The token as a whole, made from the good one.
Change token(const std::function<std::string(const std::string&)>& remake) {
    return [remake](OidcFace& face) {
        face.id_token = [remake, good = face.id_token](const std::string& head,
                                                       const std::string& body) {
            return remake(good(head, body));
        };
    };
}
/// A token signed with another key than its header names, or in another way.
template <class Sign>
Change signed_with(const Members& head, Sign sign) {
    return [head, sign](OidcFace& face) {
        face.header = changed(face.header, head);
        face.id_token = [sign](const std::string& h, const std::string& c) {
            const std::string input = signing_input(h, c);
            return with_signature(input, sign(input));
        };
    };
}
std::string at(std::int64_t offset) {
    return std::to_string(coder_users::micros(start_of_test) / 1'000'000 + offset);
}
std::string text(const std::string& value) { return '"' + value + '"'; }

/// A provider whose key set also holds an RSA key, a weak key, and keys of kinds that are not
/// supported.
struct Keys : OidcWorld {
    using OidcWorld::OidcWorld;
    Change with_keys(const Change& change) {
        return [this, change](OidcFace& face) {
            face.keys = R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"okp","x":"AAAA"},)"
                        R"({"kty":"oct","kid":"secret","k":"c2VjcmV0"},)" +
                        rsa.jwk("rsa") + "," + weak.jwk("weak") + "," + provider.ec.jwk("ec") +
                        "]}";
            change(face);
        };
    }
    void check_untrusted(const std::vector<Case>& cases) {
        for (const Case& each : cases) {
            INFO(each.title);
            check_refused(refusal(400, untrusted, "*"), with_keys(each.change));
        }
        INFO("the same provider without tricks");
        check_good(with_keys([](OidcFace&) {}));
        CHECK(login.count("user_links") == "1");
    }

    const ProviderKey rsa = ProviderKey::rsa(), weak = ProviderKey::rsa(1024);
    const ProviderKey foreign = ProviderKey::ec();
};

}  // namespace

TEST_CASE("[O7] signatures that are none, or of another key or kind, are refused", "[O7]") {
    Keys keys;
    const auto foreign = [&](const std::string& in) { return keys.foreign.sign("ES256", in); };
    const auto none = [](const std::string&) { return std::string(); };
    const auto by_ec = [&](const std::string& in) { return keys.provider.ec.sign("ES256", in); };
    const auto by_rsa = [&](const std::string& algorithm) {
        return [&keys, algorithm](const std::string& in) { return keys.rsa.sign(algorithm, in); };
    };
    const auto hmac = [](const std::string& secret) {
        return [secret](const std::string& in) { return hmac_sha256(secret, in); };
    };
    keys.check_untrusted({
        {"another key", signed_with({}, foreign)},
        {"no signature", signed_with({}, none)},
        {"none", signed_with({{"alg", text("none")}}, none)},
        {"None", signed_with({{"alg", text("None")}}, none)},
        {"none without kid", signed_with({{"alg", text("none")}, {"kid", ""}}, none)},
        {"none with a good signature", signed_with({{"alg", text("none")}}, by_ec)},
        {"no algorithm", signed_with({{"alg", ""}}, by_ec)},
        {"algorithm null", signed_with({{"alg", "null"}}, by_ec)},
        {"algorithm as a list", signed_with({{"alg", R"(["ES256"])"}}, by_ec)},
        {"algorithm in lower case", signed_with({{"alg", text("es256")}}, by_ec)},
        {"HS256 with the public key",
         signed_with({{"alg", text("HS256")}, {"kid", text("rsa")}}, hmac(keys.rsa.public_pem()))},
        {"HS256 with the key set's entry",
         signed_with({{"alg", text("HS256")}, {"kid", text("rsa")}}, hmac(keys.rsa.jwk("rsa")))},
        {"HS256 with the client's secret",
         signed_with({{"alg", text("HS256")}, {"kid", ""}}, hmac("client secret+%"))},
        {"HS256 with a symmetric key of the key set",
         signed_with({{"alg", text("HS256")}, {"kid", text("secret")}}, hmac("secret"))},
        {"PS512, which is not listed",
         signed_with({{"alg", text("PS512")}, {"kid", text("rsa")}},
                     [&](const std::string& in) { return keys.rsa.sign("PS512", in); })},
        {"ES512 over an ES256 signature", signed_with({{"alg", text("ES512")}}, by_ec)},
        {"RS256 in name, RS512 in fact",
         signed_with({{"alg", text("RS256")}, {"kid", text("rsa")}}, by_rsa("RS512"))},
        {"PS256 in name, RS256 in fact",
         signed_with({{"alg", text("PS256")}, {"kid", text("rsa")}}, by_rsa("RS256"))},
        {"RS256 with an EC key's name", signed_with({{"alg", text("RS256")}}, by_rsa("RS256"))},
        {"ES256 with an RSA key's name", signed_with({{"kid", text("rsa")}}, by_ec)},
        {"an RSA key of 1024 bits",
         signed_with({{"alg", text("RS256")}, {"kid", text("weak")}},
                     [&](const std::string& in) { return keys.weak.sign("RS256", in); })},
        {"an RSA key of 1024 bits that no kid names",
         signed_with({{"alg", text("RS256")}, {"kid", ""}},
                     [&](const std::string& in) { return keys.weak.sign("RS256", in); })},
        {"r and s are zero",
         signed_with({}, [](const std::string&) { return std::string(64, '\0'); })},
        {"half a signature",
         signed_with({}, [&](const std::string& in) { return by_ec(in).substr(0, 32); })},
        {"a signature and a half",
         signed_with({}, [&](const std::string& in) { return by_ec(in) + std::string(32, '\0'); })},
        {"a signature of nothing", signed_with({}, [&](const std::string&) { return by_ec(""); })},
        {"claims changed after signing", token([](std::string good) {
             const std::size_t first = good.find('.');
             const std::size_t second = good.find('.', first + 1);
             const std::string eve = coder_users::rules::base64url_encode(R"({"sub":"eve"})");
             return good.replace(first + 1, second - first - 1, eve);
         })},
    });
}

TEST_CASE("[O7] a header cannot choose the key or demand what is not understood", "[O7]") {
    Keys keys;
    const auto foreign = [&](const std::string& in) { return keys.foreign.sign("ES256", in); };
    const std::string there = text(keys.provider.url() + "/foreign");
    const std::string foreign_keys = "{\"keys\":[" + keys.foreign.jwk("mine") + "]}";
    const auto published = [&](const Change& change) {
        return [=](OidcFace& face) {
            face.replies["/foreign"] = Reply{200, foreign_keys};
            change(face);
        };
    };
    const Members embedded{{"jwk", keys.foreign.jwk("mine")}, {"kid", ""}};
    keys.check_untrusted({
        {"jwk", signed_with(embedded, foreign)},
        {"jwk and its kid", signed_with(changed(embedded, {{"kid", text("mine")}}), foreign)},
        {"jwk under a good kid", signed_with(changed(embedded, {{"kid", text("ec")}}), foreign)},
        {"jku", published(signed_with({{"jku", there}, {"kid", text("mine")}}, foreign))},
        {"jku without kid", published(signed_with({{"jku", there}, {"kid", ""}}, foreign))},
        {"x5u", published(signed_with({{"x5u", there}, {"kid", ""}}, foreign))},
        {"x5c", signed_with({{"x5c", R"(["MIIB"])"}, {"kid", ""}}, foreign)},
        {"a kid nobody knows", header({{"kid", text("nosuch")}})},
        {"an empty kid", header({{"kid", text("")}})},
        {"a kid that is a path", header({{"kid", text("../../../../dev/null")}})},
        {"a kid that is SQL", header({{"kid", text("' OR 1=1 --")}})},
        {"a kid that is no string", header({{"kid", "1"}})},
        {"crit", header({{"crit", R"(["exp"])"}})},
        {"an empty crit", header({{"crit", "[]"}})},
        {"crit with its header", header({{"crit", R"(["b64"])"}, {"b64", "true"}})},
    });
    CHECK(keys.provider.count("/foreign") == 0);
}

TEST_CASE("[O7] what has not the form of a signed token is refused", "[O7]") {
    Keys keys;
    const auto part = [](const std::string& json) {
        return coder_users::rules::base64url_encode(json);
    };
    const auto whole = [](const std::string& text) {
        return token([text](const std::string&) { return text; });
    };
    /// Keeps header and claims as texts, signed correctly.
    const auto raw = [&](const std::string& head, const std::string& body) {
        return token([&keys, head, body](const std::string&) {
            const std::string input = signing_input(head, body);
            return with_signature(input, keys.provider.ec.sign("ES256", input));
        });
    };
    keys.check_untrusted({
        {"empty", whole("")},
        {"dots", whole("..")},
        {"no token", whole("token")},
        {"an encrypted one",
         whole(part(R"({"alg":"RSA-OAEP","enc":"A256GCM"})") + ".a2V5.aXY.dGV4dA.dGFn")},
        {"four parts", token([](const std::string& good) { return good + ".AAAA"; })},
        {"two parts",
         token([](const std::string& good) { return good.substr(0, good.rfind('.')); })},
        {"a dot more", token([](const std::string& good) { return good + "."; })},
        {"padding", token([](const std::string& good) { return good + "=="; })},
        {"a line end", token([](const std::string& good) { return good + "\\n"; })},
        {"a blank in front", token([](const std::string& good) { return " " + good; })},
        {"the other alphabet", token([](std::string good) {
             good[good.size() - 2] = '+';
             return good;
         })},
        {"stray bits behind the signature", token([](std::string good) {
             // 64 bytes leave 4 bits over in the last letter: a strict reader wants them zero.
             const std::string letters =
                 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
             good.back() = letters[letters.find(good.back()) + 1];
             return good;
         })},
        {"a header that is no JSON", raw("{", "{}")},
        {"a header that is a list", raw(R"(["ES256"])", "{}")},
        {"claims that are empty", raw(R"({"alg":"ES256","kid":"ec"})", "{}")},
    });
}

TEST_CASE("[O7] a token of a megabyte is refused, however well it is signed", "[O7]") {
    Keys keys;
    keys.check_refused(refusal(500, not_exchanged, "*"),
                       keys.with_keys(claims({{"more", text(std::string(1 << 20, 'x'))}})));
}

TEST_CASE("[O6] [O7] [O8] claims for others, of others or of another time are refused",
          "[O6][O7][O8]") {
    Keys keys;
    const std::string issuer = keys.provider.url();
    keys.check_untrusted({
        {"another issuer", claims({{"iss", text("https://accounts.example.com")}})},
        {"the issuer with a slash", claims({{"iss", text(issuer + "/")}})},
        {"no issuer", claims({{"iss", ""}})},
        {"issuers", claims({{"iss", "[" + text(issuer) + "]"}})},
        {"another audience", claims({{"aud", text("client2")}})},
        {"an audience in capitals", claims({{"aud", text("CLIENT")}})},
        {"no audience", claims({{"aud", ""}})},
        {"an empty audience", claims({{"aud", "[]"}})},
        {"an audience that is no string", claims({{"aud", "1"}})},
        {"an audience of other things", claims({{"aud", R"([1,{"client":"client"}])"}})},
        {"several without azp", claims({{"aud", R"(["client","other"])"}})},
        {"several with another azp",
         claims({{"aud", R"(["client","other"])"}, {"azp", text("other")}})},
        {"one with another azp", claims({{"azp", text("other")}})},
        {"azp for us, audience not", claims({{"aud", text("other")}, {"azp", text("client")}})},
        {"azp that is no string", claims({{"azp", "1"}})},
        {"expired", claims({{"exp", at(-61)}})},
        {"no expiry", claims({{"exp", ""}})},
        {"an expiry that is text", claims({{"exp", text(at(300))}})},
        {"issued in the future", claims({{"iat", at(120)}})},
        {"not good yet", claims({{"nbf", at(120)}})},
        {"no subject", claims({{"sub", ""}})},
        {"an empty subject", claims({{"sub", text("")}})},
        {"a subject that is a number", claims({{"sub", "1"}})},
        {"a subject that is too long", claims({{"sub", text(std::string(256, 's'))}})},
        {"no nonce", claims({{"nonce", ""}})},
        {"another nonce", claims({{"nonce", text("n-0S6_WzA2Mj")}})},
        {"an empty nonce", claims({{"nonce", text("")}})},
        {"a nonce that is true", claims({{"nonce", "true"}})},
    });
}

TEST_CASE("[O7] every listed algorithm, and what is unusual but right, is accepted", "[O7]") {
    Keys keys;
    std::vector<Case> cases;
    for (const std::string algorithm : {"RS256", "RS384", "RS512", "PS256"})
        cases.push_back({algorithm, signed_with({{"alg", text(algorithm)}, {"kid", text("rsa")}},
                                                [&keys, algorithm](const std::string& in) {
                                                    return keys.rsa.sign(algorithm, in);
                                                })});
    cases.insert(
        cases.end(),
        {{"ES256", header({})},
         {"no kid", header({{"kid", ""}})},
         {"no kid, RSA",
          signed_with({{"alg", text("RS256")}, {"kid", ""}},
                      [&](const std::string& in) { return keys.rsa.sign("RS256", in); })},
         {"typ", header({{"typ", text("JWT")}})},
         {"a jwk that is ignored", header({{"jwk", keys.foreign.jwk("mine")}})},
         {"a jku that is ignored", header({{"jku", text(keys.provider.url() + "/foreign")}})},
         {"a list of one audience", claims({{"aud", R"(["client"])"}})},
         {"azp", claims({{"azp", text("client")}})},
         {"several with azp", claims({{"aud", R"(["x","client"])"}, {"azp", text("client")}})},
         {"expired within the tolerance", claims({{"exp", at(-50)}})},
         {"times ahead within the tolerance", claims({{"iat", at(50)}, {"nbf", at(50)}})},
         {"claims that mean nothing here", claims({{"groups", R"(["root"])"}, {"roles", "[1]"}})}});
    for (const Case& each : cases) {
        INFO(each.title);
        keys.check_good(keys.with_keys(each.change));
    }
    CHECK(keys.provider.count("/foreign") == 0);
    CHECK(keys.login.count("user_links") == "1");
    CHECK(keys.world.sql("SELECT count(*) FROM user_roles") == "1");  // the owner's
}

TEST_CASE("[O7] claims that cannot be decoded, or occur twice, are refused", "[O7]") {
    Keys keys;
    const auto raw = [&](const std::function<void(std::string&, std::string&)>& change) {
        return [&keys, change](OidcFace& face) {
            face.id_token = [&keys, change](std::string head, std::string body) {
                change(head, body);
                const std::string input = signing_input(head, body);
                return with_signature(input, keys.provider.ec.sign("ES256", input));
            };
        };
    };
    const auto head = [&](const std::string& member) {
        return raw([member](std::string& text, std::string&) { text.insert(1, member + ","); });
    };
    const auto body = [&](const std::string& member) {
        return raw([member](std::string&, std::string& text) { text.insert(1, member + ","); });
    };
    const auto claims_are = [&](const std::string& whole) {
        return raw([whole](std::string&, std::string& text) { text = whole; });
    };
    const std::vector<Change> changes{
        body(R"("sub":"eve")"), body(R"("nonce":"x")"), body(R"("iss":"https://evil.example")"),
        claims_are("{"),        claims_are("[]"),       claims_are("\"claims\""),
        claims_are("")};
    for (const Change& change : changes)
        keys.check_refused(refusal(500, "Failed to extract OIDC claims."), keys.with_keys(change));
    keys.check_untrusted(
        {{"alg twice", head(R"("alg":"none")")}, {"kid twice", head(R"("kid":"ec")")}});
}
