// A plain main for fuzz targets: it runs the target once on the empty input and once on every file named by the
// arguments (a folder stands for the files below it), so that a finding kept in the corpus is a regression test
// in every build. Under libFuzzer this file is not linked.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

// The files below `path` in a fixed order, or `path` itself when it is a file.
std::vector<fs::path> inputs_at(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The target gets an exact heap copy, so that a sanitizer sees a read past its end.
void run_target(const std::string& bytes) {
  const std::vector<uint8_t> input(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  run_target({});
  size_t replayed = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::error_code error; !fs::exists(argv[i], error)) {
      std::fprintf(stderr, "no such input: %s\n", argv[i]);
      return 2;
    }
    for (const fs::path& path : inputs_at(argv[i])) {
      std::ifstream file(path, std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      if (!file) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        return 2;
      }
      std::printf("%s: %zu bytes\n", path.c_str(), bytes.size());
      // Flushed, so that the last line names the input that crashed.
      std::fflush(stdout);
      run_target(bytes);
      ++replayed;
    }
  }
  std::printf("replayed %zu inputs\n", replayed);
  return argc > 1 && replayed == 0 ? 2 : 0;
}
