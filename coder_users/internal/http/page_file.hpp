// Internal: may change at any time.
// PageFile: a file of the web page, as it is compiled in.
#pragma once

#include <string_view>
#include <vector>

namespace coder_users { inline namespace v0 { namespace http {

/// A file of the page.
struct PageFile {
    const char* path;       ///< under the page's own root, such as "/app.js"
    const char* type;       ///< its Content-Type
    const char* etag;       ///< with its quotes
    std::string_view gzip;  ///< its content
};

/// The files that are compiled in; none with CODER_USERS_NO_WEB_PAGE. Defined in
/// http/page_files.hpp.
const std::vector<PageFile>& page_files();

}}}  // namespace coder_users::v0::http
