// coder_users: users, API keys, roles, Git SSH keys and organizations behind one call. Include
// this header; `auto users = coder_users::start({"users.db"});` serves the HTTP API of Coder.
#pragma once

#include "coder_users/api.hpp"

#ifndef CODER_USERS_COMPILED
#include "coder_users/server/data_commands.hpp"
#include "coder_users/server/in_process.hpp"
#include "coder_users/server/mount.hpp"
#endif
