// SPDX-License-Identifier: MIT
// Families: the metrics of one scrape, in the order they are added. Labels come from closed lists only, so that the
// number of series is fixed: no URL, device or product is ever one.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <vector>

namespace larder::admin {

struct Series {
  std::string label;  // its value
  double value;
};

inline double number(std::uint64_t count) {
  return static_cast<double>(count);
}

class Families {
 public:
  void counter(std::string name, std::string help, std::uint64_t value);
  void counter(std::string name, std::string help, const char* label, const std::vector<Series>& series);
  void gauge(std::string name, std::string help, double value);
  void gauge(std::string name, std::string help, std::uint64_t value);
  void info(std::string name, std::string help, const char* label, const std::string& value);  // always 1

  std::string text() const;  // format 0.0.4

 private:
  void add(std::string name, std::string help, prometheus::MetricType type, const char* label,
           const std::vector<Series>& series);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace larder::admin
