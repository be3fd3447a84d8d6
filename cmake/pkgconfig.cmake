# The pkg-config files. A static library names what it needs; what a host must share with the library
# (the macros of cpp-httplib and picojson) stands in the flags.

set(pc_requires "openssl libxcrypt sqlite3")
set(pc_libs "-lSQLiteCpp")
set(pc_httplib_flags "")
if(TARGET PkgConfig::CPP_HTTPLIB)
    string(APPEND pc_requires " cpp-httplib")
else()
    get_target_property(httplib httplib::httplib ALIASED_TARGET)
    if(NOT httplib)
        set(httplib httplib::httplib)
    endif()
    get_target_property(httplib_type ${httplib} TYPE)
    if(NOT httplib_type STREQUAL INTERFACE_LIBRARY)
        string(PREPEND pc_libs "-l$<TARGET_FILE_BASE_NAME:${httplib}> ")
    endif()
    set(defines "$<TARGET_PROPERTY:${httplib},INTERFACE_COMPILE_DEFINITIONS>")
    set(pc_httplib_flags "$<$<BOOL:${defines}>:-D$<JOIN:${defines}, -D>>")
endif()

set(pc_files coder_users)
if(CODER_USERS_POSTGRES)
    list(APPEND pc_files coder_users-postgres)
endif()
foreach(name IN LISTS pc_files)
    set(file ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc)
    configure_file(cmake/${name}.pc.in ${file}.in @ONLY)
    file(GENERATE OUTPUT ${file} INPUT ${file}.in)
    # Where it was installed to is known at that time alone: --prefix may say otherwise.
    install(CODE "
        file(READ \"${file}\" text)
        string(REGEX REPLACE \"^prefix=[^\\n]*\" \"prefix=\${CMAKE_INSTALL_PREFIX}\" text \"\${text}\")
        file(WRITE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig/${name}.pc\"
             \"\${text}\")")
endforeach()
