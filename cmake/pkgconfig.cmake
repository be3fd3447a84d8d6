# The pkg-config file. A static library names what it needs; what a host must share with the library
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

configure_file(cmake/coder_users.pc.in ${CMAKE_CURRENT_BINARY_DIR}/coder_users.pc.in @ONLY)
file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/coder_users.pc
     INPUT ${CMAKE_CURRENT_BINARY_DIR}/coder_users.pc.in)
# Where it was installed to is known at that time alone: --prefix may say otherwise.
install(CODE "
    file(READ \"${CMAKE_CURRENT_BINARY_DIR}/coder_users.pc\" text)
    string(REGEX REPLACE \"^prefix=[^\\n]*\" \"prefix=\${CMAKE_INSTALL_PREFIX}\" text \"\${text}\")
    file(WRITE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig/coder_users.pc\"
         \"\${text}\")")
