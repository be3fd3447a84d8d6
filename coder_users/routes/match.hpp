// From path segments to the routes of a path. Static segments win over parameters.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/errors.hpp"
#include "coder_users/base/text.hpp"
#include "coder_users/base/url.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/route.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// A known path without this method; `allow()` names those it has.
class MethodNotAllowed : public ApiError {
 public:
    explicit MethodNotAllowed(std::string allow)
        : ApiError(405, "Method not allowed."), allow_(std::move(allow)) {}
    const std::string& allow() const noexcept { return allow_; }

 private:
    std::string allow_;
};

/// Where a path leads.
struct Match {
    const std::vector<const Route*>* routes = nullptr;  ///< nullptr: an unknown path
    Parameters parameters;  ///< of an unknown path: of the part that is known
    bool guarded = false;   ///< nothing is told without a session

    /// HEAD is answered as GET. nullptr when the path has no such method.
    const Route* route(std::string_view method) const {
        if (!routes) return nullptr;
        if (method == "HEAD") method = "GET";
        for (const Route* each : *routes)
            if (to_string(each->verb) == method) return each;
        return nullptr;
    }
    /// The value of an Allow header for a known path.
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

/// The paths of a table, which must outlive it. Immutable, so any thread may ask.
class PathTree {
 public:
    explicit PathTree(const std::vector<Route>& table) {
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

    Match match(const std::vector<std::string>& segments) const {
        Match found = walk(segments, true);
        // What leads to a callback is a segment like any other on every other path.
        if (!found.routes) found = walk(segments, false);
        found.guarded =
            found.routes ? found.routes->front()->guard == Guard::session : is_guarded(segments);
        return found;
    }

 private:
    struct Node {
        std::map<std::string, std::unique_ptr<Node>, std::less<>> fixed;
        std::string_view parameter_name;
        std::unique_ptr<Node> parameter;
        std::vector<const Route*> routes;

        Node& child(std::string_view segment) {
            auto& node = fixed[std::string(segment)];
            if (!node) node = std::make_unique<Node>();
            return *node;
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
            const auto fixed = node->fixed.find(segment);
            if (fixed != node->fixed.end() && (to_callback || !leads_to_callback(segment))) {
                node = fixed->second.get();
            } else if (node->parameter) {
                found.parameters.emplace_back(node->parameter_name, segment);
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

    // Unknown paths in these areas look like known ones to a caller without a session.
    static bool is_guarded(const std::vector<std::string>& segments) {
        constexpr std::string_view areas[] = {"users", "organizations", "authcheck", "audit"};
        return segments.size() > 2 && segments[0] == "api" && segments[1] == "v2" &&
               std::find(std::begin(areas), std::end(areas), segments[2]) != std::end(areas);
    }

    Node root_;
};

}}}  // namespace coder_users::v0::routes
