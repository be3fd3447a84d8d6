// Refuses passwords that are easy to guess, though they are long and varied: Debian's libzxcvbn
// knows words, names, dates and patterns of keys.
#include <zxcvbn.h>

#include <coder_users.hpp>
#include <iostream>

/// Why this user cannot have this password; nothing when it can.
std::optional<std::string> too_easy(const std::string& password, const coder_users::User& user) {
    // Words that others know of this user count as known to whoever guesses.
    const char* known[] = {user.username.c_str(), user.email.c_str(), "example", nullptr};
    const double bits = ZxcvbnMatch(password.c_str(), known, nullptr);
    if (bits >= 40) return std::nullopt;
    return "this password is easy to guess, try several words that do not belong together";
}

int main() {
    coder_users::Options options;
    options.database = ":memory:";
    options.coder_version = "2.35";  // which release of Coder clients find
    options.check_password =
        too_easy;  // called where passwords are hashed, so it may take its time
    auto users = coder_users::open(options);

    coder_users::CreateUser ada;
    ada.email = "ada@example.com", ada.username = "ada";
    for (const char* password : {"Password1!", "Welcome123!", "correct-Horse-9"}) {
        ada.password = password;
        try {
            users.create_first_user(ada);
            std::cout << password << " is good\n";
        } catch (const coder_users::ApiError& refused) {
            std::cout << password << ": " << refused.validations().at(0).detail << '\n';
        }
    }
}
