// The PostgreSQL part of the compiled library. Who links it opens such databases.
#include "coder_users/internal/store/postgres/part.hpp"

// Linkers take this file from an archive only if they are told to look for this name.
extern "C" {
CODER_USERS_API extern const bool coder_users_postgres_part;
const bool coder_users_postgres_part = coder_users::store::postgres::register_part();
}
