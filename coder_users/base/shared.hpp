// Values that many read and nobody changes: handing one on counts instead of copying.
#pragma once

#include <memory>

namespace coder_users { inline namespace v0 {

template <class T>
using Shared = std::shared_ptr<const T>;

/// A part of a shared value; it keeps the whole.
template <class Whole, class Part>
Shared<Part> part_of(const Shared<Whole>& whole, const Part& part) {
    return Shared<Part>(whole, &part);
}

/// A value that outlives whoever is given it.
template <class T>
Shared<T> unowned(const T& value) {
    return Shared<T>(Shared<void>(), &value);
}

}}  // namespace coder_users::v0
