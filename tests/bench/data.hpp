// Makes the same users and tokens in every run, for measuring.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/store/open_engine.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "coder_users/internal/store/user_records.hpp"

namespace bench {

using namespace coder_users;

inline constexpr Time born = from_micros(1'700'000'000'000'000);
inline constexpr std::size_t token_count = 4096;

/// Bytes that look random but are the same in every run.
class Repeatable {
 public:
    explicit Repeatable(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    rules::Random bytes() {
        return [this](unsigned char* to, std::size_t count) {
            for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<unsigned char>(next());
        };
    }

 private:
    std::uint64_t state_;
};

/// Returns user number i, such as "anna-sven-0000042". One in ten is dormant.
inline User user_number(std::size_t i) {
    static constexpr std::array<const char*, 16> names{
        "anna", "bob",  "carl", "dora", "emil", "fred", "gina", "hugo",
        "ida",  "john", "kate", "liam", "mona", "nils", "olga", "paul"};
    std::array<unsigned char, 16> bytes{};
    Repeatable random(i + 1);
    for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random.next());
    // Ids in growing order are stored several times as fast as ids in random order.
    for (std::size_t k = 0; k < 4; ++k) bytes[k] = static_cast<unsigned char>(i >> (24 - 8 * k));
    User user;
    user.id = make_uuid(bytes);
    std::string number = std::to_string(i);
    number.insert(0, 7 - (std::min)(number.size(), std::size_t{7}), '0');
    user.username = std::string(names[random.next() % names.size()]) + '-' +
                    names[random.next() % names.size()] + '-' + number;
    user.email = user.username + "@example.org";
    user.created_at = user.last_seen_at = born + std::chrono::seconds(i);
    user.status = i % 10 == 9 ? UserStatus::dormant : UserStatus::active;
    user.login_type = LoginType::password;
    if (i == 0) user.roles = {"owner"};
    return user;
}

/// Fills an empty store. The tokens belong to the first users, of whom the very first is the owner,
/// and live for a year from `now`. `hash` is that of everybody's password.
inline std::vector<std::string> fill(store::Store& store, std::size_t users, Time now,
                                     const std::string& hash) {
    constexpr std::size_t chunk = 50'000;
    Repeatable random(7);
    const Organization organization{make_uuid({1}), "default", born, born};
    std::vector<std::string> tokens;
    for (std::size_t begin = 0; begin < users; begin += chunk)
        store.write([&](store::Tx& tx) {
            const store::LargeCache large(tx);
            if (begin == 0) store::organizations::insert(tx, organization);
            for (std::size_t i = begin; i < (std::min)(users, begin + chunk); ++i) {
                const User user = user_number(i);
                store::users::insert_row(tx, user, hash);
                store::organizations::add_member(tx, organization.id, user.id, {}, born);
                if (i >= token_count) continue;
                const rules::NewKey made = rules::make_key(random.bytes());
                ApiKey key = rules::new_api_key(made.id, user.id, LoginType::token,
                                                std::chrono::hours(24 * 365), now);
                key.token_name = "bench";
                key.last_used = now;
                store::api_keys::insert(tx, key, made.hashed_secret);
                tokens.push_back(made.token());
            }
            if (begin + chunk >= users) store::users::derive_all(tx);
        });
    return tokens;
}

}  // namespace bench
