// Any bytes as a line typed into the shell: its words, written with quotes, read back as the same words; and any bytes
// in quotes are one word.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "api/shell/line_parser.h"
#include "inlay/reply.h"

namespace {

using Words = std::vector<std::string>;
using inlay::shell::split_words;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_words(std::string_view line) {
  const auto words = split_words(line);
  if (!words.has_value()) {
    // Nothing but quotes can be wrong.
    require(line.find_first_of("\"'") != std::string_view::npos);
    return;
  }
  size_t bytes = 0;
  std::string again;
  for (const std::string& word : *words) {
    bytes += word.size();
    again.append(inlay::quoted(word)).append(" ");
  }
  require(bytes <= line.size());
  require(split_words(again) == words);
}

void check_session(std::string_view line) {
  constexpr int kSessionMax = 999'999;
  const auto [session, text] = inlay::shell::split_session(line);
  require(0 <= session && session <= kSessionMax && line.ends_with(text));
  if (session != 0) {
    std::string prefix = "c" + std::to_string(session) + ":";
    const auto again = inlay::shell::split_session(prefix.append(text));
    require(again.session == session && again.text == text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  check_words(line);
  check_session(line);
  require(split_words(inlay::quoted(line)) == Words{std::string(line)});
  return 0;
}
