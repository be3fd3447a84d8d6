// Tells whether a sanitizer is on, whose memory and times say nothing about the server's.
#pragma once

namespace coder_users_test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

/// Whether threads are watched: then a copy made by fork() can start none.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool threads_are_watched = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool threads_are_watched = true;
#else
inline constexpr bool threads_are_watched = false;
#endif
#else
inline constexpr bool threads_are_watched = false;
#endif

}  // namespace coder_users_test
