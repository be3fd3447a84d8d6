include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/coder_users)
install(TARGETS coder_users coder_users_header_only EXPORT coder_users FILE_SET HEADERS)
if(CODER_USERS_POSTGRES)
    # Apart, so that a host without libpq finds the rest.
    install(TARGETS coder_users_postgres coder_users_postgres_header_only
            EXPORT coder_users_postgres FILE_SET HEADERS)
    install(EXPORT coder_users_postgres NAMESPACE coder_users::
            FILE coder_users-postgres-targets.cmake DESTINATION ${package_dir})
endif()
if(CODER_USERS_TOOLS)
    install(TARGETS coder_users_demo)
endif()
install(EXPORT coder_users NAMESPACE coder_users:: FILE coder_users-targets.cmake
        DESTINATION ${package_dir})

write_basic_package_version_file(coder_users-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
        cmake/coder_users-config.cmake cmake/dependencies.cmake cmake/httplib.cmake
        ${CMAKE_CURRENT_BINARY_DIR}/coder_users-config-version.cmake
        DESTINATION ${package_dir})

include(cmake/pkgconfig.cmake)
