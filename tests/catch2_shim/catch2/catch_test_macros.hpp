// The name that Catch2 3 has for it, where Catch2 2.13 is installed.
#pragma once

#include <catch2/catch.hpp>
