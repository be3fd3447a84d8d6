// Internal: may change at any time.
// Keeps a text that was made of a value which never changes.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "coder_users/internal/base/release.hpp"

namespace coder_users { inline namespace v0 {

/// Counts the bytes of what is kept, which may be `most`.
struct KeptBytes {
    explicit KeptBytes(std::size_t limit) : most(limit) {}

    std::atomic<std::size_t> now{0};
    const std::size_t most;
};

/// What a value looks like in the answers of one release, the first that was asked for. Since the
/// value never changes, the text is never wrong. Any thread may call any function.
class KeptText {
 public:
    /// Keeps nothing where that would exceed `bytes`.
    explicit KeptText(std::shared_ptr<KeptBytes> bytes) : bytes_(std::move(bytes)) {}
    ~KeptText() {
        const Text* const text = text_.load();
        if (!text) return;
        bytes_->now -= bytes_of(*text);
        delete text;
    }
    KeptText(const KeptText&) = delete;
    KeptText& operator=(const KeptText&) = delete;

    /// The text of this release: the one that is kept, else what `make()` returns.
    template <class Make>
    std::string get(Release release, Make&& make) const {
        const Text* const kept = text_.load(std::memory_order_acquire);
        if (kept && !(kept->release < release) && !(release < kept->release)) return kept->text;
        std::string made = make();
        if (!kept) keep({release, made});
        return made;
    }

 private:
    struct Text {
        Release release;
        std::string text;
    };

    static std::size_t bytes_of(const Text& text) { return sizeof text + text.text.capacity(); }

    void keep(Text made) const {
        if (bytes_->now + bytes_of(made) > bytes_->most) return;
        auto text = std::make_unique<const Text>(std::move(made));
        const Text* none = nullptr;
        bytes_->now += bytes_of(*text);
        if (text_.compare_exchange_strong(none, text.get()))
            static_cast<void>(text.release());  // text_ owns it from now on
        else                                    // another thread was faster
            bytes_->now -= bytes_of(*text);
    }

    mutable std::atomic<const Text*> text_{nullptr};
    const std::shared_ptr<KeptBytes> bytes_;
};

}}  // namespace coder_users::v0
