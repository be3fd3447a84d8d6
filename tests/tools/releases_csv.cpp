// Prints docs/contract/releases.csv: the keys of all answers, and since which release they have
// them. With --check and a file it only compares.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "coder_users/internal/http/routes.hpp"

using namespace coder_users;
using wire::Property;
using wire::Shape;
using wire::ValueType;

namespace {

/// The shapes of answers by name, each with the first release that answers with it.
using Shapes = std::map<std::string, std::pair<const Shape*, Release>>;

void add(Shapes& shapes, const Shape& shape, Release first) {
    const auto [at, fresh] = shapes.emplace(shape.name, std::pair(&shape, first));
    if (!fresh && !(first < at->second.second)) return;
    at->second.second = first;
    for (const Property& each : shape.properties)
        if (each.of) add(shapes, *each.of, (std::max)(first, each.since));
}

Shapes all_shapes() {
    Shapes shapes;
    for (const http::Route& route : http::table()) {
        const Release first = route.operation.answered_as({});
        if (const Shape* const answer = route.answer_of(first).reply) add(shapes, *answer, first);
        for (const http::LaterAnswer& later : route.later_answers)
            if (later.reply && first < later.since) add(shapes, *later.reply, later.since);
    }
    return shapes;
}

std::string name_of(ValueType type, const Shape* of) {
    if (of) return of->name;
    constexpr const char* names[] = {"string", "uuid",  "time",   "integer", "boolean",
                                     "object", "array", "object", "object",  "object of arrays"};
    return names[static_cast<std::size_t>(type)];
}

std::string value_of(const Property& property) {
    if (property.type == ValueType::array) return "array of " + name_of(property.item, property.of);
    return name_of(property.type, property.of);
}

std::string text() {
    std::ostringstream out;
    out << "type,key,value,since,presence,values\n";
    for (const auto& [name, shape] : all_shapes())
        for (const Property& each : shape.first->properties) {
            out << name << ',' << each.name << ',' << value_of(each) << ','
                << to_text((std::max)(each.since, shape.second)) << ','
                << (each.optional                            ? "may be left out"
                    : each.type == ValueType::object_or_null ? "may be null"
                                                             : "always")
                << ',';
            std::string_view separator = "";
            for (const std::string_view value : each.values) {
                out << separator << (value.empty() ? "(empty)" : value);
                separator = " ";
            }
            out << '\n';
        }
    return out.str();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 1) {
        std::cout << text();
        return 0;
    }
    if (argc != 3 || argv[1] != std::string_view("--check")) {
        std::cerr << "usage: releases_csv [--check FILE]\n";
        return 2;
    }
    std::ifstream file(argv[2]);
    std::ostringstream stored;
    stored << file.rdbuf();
    if (stored.str() == text()) return 0;
    std::cerr << argv[2] << " is not what releases_csv prints. Write it anew:\n"
              << "    build/default/tests/releases_csv >" << argv[2] << '\n';
    return 1;
}
