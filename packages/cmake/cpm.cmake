include(cmake/CPM.cmake)
CPMAddPackage(NAME coder_users VERSION 0.2.0
    GIT_REPOSITORY https://example.com/coder_users.git)  # where you found it
