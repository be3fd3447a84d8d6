// The compiled library: the files of the web page.
#include "coder_users/internal/http/page_files.hpp"
