// Catch2 under one name, whether version 3 or 2.13 is installed.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#include <string>

namespace Catch { namespace Matchers {

inline auto ContainsSubstring(const std::string& text) { return Contains(text); }

}}  // namespace Catch::Matchers
#endif
