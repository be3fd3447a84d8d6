// Any search text and any paging parameter must be read, or refused with a complete 400.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/rules/paging.hpp"
#include "coder_users/internal/rules/search_query.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coder_users;
    const std::string_view q(reinterpret_cast<const char*>(data), size);
    const auto require = [](bool good) {
        if (!good) std::abort();
    };
    const auto outcome = [&](std::string_view text) {
        try {
            const rules::UserSearch found = rules::parse_user_search(text);
            require(found.search.size() <= text.size());
            require(found.search == fold_ascii(found.search));
            return std::string("read ") + found.search;
        } catch (const ApiError& error) {
            require(error.status() == 400 && error.detail().empty());
            require(!error.validations().empty());
            for (const Validation& v : error.validations()) require(!v.detail.empty());
            return error.validations()[0].detail;
        }
    };
    const std::string text(q);
    try {
        const rules::Paging paging = rules::parse_paging(std::nullopt, text, std::nullopt);
        require(paging.limit >= 0);
    } catch (const ApiError& error) {
        require(error.status() == 400 && error.validations().size() == 1);
    }
    require(outcome(q) == outcome(fold_ascii(q)));  // letter case never matters
    return 0;
}
