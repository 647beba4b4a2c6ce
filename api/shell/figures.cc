#include "api/shell/figures.h"

#include <cstdio>
#include <span>

namespace inlay::shell {
namespace {

struct Unit {
  double scale;
  const char* name;
};

// `units` go from the largest to the smallest.
std::string scaled(double value, std::span<const Unit> units) {
  const Unit* unit = &units.back();
  for (const Unit& candidate : units) {
    // What would be rounded up to 1000 belongs to the unit above.
    if (value >= candidate.scale * 0.9995) {
      unit = &candidate;
      break;
    }
  }
  const double shown = value / unit->scale;
  const bool whole = unit->scale == 1 && value == static_cast<double>(static_cast<uint64_t>(value));
  const int decimals = whole || shown >= 99.95 ? 0 : shown >= 9.995 ? 1 : 2;
  char text[48];
  std::snprintf(text, sizeof text, "%.*f %s", decimals, shown, unit->name);
  return text;
}

constexpr struct {
  Op op;
  const char* name;
} kRows[] = {{Op::kGetHit, "get hit"}, {Op::kGetMiss, "get miss"}, {Op::kSet, "set"}};

}  // namespace

std::string grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string duration_text(uint64_t nanoseconds) {
  static constexpr Unit kUnits[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
  return scaled(static_cast<double>(nanoseconds), kUnits);
}

std::string rate_text(double per_second) {
  static constexpr Unit kUnits[] = {{1e9, "G/s"}, {1e6, "M/s"}, {1e3, "k/s"}, {1, "/s"}};
  return scaled(per_second, kUnits);
}

std::string bytes_text(uint64_t bytes) {
  static constexpr Unit kUnits[] = {{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}, {1, "B"}};
  return scaled(static_cast<double>(bytes), kUnits);
}

std::string operations_table(const Recorder& recorder) {
  char line[160];
  std::snprintf(line, sizeof line, "%-10s %15s %9s %9s %9s %9s %9s\n", "", "operations", "p50", "p90", "p99",
                "p99.9", "max");
  std::string table = line;
  for (const auto& [op, name] : kRows) {
    if (recorder.count(op) == 0) continue;
    const Histogram& latency = recorder.latency(op);
    std::snprintf(line, sizeof line, "%-10s %15s", name, grouped(recorder.count(op)).c_str());
    table += line;
    for (const double percent : {50.0, 90.0, 99.0, 99.9, 100.0}) {
      const std::string time = latency.count() == 0 ? "-" : duration_text(latency.percentile(percent));
      std::snprintf(line, sizeof line, " %9s", time.c_str());
      table += line;
    }
    table += '\n';
  }
  return table;
}

}  // namespace inlay::shell
