# Does with a package what CPM.cmake does by default, for machines that cannot fetch CPM.cmake.
include(FetchContent)
function(CPMAddPackage)
    cmake_parse_arguments(PARSE_ARGV 0 package "" "NAME;VERSION;GIT_REPOSITORY" "")
    if(package_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "not known to this stand-in: ${package_UNPARSED_ARGUMENTS}")
    endif()
    FetchContent_Declare(${package_NAME}
        GIT_REPOSITORY ${package_GIT_REPOSITORY} GIT_TAG v${package_VERSION})
    FetchContent_MakeAvailable(${package_NAME})
endfunction()
