// The real data that the examples work on: the package database of a Debian machine.
#pragma once

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace examples {

/// The value of a field of a record, such as "Version"; empty where there is none.
inline std::string field(std::string_view record, std::string_view name) {
  const std::string start = std::string(name).append(": ");
  size_t at = record.starts_with(start) ? 0 : record.find(std::string("\n").append(start));
  if (at == std::string_view::npos) return {};
  at = record.find(": ", at) + 2;
  return std::string(record.substr(at, record.find('\n', at) - at));
}

/// The packages that a record depends on: "libc6 (>= 2.34), python3:any, foo | bar" gives libc6, python3:any, foo.
inline std::vector<std::string> dependencies(std::string_view record) {
  std::vector<std::string> names;
  std::istringstream list(field(record, "Depends"));
  for (std::string item; std::getline(list, item, ',');) {
    const size_t start = item.find_first_not_of(' ');
    if (start != std::string::npos)
      names.push_back(item.substr(start, item.find_first_of(" (|", start) - start));
  }
  return names;
}

/// Every package of a file in the format of dpkg's status, by its name. Empty if the file cannot be read.
inline std::map<std::string, std::string> read_packages(const std::string& path) {
  std::map<std::string, std::string> packages;
  std::ifstream file(path);
  std::string record;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) {
      record.append(line).append("\n");
    } else if (std::string name = field(record, "Package"); !name.empty()) {
      packages[std::move(name)] = std::exchange(record, {});
    }
  }
  if (std::string name = field(record, "Package"); !name.empty()) packages[std::move(name)] = record;
  return packages;
}

/// The packages of the file named on the command line, or of this machine.
inline std::map<std::string, std::string> packages_of(int argc, char** argv) {
  const std::string path = argc > 1 ? argv[1] : "/var/lib/dpkg/status";
  std::map<std::string, std::string> packages = read_packages(path);
  if (packages.empty())
    std::fprintf(stderr, "no packages in %s: name a file in the format of dpkg's status\n", path.c_str());
  return packages;
}

/// Counts what an example checks of itself, for its exit code.
class Checks {
 public:
  void expect(bool holds, const char* what) {
    ++checked_;
    if (holds) return;
    ++failed_;
    std::fprintf(stderr, "FAILED: %s\n", what);
  }
  /// 0 if all held.
  int exit_code() const {
    std::printf("%d checks, %d failed\n", checked_, failed_);
    return failed_ == 0 && checked_ > 0 ? 0 : 1;
  }

 private:
  int checked_ = 0;
  int failed_ = 0;
};

}  // namespace examples
