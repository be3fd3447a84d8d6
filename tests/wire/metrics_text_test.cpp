#include "coder_users/internal/wire/metrics_text.hpp"

#include <string>

#include "../catch.hpp"

namespace metrics_text_test {

using namespace coder_users;

TEST_CASE("metrics are written in Prometheus' text format") {
    wire::MetricsText out;
    out.family("a_total", "counter", "What it is.");
    out.sample(7);
    out.sample(2, {{"path", "a\"b\\c\nd"}, {"code", "200"}});
    GroupSizes sizes;
    sizes.add(2);
    sizes.add(100);
    out.family("b", "histogram", "Sizes.");
    out.histogram(sizes.read(), 1, {{"lane", "write"}});
    CHECK(out.take() ==
          "# HELP a_total What it is.\n"
          "# TYPE a_total counter\n"
          "a_total 7\n"
          "a_total{path=\"a\\\"b\\\\c\\nd\",code=\"200\"} 2\n"
          "# HELP b Sizes.\n"
          "# TYPE b histogram\n"
          "b_bucket{lane=\"write\",le=\"1\"} 0\n"
          "b_bucket{lane=\"write\",le=\"2\"} 1\n"
          "b_bucket{lane=\"write\",le=\"4\"} 1\n"
          "b_bucket{lane=\"write\",le=\"8\"} 1\n"
          "b_bucket{lane=\"write\",le=\"16\"} 1\n"
          "b_bucket{lane=\"write\",le=\"32\"} 1\n"
          "b_bucket{lane=\"write\",le=\"64\"} 1\n"
          "b_bucket{lane=\"write\",le=\"+Inf\"} 2\n"
          "b_sum{lane=\"write\"} 102\n"
          "b_count{lane=\"write\"} 2\n");
}

TEST_CASE("times are written in seconds, their buckets as Coder writes them") {
    wire::MetricsText out;
    Latencies latencies;
    latencies.add(1'500);
    out.family("t", "histogram", "Times.");
    out.histogram(latencies.read(), 1'000'000);
    const std::string text = out.take();
    for (const char* bound :
         {"0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.5", "1", "5", "10", "30", "+Inf"}) {
        INFO(bound);
        CHECK(text.find("{le=\"" + std::string(bound) + "\"}") != std::string::npos);
    }
    CHECK(text.find("t_sum 0.0015\n") != std::string::npos);
}

}  // namespace metrics_text_test
