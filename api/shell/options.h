// Command line options: "--name value" and "--name=value".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace inlay::shell {

/// A whole number; k, M and G behind it stand for thousands, millions, billions.
std::optional<uint64_t> parse_whole(std::string_view text);

/// Reads options into variables that keep their defaults when an option is absent. Thread-compatible.
class OptionReader {
 public:
  /// `program` begins the message of a mistake: "inlay bench".
  explicit OptionReader(std::string_view program) : program_(program) {}

  /// As parse_whole() reads it.
  void add(std::string_view name, uint64_t* target, uint64_t min, uint64_t max);
  void add(std::string_view name, double* target, double min, double max);
  /// Any text.
  void add(std::string_view name, std::string* target);
  /// An option without a value.
  void add_flag(std::string_view name, bool* target);

  /// Reads `arguments` and returns those that are no options, which may stand anywhere. "--help" is always known.
  std::vector<std::string> read(std::span<const std::string> arguments);
  bool wants_help() const { return wants_help_; }
  /// Whether the option was read.
  bool given(std::string_view name) const;

  /// Notes a mistake; the first one counts. read() notes those that it finds.
  void fail(std::string text);
  /// If there was a mistake, prints it on standard error and returns true.
  bool complain() const;

 private:
  struct Whole {
    uint64_t* target;
    uint64_t min;
    uint64_t max;
  };
  struct Real {
    double* target;
    double min;
    double max;
  };
  struct Text {
    std::string* target;
  };
  struct Flag {
    bool* target;
  };
  struct Option {
    std::string name;
    std::variant<Whole, Real, Text, Flag> kind;
    bool given = false;
  };

  Option* find(std::string_view name);
  /// Reads the option at `at`, moves `at` to its last argument.
  void read_option(std::span<const std::string> arguments, size_t* at);
  void assign(Option& option, const std::string& value);

  std::string program_;
  std::vector<Option> options_;
  std::string error_;
  bool wants_help_ = false;
};

}  // namespace inlay::shell
