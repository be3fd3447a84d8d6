include(FetchContent)
FetchContent_Declare(coder_users
    GIT_REPOSITORY https://example.com/coder_users.git  # where you found it
    GIT_TAG v0.2.0)
FetchContent_MakeAvailable(coder_users)
