// Memory that runs out inside OpenSSL is always told as such, never a wrong result, and the next
// call works.
#include "coder_users/internal/rules/crypto.hpp"

#include <functional>
#include <string>
#include <thread>

#include "catch.hpp"
#include "coder_users/internal/rules/signature_keys.hpp"
#include "failing_memory.hpp"

using namespace coder_users;
using memory::Kind;
using memory::plan;
using memory::Whose;

namespace {

/// Calls `work` on a thread of its own with each allocation failing in turn, alone or with all
/// further ones. Returns what went wrong; "" for nothing.
std::string failing(const std::function<bool()>& work) {
    std::string wrong;
    long refused = 0;
    for (const bool for_ever : {false, true})
        for (long n = 1, hits = 1; hits > 0 && n < 10'000; ++n) {
            std::thread([&] {
                const std::string which = std::to_string(n) + (for_ever ? " and on: " : ": ");
                plan().arm(Kind::openssl, Whose::mine, n, for_ever ? LONG_MAX : n);
                try {
                    if (!work()) wrong += which + "wrong result\n";
                } catch (const rules::CryptoUnavailable&) {
                    ++refused;
                    if (ERR_peek_error() != 0) wrong += which + "an error is left behind\n";
                } catch (const std::exception& error) {
                    wrong += which + error.what() + "\n";
                }
                plan().disarm();
                hits = plan().hits;
                if (!work()) wrong += which + "wrong afterwards\n";
            }).join();
        }
    return wrong + (refused > 0 ? "" : "nothing failed\n");
}

}  // namespace

TEST_CASE("memory that runs out inside OpenSSL is told as such, and the next call works",
          "[memory]") {
    if (!memory::watches_openssl()) {
        WARN("a shared library uses OpenSSL already");
        return;
    }
    const std::string key(32, 'k'), seed(32, 's');
    const std::string sealed = rules::seal(key, "text", "id", rules::system_random);
    const std::string hash = rules::sha256_hex("a"), mac = rules::hmac_sha512("k", "a"),
                      point = rules::ed25519_public_key(seed);
    rules::make_p256_key(rules::system_random);
    CHECK(failing([&] { return rules::sha256_hex("a") == hash; }) == "");
    CHECK(failing([&] { return rules::hmac_sha512("k", "a") == mac; }) == "");
    CHECK(failing([&] { return rules::open(key, sealed, "id") == "text"; }) == "");
    CHECK(failing([&] {
              return rules::open(key, rules::seal(key, "text", "id", rules::system_random), "id") ==
                     "text";
          }) == "");
    CHECK(failing([&] { return rules::ed25519_public_key(seed) == point; }) == "");
    CHECK(failing([&] { return rules::make_p256_key(rules::system_random).point.size() == 65; }) ==
          "");
}
