// Internal: may change at any time.
// FunctionRef: a function of any type, for the time of a call.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace coder_users { inline namespace v0 {

template <class Signature>
class FunctionRef;

/// Refers to a function object, which must outlive it; copies and allocates nothing.
template <class Result, class... Arguments>
class FunctionRef<Result(Arguments...)> {
 public:
    template <class Fn, std::enable_if_t<!std::is_same_v<std::decay_t<Fn>, FunctionRef>, int> = 0>
    FunctionRef(Fn&& fn)  // by design from any function, as std::function
        : object_(const_cast<void*>(static_cast<const void*>(std::addressof(fn)))),
          call_([](void* object, Arguments... arguments) -> Result {
              return (*static_cast<std::remove_reference_t<Fn>*>(object))(
                  std::forward<Arguments>(arguments)...);
          }) {}

    Result operator()(Arguments... arguments) const {
        return call_(object_, std::forward<Arguments>(arguments)...);
    }

 private:
    void* object_;
    Result (*call_)(void*, Arguments...);
};

}}  // namespace coder_users::v0
