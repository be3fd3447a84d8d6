# What the library stands on. The installed package configuration includes this file too.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBXCRYPT REQUIRED IMPORTED_TARGET GLOBAL libxcrypt)
if(NOT TARGET SQLiteCpp)
    find_package(SQLiteCpp REQUIRED)
endif()

# Without the macro picojson rounds integers, and it must be the same in the whole program.
find_path(PICOJSON_INCLUDE_DIR picojson.h PATH_SUFFIXES picojson REQUIRED)
if(NOT TARGET coder_users::picojson)
    add_library(coder_users::picojson INTERFACE IMPORTED GLOBAL)
    target_include_directories(coder_users::picojson INTERFACE ${PICOJSON_INCLUDE_DIR})
    target_compile_definitions(coder_users::picojson INTERFACE PICOJSON_USE_INT64)
endif()

# The macros of cpp-httplib change its classes, so they must come from a target: a bare header
# found in a directory is never used.
if(NOT TARGET httplib::httplib)
    include("${CMAKE_CURRENT_LIST_DIR}/httplib.cmake")
endif()
