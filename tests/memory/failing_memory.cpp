#include "failing_memory.hpp"

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

void* allocate(std::size_t size) noexcept {
    return plan().strikes(Kind::operator_new) ? nullptr : std::malloc(size > 0 ? size : 1);
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
void operator delete(void* old) noexcept { std::free(old); }
void operator delete[](void* old) noexcept { std::free(old); }
void operator delete(void* old, std::size_t) noexcept { std::free(old); }
void operator delete[](void* old, std::size_t) noexcept { std::free(old); }
