// Internal: may change at any time.
// How a type lists its fields, and how code visits each of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "coder_users/internal/base/release.hpp"
#include "coder_users/model.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace fields {

/// What a field holds. A list names the kind where the C++ type does not tell it.
enum class Kind {
    text,
    uuid,  ///< a text in lower case
    time,
    integer,
    flag,
    name,   ///< an enumerator, written as its name
    texts,  ///< an array; in a column joined by spaces
    uuids,  ///< an array; in a column joined by spaces
    roles,  ///< names of roles; in answers an array of objects
    json,   ///< a text that already is JSON
};

template <class Value>
constexpr Kind kind_of() {
    using Texts = std::vector<std::string>;
    return std::is_same_v<Value, Time>    ? Kind::time
           : std::is_same_v<Value, bool>  ? Kind::flag
           : std::is_same_v<Value, Texts> ? Kind::texts
           : std::is_integral_v<Value>    ? Kind::integer
           : std::is_enum_v<Value>        ? Kind::name
                                          : Kind::text;
}

/// Whether an export or an audit diff has the field, and where.
struct Place {
    const char* name = nullptr;    ///< nullptr: it is left out
    const char* behind = nullptr;  ///< directly after the field with this name; else as listed
};

/// The only values that a field may have.
struct Names {
    const std::string_view* first = nullptr;
    std::size_t size = 0;

    constexpr const std::string_view* begin() const { return first; }
    constexpr const std::string_view* end() const { return first + size; }
};

/// What code knows about a field besides its C++ type.
struct Attributes {
    Kind kind = Kind::text;
    Release since = {};  ///< answers of older releases leave it out
    bool answered = true;
    bool secret = false;           ///< an audit diff tells only that it changed
    const char* column = nullptr;  ///< nullptr: its table has no column for it
    bool folded = false;           ///< `<column>_folded` holds it in lower case, too
    Place exported = {};
    bool missing_in_old_exports = false;
    Place audited = {};
    Names values = {};                ///< empty: any value
    const char* listed_as = nullptr;  ///< what descriptions call `values`; nullptr: as the field
    int except = -1;                  ///< the index in `values` of one that this field never has
    int unknown = 0;  ///< for enumerations: what an unknown text in a row is read as
};

/// A field of `T`. Unless the list says otherwise, answers and exports have it, and a column with
/// its name stores it.
template <class T, class V, std::size_t N>
struct Field : Attributes {
    using Value = V;
    using Owner = T;

    const char (&name)[N];
    V T::*member;

    constexpr Field(const char (&field_name)[N], V T::*where) : name(field_name), member(where) {
        kind = kind_of<V>();
        column = name;
        exported.name = name;
        if constexpr (std::is_enum_v<V>) values = {names_of(V{}).data(), names_of(V{}).size()};
    }

    constexpr const V& of(const T& object) const { return object.*member; }
    constexpr V& of(T& object) const { return object.*member; }

    constexpr Field is(Kind its_kind) { return kind = its_kind, *this; }
    constexpr Field since_release(int major, int minor) { return since = {major, minor}, *this; }
    constexpr Field not_answered() { return answered = false, *this; }
    constexpr Field not_exported() { return exported = {}, *this; }
    constexpr Field exported_as(const char* as) { return exported.name = as, *this; }
    constexpr Field exported_after(const char* other) { return exported.behind = other, *this; }
    constexpr Field later_in_exports() { return missing_in_old_exports = true, *this; }
    constexpr Field in_audit() { return audited.name = name, *this; }
    constexpr Field in_audit_as(const char* as) { return audited.name = as, *this; }
    constexpr Field in_audit_after(const char* other) { return audited = {name, other}, *this; }
    constexpr Field in_no_column() { return column = nullptr, *this; }
    constexpr Field also_folded() { return folded = true, *this; }
    /// Answers never have it.
    constexpr Field is_secret() { return secret = true, answered = false, *this; }
    constexpr Field never_is(V value) { return except = static_cast<int>(value), *this; }
    constexpr Field or_else(V value) { return unknown = static_cast<int>(value), *this; }
    constexpr Field listed_in(const char* list) { return listed_as = list, *this; }
    template <std::size_t Size>
    constexpr Field one_of(const std::array<std::string_view, Size>& all) {
        return values = {all.data(), Size}, *this;
    }
};

/// The list of `T`: `table` is the name of its table, `list` a tuple of fields.
template <class T>
struct Of;

template <class T>
inline constexpr std::size_t count = std::tuple_size_v<std::decay_t<decltype(Of<T>::list)>>;

/// A field as a constant expression: for_each() passes an At, whose `at.field` is the field.
template <class T, std::size_t I>
struct At {
    static constexpr const auto& field = std::get<I>(Of<T>::list);
};

template <class T, class Fn, std::size_t... I>
constexpr void call_each(Fn&& fn, std::index_sequence<I...>) {
    (fn(At<T, I>{}), ...);
}

/// Calls `fn(at)` for every field in the order of the list.
template <class T, class Fn>
constexpr void for_each(Fn&& fn) {
    call_each<T>(fn, std::make_index_sequence<count<T>>());
}

/// What the list says about the field with this name.
template <class T>
constexpr Attributes named(std::string_view name) {
    Attributes found;
    for_each<T>([&](auto at) {
        if (at.field.name == name) found = at.field;
    });
    return found;
}

/// Indexes of fields in the order in which an export or a diff has them.
template <std::size_t N>
struct Order {
    std::array<std::size_t, N> numbers{};
    std::size_t size = 0;
    std::size_t wanted = 0;  ///< how many fields have a place
};

template <class T, Place Attributes::*Where>
constexpr Order<count<T>> order_of() {
    Order<count<T>> order;
    std::array<Place, count<T>> places{};
    std::array<std::string_view, count<T>> names{};
    for_each<T>([&, i = std::size_t{0}](auto at) mutable {
        places[i] = at.field.*Where;
        names[i++] = at.field.name;
    });
    for (std::size_t i = 0; i < count<T>; ++i) {
        if (!places[i].name) continue;
        ++order.wanted;
        if (places[i].behind) continue;
        order.numbers[order.size++] = i;
        for (std::size_t j = 0; j < count<T>; ++j)
            if (places[j].name && places[j].behind && names[i] == places[j].behind)
                order.numbers[order.size++] = j;
    }
    return order;
}

template <class T, Place Attributes::*Where, class Fn, std::size_t... I>
constexpr void call_placed(Fn&& fn, std::index_sequence<I...>) {
    constexpr auto order = order_of<T, Where>();
    static_assert(order.size == order.wanted, "a place behind a field that has no place itself");
    (fn(At<T, order.numbers[I]>{}), ...);
}

/// Like for_each(), but visits only fields that are exported or audited, in that order.
template <class T, Place Attributes::*Where, class Fn>
constexpr void for_each_placed(Fn&& fn) {
    call_placed<T, Where>(fn, std::make_index_sequence<order_of<T, Where>().size>());
}
template <class T, class Fn>
constexpr void for_each_exported(Fn&& fn) {
    for_each_placed<T, &Attributes::exported>(fn);
}
template <class T, class Fn>
constexpr void for_each_audited(Fn&& fn) {
    for_each_placed<T, &Attributes::audited>(fn);
}

/// A field of the member `part` of `Record`.
template <class Record, class Part, class PartField>
struct Within : PartField {
    Part Record::*part;

    constexpr const auto& of(const Record& record) const { return PartField::of(record.*part); }
    constexpr auto& of(Record& record) const { return PartField::of(record.*part); }
};

/// The fields of a member, as fields of the record that holds it.
template <class Record, class Part>
constexpr auto within(Part Record::*part) {
    return std::apply(
        [part](const auto&... field) {
            return std::make_tuple(
                Within<Record, Part, std::decay_t<decltype(field)>>{field, part}...);
        },
        Of<Part>::list);
}

}}}  // namespace coder_users::v0::fields
