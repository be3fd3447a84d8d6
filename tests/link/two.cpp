// The other translation unit. Where no third-party header follows, it defines macros that platforms
// and libraries are known to define.
#ifdef CODER_USERS_COMPILED
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) < (b) ? (b) : (a))
#define DELETE 0x10000
#define ERROR 0
#define OK 0
#define interface struct
#endif

#include <coder_users.hpp>

int port_of_the_other() {
    const coder_users::Options options;
    return options.port;
}
