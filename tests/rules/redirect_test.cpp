#include "coder_users/internal/rules/redirect.hpp"

#include <string>
#include <utility>

#include "catch.hpp"

namespace redirect_test {

using coder_users::rules::local_redirect;

TEST_CASE("a login leads back to a local path, whatever was asked for") {
    const std::pair<std::string, std::string> rows[] = {
        // docs/contract/external_login.md, "Redirect".
        {"", "/"},
        {"//evil", "/"},
        {"javascript:x", "/"},
        {"data:x", "/"},
        {"foo/bar", "/foo/bar"},
        {"https://evil/p?a=b", "/p?a=b"},
        {"https://evil//x", "/x"},
        {"///evil", "/evil"},
        {"/\\evil", "/evil"},
        // Path and query only.
        {"/", "/"},
        {"/a/b?c=d&e=f", "/a/b?c=d&e=f"},
        {"?a=b", "/?a=b"},
        {"https://evil?a=b", "/?a=b"},
        {"/p?a=b#fragment", "/p?a=b"},
        {"#fragment", "/"},
        {"HTTPS://evil/p", "/p"},
        {"http://user:word@evil:80/p", "/p"},
        {"http://[::1]:80/p", "/p"},
        {"https:evil", "/evil"},
        {"https:/evil", "/evil"},
        {"https:///evil", "/evil"},
        // All kinds of leading slashes.
        {"\\\\evil", "/evil"},
        {"\\/evil", "/evil"},
        {"/\\/\\evil", "/evil"},
        {"https:\\\\evil", "/evil"},
        {"////", "/"},
        {"%2f%2fevil", "/%2f%2fevil"},
        {"/%5cevil", "/%5cevil"},
        {"/..//evil", "/..//evil"},
        // What cannot be parsed.
        {"/%", "/"},
        {"/%4", "/"},
        {"/%zz", "/"},
        {"/a?b=%", "/"},
        {"/a#%", "/"},
        {":x", "/"},
        {"1a:x", "/"},
        {"ht\\tp://evil", "/"},
        {"http://a b/p", "/"},
        {"http://evil\\x/p", "/"},
        {"http://evil:port/p", "/"},
        // Control characters.
        {"/a\r\nSet-Cookie: b", "/"},
        {"/a\tb", "/"},
        {"java\nscript:x", "/"},
        {std::string("/a\0b", 4), "/"},
        {"/a\x7f", "/"},
        // Other schemes.
        {"vbscript:x", "/"},
        {"ftp://host/p", "/"},
        {"httpx://host/p", "/"},
        // All other characters are encoded.
        {"/a;b", "/a%3Bb"},
        {"/a b", "/a%20b"},
        {"/a\"b", "/a%22b"},
        {"/a\\b", "/a%5Cb"},
        {"/a,b", "/a%2Cb"},
        {"/<a>{b}|^`", "/%3Ca%3E%7Bb%7D%7C%5E%60"},
        {"/\u00e4", "/%C3%A4"},
        {"/\xff", "/%FF"},
        {"/!$&'()*+-.:=@[]_~%41?!$&'()*+-./:=?@[]_~", "/!$&'()*+-.:=@[]_~%41?!$&'()*+-./:=?@[]_~"},
    };
    for (const auto& [asked, expected] : rows) {
        CAPTURE(asked);
        CHECK(local_redirect(asked) == expected);
        CHECK(local_redirect(local_redirect(asked)) == expected);
    }
}

}  // namespace redirect_test
