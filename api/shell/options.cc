#include "api/shell/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

namespace inlay::shell {
namespace {

std::optional<double> parse_real(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string real_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace

std::optional<uint64_t> parse_whole(std::string_view text) {
  uint64_t scale = 1;
  if (!text.empty()) {
    switch (text.back()) {
      case 'k': scale = 1'000; break;
      case 'M': scale = 1'000'000; break;
      case 'G': scale = 1'000'000'000; break;
      default: break;
    }
  }
  if (scale != 1) text.remove_suffix(1);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > UINT64_MAX / scale)
    return std::nullopt;
  return value * scale;
}

void OptionReader::add(std::string_view name, uint64_t* target, uint64_t min, uint64_t max) {
  options_.push_back({std::string(name), Whole{target, min, max}});
}

void OptionReader::add(std::string_view name, double* target, double min, double max) {
  options_.push_back({std::string(name), Real{target, min, max}});
}

void OptionReader::add(std::string_view name, std::string* target) {
  options_.push_back({std::string(name), Text{target}});
}

void OptionReader::add_flag(std::string_view name, bool* target) {
  options_.push_back({std::string(name), Flag{target}});
}

OptionReader::Option* OptionReader::find(std::string_view name) {
  const auto found =
      std::find_if(options_.begin(), options_.end(), [&](const Option& o) { return o.name == name; });
  return found == options_.end() ? nullptr : &*found;
}

bool OptionReader::given(std::string_view name) const {
  return std::any_of(options_.begin(), options_.end(),
                     [&](const Option& o) { return o.name == name && o.given; });
}

void OptionReader::fail(std::string text) {
  if (error_.empty()) error_ = std::move(text);
}

bool OptionReader::complain() const {
  if (error_.empty()) return false;
  std::fprintf(stderr, "%s: %s\nTry '%s --help'.\n", program_.c_str(), error_.c_str(), program_.c_str());
  return true;
}

std::vector<std::string> OptionReader::read(std::span<const std::string> arguments) {
  std::vector<std::string> rest;
  for (size_t at = 0; at < arguments.size(); ++at) {
    const std::string& argument = arguments[at];
    if (argument == "--") {
      rest.insert(rest.end(), arguments.begin() + static_cast<ptrdiff_t>(at) + 1, arguments.end());
      break;
    }
    if (argument == "--help" || argument == "-h") {
      wants_help_ = true;
    } else if (argument.starts_with('-')) {
      read_option(arguments, &at);
    } else {
      rest.push_back(argument);
    }
  }
  return rest;
}

void OptionReader::read_option(std::span<const std::string> arguments, size_t* at) {
  const std::string& argument = arguments[*at];
  const size_t equals = argument.find('=');
  Option* const option = find(argument.substr(0, equals));
  if (option == nullptr) return fail("unknown option '" + argument.substr(0, equals) + "'");
  option->given = true;
  if (const Flag* flag = std::get_if<Flag>(&option->kind)) {
    if (equals != std::string::npos) return fail(option->name + " takes no value");
    *flag->target = true;
  } else if (equals != std::string::npos) {
    assign(*option, argument.substr(equals + 1));
  } else if (*at + 1 < arguments.size()) {
    assign(*option, arguments[++*at]);
  } else {
    fail(option->name + " needs a value");
  }
}

void OptionReader::assign(Option& option, const std::string& value) {
  const auto out_of_range = [&](const std::string& min, const std::string& max) {
    fail(option.name + " takes a number from " + min + " to " + max + ", not '" + value + "'");
  };
  if (const Whole* whole = std::get_if<Whole>(&option.kind)) {
    const std::optional<uint64_t> number = parse_whole(value);
    if (!number || *number < whole->min || *number > whole->max) {
      return out_of_range(std::to_string(whole->min), std::to_string(whole->max));
    }
    *whole->target = *number;
  } else if (const Real* real = std::get_if<Real>(&option.kind)) {
    const std::optional<double> number = parse_real(value);
    if (!number || *number < real->min || *number > real->max) {
      return out_of_range(real_text(real->min), real_text(real->max));
    }
    *real->target = *number;
  } else if (const Text* text = std::get_if<Text>(&option.kind)) {
    *text->target = value;
  }
}

}  // namespace inlay::shell
