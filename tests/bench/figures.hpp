// What programs that measure milliseconds share.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace bench {

/// Prints the median of what was measured, in milliseconds, with the extremes and the goal.
inline void print(const char* what, std::vector<double> values, const char* goal) {
    std::sort(values.begin(), values.end());
    std::printf("%-52s median %8.2f ms  (%.2f to %.2f)  goal %s\n", what, values[values.size() / 2],
                values.front(), values.back(), goal);
}

/// Ends the program unless what it measures works.
inline void require(bool good) {
    if (!good) std::abort();
}

}  // namespace bench
