// SPDX-License-Identifier: MIT
#include "admin/metric_families.h"

#include <prometheus/text_serializer.h>

#include <utility>

namespace larder::admin {

using prometheus::MetricType;

void Families::counter(std::string name, std::string help, std::uint64_t value) {
  add(std::move(name), std::move(help), MetricType::Counter, "", {{"", number(value)}});
}

void Families::counter(std::string name, std::string help, const char* label, const std::vector<Series>& series) {
  add(std::move(name), std::move(help), MetricType::Counter, label, series);
}

void Families::gauge(std::string name, std::string help, double value) {
  add(std::move(name), std::move(help), MetricType::Gauge, "", {{"", value}});
}

void Families::gauge(std::string name, std::string help, std::uint64_t value) {
  gauge(std::move(name), std::move(help), number(value));
}

void Families::info(std::string name, std::string help, const char* label, const std::string& value) {
  add(std::move(name), std::move(help), MetricType::Gauge, label, {{value, 1}});
}

std::string Families::text() const {
  return prometheus::TextSerializer().Serialize(families_);
}

void Families::add(std::string name, std::string help, MetricType type, const char* label,
                   const std::vector<Series>& series) {
  prometheus::MetricFamily family{std::move(name), std::move(help), type, {}};
  for (const auto& [label_value, value] : series) {
    prometheus::ClientMetric metric;
    if (*label != '\0') metric.label.push_back({label, label_value});
    metric.counter.value = value;
    metric.gauge.value = value;
    family.metric.push_back(std::move(metric));
  }
  families_.push_back(std::move(family));
}

}  // namespace larder::admin
