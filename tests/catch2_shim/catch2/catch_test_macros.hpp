// Gives Catch2 2.13 the name of Catch2 3's header.
#pragma once

#include <catch2/catch.hpp>
