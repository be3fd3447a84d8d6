// The macros that decide how the functions of the library which are not inline are compiled and
// exported.
#pragma once

// The CMake target coder_users::coder_users defines CODER_USERS_COMPILED for all that link to it,
// so that every translation unit of a program agrees. Without it the library is header-only.
#ifdef CODER_USERS_COMPILED
#define CODER_USERS_INLINE
#else
#define CODER_USERS_INLINE inline
#endif

#if defined(__GNUC__) || defined(__clang__)
#define CODER_USERS_API __attribute__((visibility("default")))
#else
#define CODER_USERS_API
#endif
