// Real data for the examples: the packages that are installed on a Debian machine.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

struct Package {
  std::string name;
  std::string section;
  int64_t kib = 0;  // What it occupies when installed.
};

// The packages in a file in the format of dpkg's status, the machine's own by default. Ends the program without any.
inline std::vector<Package> read_packages(int argc, char** argv) {
  const std::string path = argc > 1 ? argv[1] : "/var/lib/dpkg/status";
  std::ifstream file(path);
  std::vector<Package> packages;
  for (std::string line; std::getline(file, line);) {
    const auto value_of = [&](const char* field) {
      const std::string start = std::string(field) + ": ";
      return line.rfind(start, 0) == 0 ? line.substr(start.size()) : std::string();
    };
    if (const std::string name = value_of("Package"); !name.empty()) packages.push_back({.name = name});
    if (packages.empty()) continue;
    if (const std::string section = value_of("Section"); !section.empty()) packages.back().section = section;
    if (const std::string kib = value_of("Installed-Size"); !kib.empty())
      packages.back().kib = std::stoll(kib);
  }
  if (packages.empty()) {
    std::cerr << "no packages in " << path << "\nusage: " << argv[0]
              << " [STATUS_FILE], a file in the format of dpkg's status\n";
    std::exit(1);
  }
  return packages;
}

// Ends the program with an error where something is not as the example promises.
inline void expect(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "not so: " << what << '\n';
  std::exit(1);
}
