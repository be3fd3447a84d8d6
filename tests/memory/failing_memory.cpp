#include "failing_memory.hpp"

#include <malloc.h>
#include <openssl/crypto.h>
#include <sqlite3.h>

#include <cstdlib>
#include <new>
#include <stdexcept>

namespace memory {

Plan& plan() {
    static Plan one;
    return one;
}

namespace {

sqlite3_mem_methods real;

void* sqlite_malloc(int size) {
    return plan().strikes(Kind::sqlite) ? nullptr : real.xMalloc(size);
}
void* sqlite_realloc(void* old, int size) {
    return plan().strikes(Kind::sqlite) ? nullptr : real.xRealloc(old, size);
}

// What this thread has allocated less what it has freed, in bytes.
thread_local std::ptrdiff_t held = 0, most_held = 0, held_at_first = 0;

void count(std::ptrdiff_t bytes) noexcept {
    held += bytes;
    if (held > most_held) most_held = held;
}

void* openssl_malloc(std::size_t size, const char*, int) {
    return size == 0 || plan().strikes(Kind::openssl) ? nullptr : std::malloc(size);
}
void* openssl_realloc(void* old, std::size_t size, const char*, int) {
    return plan().strikes(Kind::openssl) ? nullptr : std::realloc(old, size);
}
void openssl_free(void* old, const char*, int) { std::free(old); }

bool openssl_watched = false;

// Before cpp-httplib's static object, which uses OpenSSL.
[[gnu::constructor(101)]] void watch_openssl() {
    openssl_watched = CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1;
}

void* allocate(std::size_t size) noexcept {
    if (plan().strikes(Kind::operator_new)) return nullptr;
    void* const got = std::malloc(size > 0 ? size : 1);
    if (got) count(static_cast<std::ptrdiff_t>(::malloc_usable_size(got)));
    return got;
}

void release(void* old) noexcept {
    if (old) count(-static_cast<std::ptrdiff_t>(::malloc_usable_size(old)));
    std::free(old);
}

}  // namespace

void watch_sqlite() {
    static const bool done = [] {
        sqlite3_mem_methods mine;
        const bool good = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) == SQLITE_OK;
        mine = real;
        mine.xMalloc = sqlite_malloc;
        mine.xRealloc = sqlite_realloc;
        // Without SQLite's own small blocks, every allocation is made here.
        return good && sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) == SQLITE_OK &&
               sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK;
    }();
    if (!done) throw std::runtime_error("SQLite is in use already");
}

bool watches_openssl() { return openssl_watched; }

Peak::Peak() { held_at_first = most_held = held; }
std::size_t Peak::bytes() const { return static_cast<std::size_t>(most_held - held_at_first); }

}  // namespace memory

void* operator new(std::size_t size) {
    if (void* const got = memory::allocate(size)) return got;
    throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return memory::allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return memory::allocate(size);
}
void operator delete(void* old) noexcept { memory::release(old); }
void operator delete[](void* old) noexcept { memory::release(old); }
void operator delete(void* old, std::size_t) noexcept { memory::release(old); }
void operator delete[](void* old, std::size_t) noexcept { memory::release(old); }
