// The second translation unit of the same host. In the compiled form, where no third-party header
// follows, it defines macros that platforms and libraries are known to define.
#ifdef CODER_USERS_COMPILED
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) < (b) ? (b) : (a))
#define DELETE 0x10000
#define ERROR 0
#define OK 0
#define interface struct
#endif

#include <coder_users.hpp>

int users_seen_by_the_other(const coder_users::Service& users, coder_users::Options options) {
    options.on_event = nullptr;
    auto second = coder_users::open(options);
    const bool apart = second.as(coder_users::Identity::system()).list_users().count == 0;
    return apart && !users.url().empty() ? 1 : 0;
}
