// Internal: may change at any time.
// Handlers for one-time passcodes, by which users who have forgotten their password get a new one.
#pragma once

#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/operations/passcodes.hpp"

namespace coder_users { inline namespace v0 { namespace http {

inline Reply post_passcode_request(Call& call) {
    operations::request_passcode(call.acting, call.body.text("email"));
    return {204, ""};
}

inline Reply post_passcode_change(Call& call) {
    operations::redeem_passcode(call.acting, {call.body.text("email"), call.body.text("password"),
                                              call.body.text("one_time_passcode")});
    return {204, ""};
}

}}}  // namespace coder_users::v0::http
