// Points in time: UTC, to the microsecond.
#pragma once

#include <chrono>
#include <cstdint>

namespace coder_users { inline namespace v0 {

/// A point in time in UTC. Answers and the database keep microseconds and nothing finer.
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
/// A length of time, as exact as a Time.
using Duration = std::chrono::microseconds;

/// Microseconds since 1970-01-01.
inline constexpr std::int64_t micros(Time t) { return t.time_since_epoch().count(); }
/// The opposite of micros().
inline constexpr Time from_micros(std::int64_t n) { return Time(Duration(n)); }

/// 0001-01-01T00:00:00Z, by which answers say "never".
inline constexpr Time never = from_micros(-62'135'596'800'000'000);
/// The last moment of the year 9999. Sums stop here instead of overflowing.
inline constexpr Time end_of_time = from_micros(253'402'300'799'999'999);

}}  // namespace coder_users::v0
