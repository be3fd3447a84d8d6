// Internal: may change at any time.
// Takes the files of a new database back when what it was made for fails.
#pragma once

#include <unistd.h>

#include <exception>
#include <stdexcept>
#include <string>

#include "coder_users/internal/service/secret_key.hpp"
#include "coder_users/internal/store/store.hpp"
#include "coder_users/options.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// Between the opening of a store and keep(): unless that is called, files that did not exist
/// before are deleted when this object and then the store end.
class NewDatabase {
 public:
    NewDatabase(const Options& options, store::Store& store) : store_(store) {
        if (!store.is_new() || store.in_memory() || !options.secret_key.empty()) return;
        const std::string path = data::key_file_of(options, store.name());
        if (!store::file_exists(path)) key_file_ = path;
    }
    NewDatabase(const NewDatabase&) = delete;
    NewDatabase& operator=(const NewDatabase&) = delete;
    ~NewDatabase() {
        if (kept_) return;
        store_.discard();
        if (!key_file_.empty()) ::unlink(key_file_.c_str());
    }

    void keep() noexcept { kept_ = true; }

    /// Runs `step()` of the start. What it throws names the database.
    template <class Step>
    auto naming(Step&& step) const -> decltype(step()) {
        try {
            return step();
        } catch (const std::invalid_argument&) {
            throw;
        } catch (const std::runtime_error& error) {
            const std::string text = error.what();
            if (text.find(store_.name()) != std::string::npos) throw;
            throw std::runtime_error("cannot open " + store_.name() + ": " + text);
        }
    }

 private:
    store::Store& store_;
    std::string key_file_;
    bool kept_ = false;
};

}}}  // namespace coder_users::v0::service
