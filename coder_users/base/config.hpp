// The two macros of the library: how its few non-inline names are compiled and exported.
#pragma once

// CODER_USERS_COMPILED is a PUBLIC definition of the CMake target coder_users::coder_users, so it
// is the same in every translation unit of a program. Without it the library is header-only.
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
