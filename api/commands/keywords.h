// Keyword tables: how option aggregates are read from a call's trailing words and printed back.
#pragma once

#include <array>
#include <string_view>

#include "api/commands/codec.h"
#include "engine/error.h"
#include "inlay/result.h"

namespace inlay {

// Groups of words of which a call may use one.
inline constexpr unsigned kTtlWords = 0;
inline constexpr unsigned kWhenWords = 1;

/// A word of an option's grammar. `read` takes what follows the word and returns false on a syntax error; other
/// errors go to `status`. `print` adds the word and what follows it where the options hold it.
template <class Options>
struct Keyword {
  std::string_view word;
  bool (*read)(std::string_view word, Options& options, ArgReader& reader, absl::Status& status);
  void (*print)(std::string_view word, const Options& options, ArgPrinter& out);
};

template <class Options, size_t kCount>
absl::Status read_options(const std::array<Keyword<Options>, kCount>& keywords, ArgReader& reader,
                          Options& options) {
  while (reader.left() > 0) {
    const Bytes text = reader.take();
    bool taken = false;
    for (const Keyword<Options>& keyword : keywords) {
      if (!is_word(text, keyword.word)) continue;
      absl::Status status;
      taken = keyword.read(keyword.word, options, reader, status);
      if (!status.ok()) return status;
      break;
    }
    if (!taken) return error(Error::kSyntax);
  }
  return absl::OkStatus();
}

template <class Options, size_t kCount>
void print_options(const std::array<Keyword<Options>, kCount>& keywords, const Options& options,
                   ArgPrinter& out) {
  for (const Keyword<Options>& keyword : keywords) keyword.print(keyword.word, options, out);
}

// The keyword of one way to write options.ttl. Printing knows two of the four: PX and PXAT lose nothing.
template <class Options, TimeUnit unit, bool absolute>
constexpr Keyword<Options> ttl_keyword(std::string_view word) {
  return {word,
          [](std::string_view name, Options& options, ArgReader& reader, absl::Status&) {
            if (reader.left() == 0 || !reader.claim(kTtlWords, name)) return false;
            options.ttl = read_expiry(reader, unit, absolute);
            return true;
          },
          [](std::string_view name, const Options& options, ArgPrinter& out) {
            if (unit == TimeUnit::kSeconds || !options.ttl.has_value()) return;
            if ((options.ttl->kind() == Expiry::Kind::kAt) != absolute) return;
            out.add(name);
            out.add(options.ttl->ms());
          }};
}

template <class Options, bool Options::*member>
constexpr Keyword<Options> flag_keyword(std::string_view word) {
  return {
      word,
      [](std::string_view, Options& options, ArgReader&, absl::Status&) { return options.*member = true; },
      [](std::string_view name, const Options& options, ArgPrinter& out) {
        if (options.*member) out.add(name);
      }};
}

template <class Options, bool Options::*member>
constexpr Keyword<Options> ttl_flag_keyword(std::string_view word) {
  Keyword<Options> keyword = flag_keyword<Options, member>(word);
  keyword.read = [](std::string_view name, Options& options, ArgReader& reader, absl::Status&) {
    return options.*member = reader.claim(kTtlWords, name);
  };
  return keyword;
}

template <class Options, When when>
constexpr Keyword<Options> when_keyword(std::string_view word) {
  return {word,
          [](std::string_view name, Options& options, ArgReader& reader, absl::Status&) {
            options.when = when;
            return reader.claim(kWhenWords, name);
          },
          [](std::string_view name, const Options& options, ArgPrinter& out) {
            if (options.when == when) out.add(name);
          }};
}

/// A word with one integer behind it; `valid` judges the number, a bad one being a syntax error.
template <class Options, auto member, bool (*valid)(int64_t)>
constexpr Keyword<Options> integer_keyword(std::string_view word) {
  return {word,
          [](std::string_view, Options& options, ArgReader& reader, absl::Status& status) {
            if (reader.left() == 0) return false;
            int64_t value = 0;
            status = read_integer(reader, value);
            if (status.ok()) options.*member = value;
            return !status.ok() || valid(value);
          },
          [](std::string_view name, const Options& options, ArgPrinter& out) {
            if (options.*member == Options().*member) return;
            out.add(name);
            out.add(int64_t{options.*member});
          }};
}

/// A word with a glob pattern behind it, "*" where it is left out.
template <class Options, std::string Options::*member>
constexpr Keyword<Options> pattern_keyword(std::string_view word) {
  return {word,
          [](std::string_view, Options& options, ArgReader& reader, absl::Status&) {
            if (reader.left() == 0) return false;
            options.*member = std::string(reader.take());
            return true;
          },
          [](std::string_view name, const Options& options, ArgPrinter& out) {
            if (options.*member == "*") return;
            out.add(name);
            out.add(options.*member);
          }};
}

}  // namespace inlay
