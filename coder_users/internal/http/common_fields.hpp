// Internal: may change at any time.
// The fields that every answer has, whatever was asked.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "coder_users/internal/base/header_text.hpp"
#include "coder_users/internal/base/release.hpp"
#include "coder_users/internal/http/general.hpp"
#include "coder_users/options.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// Made once for each release, since they differ in the version alone.
class CommonFields {
 public:
    explicit CommonFields(const Options& options) {
        for (Release each; newest_release >= each; ++each.minor)
            texts_.push_back(made(each, options));
    }
    const HeaderText& of(Release release) const {
        return texts_[static_cast<std::size_t>(release.minor - Release().minor)];
    }

 private:
    static HeaderText made(Release release, const Options& options) {
        HeaderText fields;
        fields.add("X-Coder-Build-Version", build_version(release));
        fields.add("X-Content-Type-Options", "nosniff");
        const auto seconds = options.strict_transport_security.count();
        if (seconds > 0)
            fields.add("Strict-Transport-Security", "max-age=" + std::to_string(seconds));
        for (const auto& [name, value] : options.extra_headers) fields.add(name, value);
        return fields;
    }

    std::vector<HeaderText> texts_;
};

}}}  // namespace coder_users::v0::http
