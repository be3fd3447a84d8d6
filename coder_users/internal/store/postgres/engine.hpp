// Internal: may change at any time.
// PostgreSQL as the engine of a store.
#pragma once

#include "coder_users/internal/store/engine.hpp"
#include "coder_users/internal/store/postgres/address.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// A database that several processes may use at once.
class Engine : public store::Engine {
 public:
    explicit Engine(EngineHost host) : address_(host.options.database) {
        throw std::runtime_error("cannot open " + name() + ": this engine is not finished");
    }
    const std::string& name() const override { return address_.name(); }
    void read(Read) override {}
    LongReading begin_long_reading() override { throw Busy(""); }
    void write(Change, Need) override {}
    CheckedKey find_checked_key(std::string_view) override { return nullptr; }
    std::string image() override { return {}; }
    void replace_everything(const std::string&, FunctionRef<void()>) override {}
    const Latencies& commit_times() const override { return commit_times_; }
    const GroupSizes& group_sizes() const override { return group_sizes_; }
    std::size_t waiting_writes() const override { return 0; }
    std::uint64_t cache_misses() const override { return 0; }

 private:
    const Address address_;
    Latencies commit_times_;
    GroupSizes group_sizes_;
};

}}}}  // namespace coder_users::v0::store::postgres
