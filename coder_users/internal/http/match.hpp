// Internal: may change at any time.
// PathTree: finds the routes of a path. A fixed segment wins over a parameter.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/http/route.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// The path exists, but not with this method. allow() lists the methods that it has.
class MethodNotAllowed : public ApiError {
 public:
    explicit MethodNotAllowed(std::string allow)
        : ApiError(405, "Method not allowed."), allow_(std::move(allow)) {}
    const std::string& allow() const noexcept { return allow_; }

 private:
    std::string allow_;
};

/// The routes of a path, with its parameters.
struct Match {
    const std::vector<const Route*>* routes = nullptr;  ///< nullptr: the path is unknown
    Parameters parameters;  ///< of an unknown path: those of its known beginning
    bool guarded = false;   ///< without a session the only answer is 401

    /// Returns the route of this method, nullptr when the path has none. HEAD is answered by the
    /// route of GET.
    const Route* route(std::string_view method) const {
        if (!routes) return nullptr;
        if (method == "HEAD") method = "GET";
        for (const Route* each : *routes)
            if (to_string(each->verb) == method) return each;
        return nullptr;
    }
    /// The value of the Allow header for a known path.
    std::string allow() const {
        std::vector<std::string_view> methods{"OPTIONS"};
        for (const Route* each : *routes) {
            methods.push_back(to_string(each->verb));
            if (each->verb == Verb::get) methods.push_back("HEAD");
        }
        std::sort(methods.begin(), methods.end());
        return join(methods, ", ");
    }
};

/// The paths of tables, which must outlive it. Never changes once it is filled, so any thread may
/// use it.
class PathTree {
 public:
    explicit PathTree(const std::vector<Route>& table) { add(table); }

    void add(const std::vector<Route>& table) {
        for (const Route& route : table) {
            Node* node = route.outside_api ? &root_ : &root_.child("api").child("v2");
            const std::vector<std::string_view> segments = split(route.path, '/');
            for (const std::string_view segment : segments) {
                if (segment.empty()) continue;
                if (segment.front() == '{')
                    node = &node->parameter_child(segment.substr(1, segment.size() - 2));
                else
                    node = &node->child(segment);
            }
            node->routes.push_back(&route);
        }
    }

    /// The result points to the segments.
    Match match(const std::vector<std::string>& segments) const {
        Match found = walk(segments, true);
        // "oauth2" and "oidc" may also be the name of a user: on paths other than the callbacks
        // they are.
        if (!found.routes) found = walk(segments, false);
        found.guarded = found.routes ? found.routes->front()->guarded() : is_guarded(segments);
        return found;
    }

 private:
    struct Node {
        // In no order: a node has few, and most differ from a segment in their length already.
        std::vector<std::pair<std::string, std::unique_ptr<Node>>> fixed;
        std::string_view parameter_name;
        std::unique_ptr<Node> parameter;
        std::vector<const Route*> routes;

        /// nullptr: there is none of this name.
        Node* find(std::string_view segment) const {
            for (const auto& [name, node] : fixed)
                if (name == segment) return node.get();
            return nullptr;
        }
        Node& child(std::string_view segment) {
            if (Node* const known = find(segment)) return *known;
            return *fixed.emplace_back(segment, std::make_unique<Node>()).second;
        }
        Node& parameter_child(std::string_view name) {
            if (!parameter) parameter = std::make_unique<Node>();
            parameter_name = name;
            return *parameter;
        }
    };

    Match walk(const std::vector<std::string>& segments, bool to_callback) const {
        Match found;
        const Node* node = &root_;
        for (const std::string& segment : segments) {
            const Node* const fixed = node->find(segment);
            if (fixed && (to_callback || !leads_to_callback(segment))) {
                node = fixed;
            } else if (node->parameter) {
                found.parameters.add(node->parameter_name, segment);
                node = node->parameter.get();
            } else {
                node = nullptr;
                break;
            }
        }
        if (node && !node->routes.empty()) found.routes = &node->routes;
        return found;
    }

    static bool leads_to_callback(std::string_view segment) {
        return segment == "oauth2" || segment == "oidc";
    }

    // Without a session, unknown paths in these areas are answered like known ones.
    static bool is_guarded(const std::vector<std::string>& segments) {
        constexpr std::string_view areas[] = {"users", "organizations", "authcheck", "audit"};
        return segments.size() > 2 && segments[0] == "api" && segments[1] == "v2" &&
               std::find(std::begin(areas), std::end(areas), segments[2]) != std::end(areas);
    }

    Node root_;
};

}}}  // namespace coder_users::v0::http
