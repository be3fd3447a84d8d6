// Internal: may change at any time.
// The web page: its addresses, and the routes that serve them (docs/contract/page.md,
// "Addresses of the page" and "Headers of the page").
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/http/page_file.hpp"
#include "coder_users/internal/http/pages.hpp"
#include "coder_users/internal/http/route.hpp"
#include "coder_users/internal/rules/crypto.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// The addresses of the page's views. Each is answered with the same document, whose script looks
/// at the address. They have one segment, so that relative links in the document lead to the files
/// wherever it is mounted.
inline constexpr const char* page_views[] = {
    "/",        "/login",         "/setup",        "/cli-auth", "/users", "/user",
    "/account", "/organizations", "/organization", "/audit",    "/server"};
inline constexpr const char* page_document = "/index.html";
/// The one file that is made at run time: what the host has chosen.
inline constexpr const char* page_settings = "/settings.js";

namespace about {
inline constexpr Operation get_page = Operation("get-page").for_anybody().without_rows();
}

/// Whether the client has this version of a file (If-None-Match).
inline bool has_version(const Request& request, std::string_view etag) {
    const auto known = header(request, "If-None-Match");
    if (!known) return false;
    for (std::string_view each : split(*known, ',')) {
        while (starts_with(each, " ")) each.remove_prefix(1);
        while (ends_with(each, " ")) each.remove_suffix(1);
        if (starts_with(each, "W/")) each.remove_prefix(2);
        if (each == etag || each == "*") return true;
    }
    return false;
}

/// A file of the page, or 304 for a client that has it.
inline Reply page_reply(const Request& request, std::string_view type, std::string_view etag) {
    Reply reply;
    reply.of_web_page = true;
    reply.headers.emplace_back("ETag", etag);
    reply.content_type = type;
    if (!has_version(request, etag)) return reply;
    reply.status = 304;
    return reply;
}

/// Answers with the file that the route names.
inline Reply get_page_file(Call& call) {
    const std::string_view path = call.route.path;
    const std::string_view wanted =
        std::find(std::begin(page_views), std::end(page_views), path) == std::end(page_views)
            ? path
            : page_document;
    for (const PageFile& file : page_files()) {
        if (file.path != wanted) continue;
        Reply reply = page_reply(call.request, file.type, file.etag);
        reply.headers.emplace_back("Content-Encoding", "gzip");
        if (reply.status == 200) reply.body = file.gzip;
        return reply;
    }
    throw ApiError(404, "Route not found.");
}

/// Tells the page's scripts its name, and where the API is.
inline Reply get_page_settings(Call& call) {
    JsonWriter json;
    json.begin_object().key("name").value(call.options().web_page_name);
    json.key("api").value(call.request.api_prefix).end_object();
    std::string text = "export default " + json.take() + ";\n";
    const std::string etag = '"' + rules::sha256_hex(text).substr(0, 20) + '"';
    Reply reply = page_reply(call.request, "text/javascript; charset=utf-8", etag);
    if (reply.status == 200) reply.body = std::move(text);
    return reply;
}

/// The routes of the page. They lie outside of the API, so no limit counts them.
inline std::vector<Route> page_routes() {
    std::vector<Route> routes;
    const auto add = [&](const char* path, Handler handler) {
        routes.push_back(
            Route{Verb::get, path, about::get_page, "Serve the page", handler}.beside_the_api());
    };
    for (const char* const view : page_views) add(view, get_page_file);
    for (const PageFile& file : page_files()) add(file.path, get_page_file);
    add(page_settings, get_page_settings);
    return routes;
}

/// Whether a path, as it was sent, is one that page_routes() has.
inline bool is_page_path(std::string_view path) {
    const auto same = [&](const auto& each) { return path == each; };
    return same(page_settings) || std::any_of(std::begin(page_views), std::end(page_views), same) ||
           std::any_of(page_files().begin(), page_files().end(),
                       [&](const PageFile& file) { return path == file.path; });
}

/// What a person reads who follows a bad link.
inline Reply page_not_found() {
    return page(404, "Not found", "There is no page at this address.", "");
}

/// What a person reads at "/" where no page is served: logins without a `redirect` end there
/// (docs/contract/external_login.md, "Redirect").
inline Reply end_of_login() {
    return page(404, "There is no page here",
                "If you have just logged in, that has worked: go back to the program that sent you "
                "here.",
                "");
}

}}}  // namespace coder_users::v0::http
