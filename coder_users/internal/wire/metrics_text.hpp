// Internal: may change at any time.
// Writes metrics in Prometheus' text format 0.0.4.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "coder_users/internal/base/metrics.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

inline constexpr const char* metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

using MetricLabels = std::vector<std::pair<std::string_view, std::string>>;

/// Call family() once for each metric, then sample() or histogram() for each set of labels.
class MetricsText {
 public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        ((((text_ += "# HELP ") += name) += ' ') += help) += '\n';
        ((((text_ += "# TYPE ") += name) += ' ') += type) += '\n';
    }

    template <class Number>
    void sample(Number value, const MetricLabels& labels = {}) {
        line("", labels, value);
    }

    /// `unit`: by what the values are divided, such as a million for microseconds as seconds.
    void histogram(const Distribution& all, std::int64_t unit, MetricLabels labels = {}) {
        labels.emplace_back("le", "");
        for (const auto& [bound, up_to] : all.buckets) {
            labels.back().second = number(divided(bound, unit));
            line("_bucket", labels, up_to);
        }
        labels.back().second = "+Inf";
        line("_bucket", labels, all.count);
        labels.pop_back();
        line("_sum", labels, divided(all.sum, unit));
        line("_count", labels, all.count);
    }

    std::string take() { return std::move(text_); }

 private:
    static double divided(std::int64_t value, std::int64_t unit) {
        return static_cast<double>(value) / static_cast<double>(unit);
    }

    template <class Number>
    static std::string number(Number value) {
        char text[32];
        return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
    }

    static std::string escaped(std::string_view value) {
        std::string out;
        for (const char c : value) {
            if (c == '\\' || c == '"') out += '\\';
            c == '\n' ? out += "\\n" : out += c;
        }
        return out;
    }

    template <class Number>
    void line(std::string_view suffix, const MetricLabels& labels, Number value) {
        (text_ += name_) += suffix;
        char before = '{';
        for (const auto& [label, content] : labels) {
            ((((text_ += before) += label) += "=\"") += escaped(content)) += '"';
            before = ',';
        }
        if (!labels.empty()) text_ += '}';
        ((text_ += ' ') += number(value)) += '\n';
    }

    std::string text_, name_;
};

}}}  // namespace coder_users::v0::wire
