// Internal: may change at any time.
// The steps that bring a database from one version of its schema to the next, in one text for every
// engine. Versions up to 3 are older than that: SQLite's own steps lead there, and databases of
// PostgreSQL begin there.
#pragma once

#include <vector>

namespace coder_users { inline namespace v0 { namespace store {

/// A step to `version`. Servers that know the schema `compatible_from` can go on using the
/// database: the step only adds what they do not need to know.
struct SchemaStep {
    int version;
    int compatible_from;
    const char* sql;
};
using SchemaSteps = std::vector<SchemaStep>;

/// In the order of their versions.
inline SchemaSteps later_steps() { return {}; }

}}}  // namespace coder_users::v0::store
