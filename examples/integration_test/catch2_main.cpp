#define CATCH_CONFIG_MAIN  // in one file of the program: makes main()
#include <catch2/catch.hpp>
