// Claims of an OpenID provider, good and bad (docs/contract/external_login.md, "OpenID Connect",
// steps 1 and 3 to 9; threats O1 and O2).
#include "login_world.hpp"

using namespace coder_users_test;

namespace {

using coder_users::Options;
using namespace std::string_literals;

std::string text(const std::string& value) { return '"' + value + '"'; }
const std::string unclaimed = "Failed to obtain user information claims.";
const std::string userinfo_failed =
    "The attempt to fetch claims via the UserInfo endpoint failed: *";

Refusal unverified(const std::string& email) {
    return refusal(
        403, "Verify the \"" + email + "\" email address on your OIDC provider to authenticate!");
}

}  // namespace

TEST_CASE("an answer without an id token is refused") {
    OidcWorld oidc;
    const std::string missing =
        "id_token not found in response payload. Ensure your OIDC callback is configured "
        "correctly!";
    for (const std::string value : {"", "null", "1", "{}"}) {
        INFO(value);
        oidc.check_refused(refusal(400, missing), [&](OidcFace& face) {
            face.token = {{"id_token", value}};
        });
    }
    oidc.check_good();
}

TEST_CASE("claims of the userinfo endpoint are laid over those of the token") {
    OidcWorld oidc;
    const Answer answer = oidc.log_in_with([](OidcFace& face) {
        face.claims["email"] = text("old@corp.example");
        face.userinfo = {{"email", text("new@corp.example")},
                         {"preferred_username", text("newname")},
                         {"picture", text("https://pictures.example/1.png")}};
    });
    CHECK(answer.status == 307);
    CHECK(oidc.login.newest_user() ==
          "newname|new@corp.example|oidc|active|https://pictures.example/1.png");
}

TEST_CASE("a userinfo endpoint that fails, or speaks of somebody else, ends the login") {
    OidcWorld oidc;
    const auto replies = [](const Reply& reply) {
        return [reply](OidcFace& face) { face.replies["/userinfo"] = reply; };
    };
    const Refusal failed = refusal(500, unclaimed, userinfo_failed);
    oidc.check_refused(failed, [](OidcFace& face) { face.userinfo["sub"] = text("eve-1"); });
    oidc.check_refused(failed, [](OidcFace& face) { face.userinfo["sub"] = text(""); });
    oidc.check_refused(failed, replies({500, "{}"}));
    oidc.check_refused(failed, replies({401, R"({"error":"invalid_token"})"}));
    oidc.check_refused(failed, replies({302, "", {{"Location", "https://evil.example/userinfo"}}}));

    INFO("answers that cannot be read");
    const std::string undecodable = "Failed to unmarshal user info claims.";
    for (const Reply& reply :
         {Reply{200, "<html>Welcome</html>", {{"Content-Type", "text/html"}}}, Reply{200, "[]"},
          Reply{200, ""}, Reply{200, R"({"sub":"ada-1","email":"a@x.org","email":"b@x.org"})"},
          Reply{200, R"({"sub":"ada-1"} )"
                     "x"}}) {
        const std::string before = oidc.world.snapshot();
        const Answer answer = oidc.log_in_with(replies(reply));
        INFO(reply.body << " -> " << answer.body);
        CHECK(answer.status == 500);
        const std::string said = parse(answer.body)["message"].text();
        CHECK((said == undecodable || said == unclaimed));
        check_no_session(answer);
        CHECK((oidc.world.snapshot() == before));
    }
    oidc.check_good();
}

TEST_CASE("a provider without userinfo endpoint, and a server that ignores it, use the token") {
    SECTION("none") {
        OidcWorld oidc;
        oidc.check_good([](OidcFace& face) { face.discovery["userinfo_endpoint"] = ""; });
        CHECK(oidc.provider.count("/userinfo") == 0);
    }
    SECTION("ignored") {
        OidcWorld oidc([](Options& options) { options.oidc.ignore_userinfo = true; });
        oidc.check_good([](OidcFace& face) { face.userinfo["email"] = text("eve@corp.example"); });
        CHECK(oidc.login.newest_user() == "ada|ada@corp.example|oidc|active|");
        CHECK(oidc.provider.count("/userinfo") == 0);
    }
}

TEST_CASE("an e-mail address that is missing or no text is refused") {
    OidcWorld oidc;
    const auto email = [](const std::string& value, const std::string& name = "") {
        return [value, name](OidcFace& face) {
            face.claims["email"] = value;
            face.claims["preferred_username"] = name;
        };
    };
    for (const std::string value : {"", "null", R"("")"})
        oidc.check_refused(refusal(400, "No email found in OIDC payload!"),
                           email(value, text("ada")));
    for (const auto& [value, type] : {std::pair<std::string, std::string>{"1", "number"},
                                      {"1.5", "number"},
                                      {"true", "boolean"},
                                      {"[]", "array"},
                                      {R"(["a@x.org"])", "array"},
                                      {"{}", "object"}})
        oidc.check_refused(refusal(400, "Email in OIDC payload isn't a string. Got: " + type),
                           email(value));

    INFO("one that is too long or holds control characters counts as none, and nothing is stored");
    const std::string longest = "ada@" + std::string(250, 'x');
    for (const std::string& value :
         {longest + "x", std::string(400'000, 'a') + "@corp.example", R"(ada\n@corp.example)"s,
          R"(\u007fada@corp.example)"s, R"(ada\u0085@corp.example)"s})
        oidc.check_refused(refusal(400, "No email found in OIDC payload!"),
                           email(text(value), text("ada")));
    oidc.check_good([&](OidcFace& face) {
        face.claims["email"] = text(longest);
        face.claims["sub"] = text("longest");
    });
    CHECK(oidc.world.sql("SELECT email FROM users WHERE email_folded LIKE '%xx'") == longest);

    INFO("the user name serves when it is an address");
    oidc.check_good(email("", text("carl@corp.example")));
    CHECK(oidc.login.newest_user() == "carl|carl@corp.example|oidc|active|");
}

TEST_CASE("[O2] only true and \"true\" verify an e-mail address", "[O2]") {
    OidcWorld oidc;
    for (const std::string value : {"false", R"("false")", R"("TRUE")", R"("1")", "1", "0", "[]",
                                    "[true]", "{}", "null", R"("")"}) {
        INFO(value);
        oidc.check_refused(unverified("ada@corp.example"),
                           [&](OidcFace& face) { face.claims["email_verified"] = value; });
    }
    CHECK(oidc.log_in_as({{"email_verified", R"("true")"}}).status == 307);
    INFO("absent: good for a new account");
    CHECK(oidc.log_in_as({{"email_verified", ""},
                          {"sub", text("carl")},
                          {"email", text("carl@corp.example")},
                          {"preferred_username", text("carl")}})
              .status == 307);
    CHECK(oidc.login.newest_user() == "carl|carl@corp.example|oidc|active|");
}

TEST_CASE("[O2] a server told to ignore it takes every address as verified", "[O2]") {
    OidcWorld oidc([](Options& options) { options.oidc.ignore_email_verified = true; });
    CHECK(oidc.log_in_as({{"email_verified", "false"}}).status == 307);
    CHECK(oidc.login.newest_user() == "ada|ada@corp.example|oidc|active|");
}

TEST_CASE("[O1] the domain of an address is all of it behind the last @", "[O1]") {
    OidcWorld oidc([](Options& options) {
        options.oidc.email_domains = {"corp.example", "@Other.Example"};
    });
    const auto with_email = [](const std::string& email) {
        return [email](OidcFace& face) { face.claims["email"] = text(email); };
    };
    for (const std::string email :
         {"x@exploitcorp.example", "x@corp.example.evil.io", "x@corp.example@evil.io",
          "x@evil.io/corp.example", "x@sub.corp.example", "x@", "x@corp.example.", "x@corp.exampl",
          "corp.example", "x@corp.example ", "x@.corp.example"}) {
        INFO(email);
        const std::string before = oidc.world.snapshot();
        const Answer answer = oidc.log_in_with(with_email(email));
        CHECK(answer.status == 403);
        const std::string said = parse(answer.body)["message"].text();
        const std::string expected = "Your email \"" + email + "\" is not in domains ";
        CHECK(said.substr(0, expected.size()) == expected);
        CHECK_THAT(said, Catch::Matchers::EndsWith("]!"));
        check_no_session(answer);
        CHECK((oidc.world.snapshot() == before));
    }
    for (const std::string email : {"ada@corp.example", "Ada@CORP.example", "ada@other.example",
                                    "\\\"a@b\\\"@OTHER.EXAMPLE"}) {
        INFO(email);
        oidc.check_good(with_email(email));
    }
}

TEST_CASE("[O1] the refusal of a domain names the list") {
    OidcWorld oidc([](Options& options) {
        options.oidc.email_domains = {"a.example", "b.example"};
    });
    oidc.check_refused(refusal(403,
                               "Your email \"ada@corp.example\" is not in domains "
                               "[\"a.example\" \"b.example\"]!"),
                       [](OidcFace&) {});
}

TEST_CASE("name and address come from the claims that the options name") {
    OidcWorld oidc([](Options& options) {
        options.oidc.username_field = "nick";
        options.oidc.email_field = "upn";
    });
    CHECK(oidc.log_in_as({{"nick", text("countess")}, {"upn", text("ada@upn.example")}}).status ==
          307);
    CHECK(oidc.login.newest_user() == "countess|ada@upn.example|oidc|active|");
}
