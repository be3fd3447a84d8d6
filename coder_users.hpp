// coder_users: users, API keys, roles, Git SSH keys and organizations for your program. Include
// this header; `auto users = coder_users::start({"users.db"});` serves the HTTP API of Coder.
#pragma once

#include "coder_users/api.hpp"

#ifndef CODER_USERS_COMPILED
#include "coder_users/internal/control/api.hpp"
#include "coder_users/internal/http/page_files.hpp"
#include "coder_users/internal/http/table.hpp"
#include "coder_users/internal/service/caller.hpp"
#include "coder_users/internal/service/caller_settings.hpp"
#include "coder_users/internal/service/data.hpp"
#include "coder_users/internal/service/mount.hpp"
#ifdef CODER_USERS_POSTGRES
#include "coder_users/internal/store/postgres/part.hpp"
#endif
#endif  // CODER_USERS_COMPILED
