// Internal: may change at any time.
// Refusals that several steps of a login through a provider share.
#pragma once

#include <string>
#include <utility>

#include "coder_users/errors.hpp"

namespace coder_users { inline namespace v0 { namespace login {

/// A refusal that people read as a page with a title.
class PageRefusal : public ApiError {
 public:
    PageRefusal(std::string title, std::string text)
        : ApiError(403, std::move(text)), title_(std::move(title)) {}
    const std::string& title() const noexcept { return title_; }

 private:
    std::string title_;
};

inline PageRefusal account_suspended() {
    return {"Account suspended",
            "Your account is suspended. Contact an admin to reactivate your account."};
}

inline ApiError email_not_verified(const std::string& email) {
    return {403,
            "Verify the \"" + email + "\" email address on your OIDC provider to authenticate!"};
}

}}}  // namespace coder_users::v0::login
