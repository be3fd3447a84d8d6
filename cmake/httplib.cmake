# Provides httplib::httplib: a source tree when one is named, else an installed cpp-httplib.

set(httplib_minimum 0.18)

if(FETCHCONTENT_SOURCE_DIR_HTTPLIB)
    include(FetchContent)
    # Compiled once, a file that includes it builds in 1 s instead of 7 s. A host has its own say.
    if(NOT DEFINED HTTPLIB_COMPILE)
        set(HTTPLIB_COMPILE ${PROJECT_IS_TOP_LEVEL})
    endif()
    set(HTTPLIB_INSTALL ${CODER_USERS_INSTALL})
    set(HTTPLIB_REQUIRE_OPENSSL ON)
    set(HTTPLIB_USE_ZLIB_IF_AVAILABLE OFF)
    set(HTTPLIB_USE_BROTLI_IF_AVAILABLE OFF)
    set(HTTPLIB_USE_ZSTD_IF_AVAILABLE OFF)
    FetchContent_Declare(httplib SYSTEM)
    FetchContent_MakeAvailable(httplib)
    if(HTTPLIB_COMPILE)
        target_compile_options(httplib PRIVATE ${coder_users_quick_build})
    endif()
    return()
endif()

find_package(httplib CONFIG QUIET)
if(httplib_FOUND AND httplib_VERSION VERSION_GREATER_EQUAL httplib_minimum)
    return()
endif()

pkg_check_modules(CPP_HTTPLIB QUIET IMPORTED_TARGET GLOBAL cpp-httplib>=${httplib_minimum})
if(CPP_HTTPLIB_FOUND AND NOT TARGET httplib::httplib)
    add_library(httplib::httplib INTERFACE IMPORTED GLOBAL)
    target_link_libraries(httplib::httplib INTERFACE PkgConfig::CPP_HTTPLIB)
    return()
endif()

message(FATAL_ERROR
    "cpp-httplib ${httplib_minimum} or newer was not found. Either\n"
    "  - run ./dev, which fetches its source on Debian 12, or\n"
    "  - install it with its CMake package or its pkg-config file (Debian 13: libcpp-httplib-dev), or\n"
    "  - unpack its source and configure with -D FETCHCONTENT_SOURCE_DIR_HTTPLIB=<directory>.")
