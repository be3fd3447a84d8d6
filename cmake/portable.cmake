# The target coder_users_portable: the demo server as one file that needs nothing of a system but its C
# library, for packages. It is linked from the objects of the demo server, so it compiles nothing.
# Without the archives of a library there is no such target.

set(coder_users_archives)
foreach(name SQLiteCpp sqlite3 crypt ssl crypto)
    find_library(CODER_USERS_ARCHIVE_${name} lib${name}.a)
    mark_as_advanced(CODER_USERS_ARCHIVE_${name})
    if(NOT CODER_USERS_ARCHIVE_${name})
        return()
    endif()
    list(APPEND coder_users_archives ${CODER_USERS_ARCHIVE_${name}})
endforeach()
if(TARGET httplib)  # built along, or headers alone
    get_target_property(coder_users_httplib_type httplib TYPE)
    if(NOT coder_users_httplib_type STREQUAL INTERFACE_LIBRARY)
        list(PREPEND coder_users_archives $<TARGET_FILE:httplib>)
    endif()
else()
    find_library(CODER_USERS_ARCHIVE_httplib libcpp-httplib.a)
    mark_as_advanced(CODER_USERS_ARCHIVE_httplib)
    if(NOT CODER_USERS_ARCHIVE_httplib)
        return()
    endif()
    list(PREPEND coder_users_archives ${CODER_USERS_ARCHIVE_httplib})
endif()

add_executable(coder_users_portable EXCLUDE_FROM_ALL $<TARGET_OBJECTS:coder_users_demo>)
add_dependencies(coder_users_portable coder_users coder_users_demo)
target_link_libraries(coder_users_portable PRIVATE
    $<TARGET_FILE:coder_users> ${coder_users_archives} Threads::Threads ${CMAKE_DL_LIBS})
target_link_options(coder_users_portable PRIVATE
    -static-libstdc++ -static-libgcc -s -Wl,-z,relro,-z,now,-z,noexecstack)
set_target_properties(coder_users_portable PROPERTIES
    LINKER_LANGUAGE CXX POSITION_INDEPENDENT_CODE ON
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/portable OUTPUT_NAME coder-users)
