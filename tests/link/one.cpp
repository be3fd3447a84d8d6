// One of two translation units that include the library; this one has main().
#include <coder_users.hpp>

int port_of_the_other();

int main() {
    const coder_users::Options options;
    return options.port == port_of_the_other() ? 0 : 1;
}
