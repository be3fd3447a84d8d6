// Times, durations and UUIDs: any bytes must be read or refused, and a value that was read must be
// written in a form that reads the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "coder_users/internal/base/duration.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/time.hpp"

namespace {

using namespace coder_users;

void require(bool good) {
    if (!good) std::abort();
}

void check_time(Time t) {
    const std::string text = to_rfc3339(t);
    require(text.size() >= 20 && text.size() <= 27 && text.back() == 'Z');
    require(parse_rfc3339(text) == t);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (const auto time = parse_rfc3339(text)) {
        check_time(*time);
        require(add(*time, Duration(0)) <= end_of_time);
    }
    if (const auto duration = parse_duration(text)) {
        require(parse_duration(std::to_string(duration->count()) + "us") == duration);
        const Time now = from_micros(1'767'323'045'678'901);
        const Time sum = add(now, *duration);
        require(sum >= never && sum <= end_of_time);
        check_time(sum);
    }
    if (const auto id = parse_uuid(text)) require(parse_uuid(*id) == id && same_folded(*id, text));

    if (size < sizeof(std::int64_t)) return 0;
    std::int64_t number;
    std::memcpy(&number, data, sizeof number);
    const std::int64_t span = micros(end_of_time) - micros(never) + 1;
    check_time(from_micros(micros(never) + (number % span + span) % span));
    if (number != INT64_MIN) add(from_micros(0), Duration(number));
    return 0;
}
