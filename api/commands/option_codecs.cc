// The keyword tables of the option aggregates.
#include <array>

#include "api/commands/codec.h"
#include "inlay/result.h"

namespace inlay {
namespace {

// Groups of words of which a call may use one.
constexpr unsigned kTtlWords = 0;
constexpr unsigned kWhenWords = 1;

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

constexpr std::array kSetKeywords{
    when_keyword<SetOptions, When::kIfAbsent>("NX"),
    when_keyword<SetOptions, When::kIfPresent>("XX"),
    Keyword<SetOptions>{"IFEQ",
                        [](std::string_view name, SetOptions& options, ArgReader& reader, absl::Status&) {
                          if (reader.left() == 0 || !reader.claim(kWhenWords, name)) return false;
                          options.if_equal = reader.take();
                          return true;
                        },
                        [](std::string_view name, const SetOptions& options, ArgPrinter& out) {
                          if (!options.if_equal.has_value()) return;
                          out.add(name);
                          out.add(*options.if_equal);
                        }},
    flag_keyword<SetOptions, &SetOptions::get_old>("GET"),
    ttl_keyword<SetOptions, TimeUnit::kSeconds, false>("EX"),
    ttl_keyword<SetOptions, TimeUnit::kMilliseconds, false>("PX"),
    ttl_keyword<SetOptions, TimeUnit::kSeconds, true>("EXAT"),
    ttl_keyword<SetOptions, TimeUnit::kMilliseconds, true>("PXAT"),
    ttl_flag_keyword<SetOptions, &SetOptions::keep_ttl>("KEEPTTL"),
};

constexpr std::array kGetExKeywords{
    ttl_keyword<GetExOptions, TimeUnit::kSeconds, false>("EX"),
    ttl_keyword<GetExOptions, TimeUnit::kMilliseconds, false>("PX"),
    ttl_keyword<GetExOptions, TimeUnit::kSeconds, true>("EXAT"),
    ttl_keyword<GetExOptions, TimeUnit::kMilliseconds, true>("PXAT"),
    ttl_flag_keyword<GetExOptions, &GetExOptions::persist>("PERSIST"),
};

constexpr std::array kMSetExKeywords{
    when_keyword<MSetExOptions, When::kIfAbsent>("NX"),
    when_keyword<MSetExOptions, When::kIfPresent>("XX"),
    ttl_keyword<MSetExOptions, TimeUnit::kSeconds, false>("EX"),
    ttl_keyword<MSetExOptions, TimeUnit::kMilliseconds, false>("PX"),
    ttl_keyword<MSetExOptions, TimeUnit::kSeconds, true>("EXAT"),
    ttl_keyword<MSetExOptions, TimeUnit::kMilliseconds, true>("PXAT"),
    ttl_flag_keyword<MSetExOptions, &MSetExOptions::keep_ttl>("KEEPTTL"),
};

constexpr std::array kCopyKeywords{
    flag_keyword<CopyOptions, &CopyOptions::replace>("REPLACE"),
    Keyword<CopyOptions>{"DB",
                         [](std::string_view, CopyOptions& options, ArgReader& reader, absl::Status& status) {
                           if (reader.left() == 0) return false;
                           DbNumber db;
                           status = Codec<DbNumber>::read(reader, db);
                           options.db = static_cast<int>(db.value);
                           return true;
                         },
                         [](std::string_view name, const CopyOptions& options, ArgPrinter& out) {
                           if (!options.db.has_value()) return;
                           out.add(name);
                           out.add(*options.db);
                         }},
};

constexpr std::array kScanKeywords{
    Keyword<ScanOptions>{"MATCH",
                         [](std::string_view, ScanOptions& options, ArgReader& reader, absl::Status&) {
                           if (reader.left() == 0) return false;
                           options.match = std::string(reader.take());
                           return true;
                         },
                         [](std::string_view name, const ScanOptions& options, ArgPrinter& out) {
                           if (options.match == "*") return;
                           out.add(name);
                           out.add(options.match);
                         }},
    Keyword<ScanOptions>{"COUNT",
                         [](std::string_view, ScanOptions& options, ArgReader& reader, absl::Status& status) {
                           if (reader.left() == 0) return false;
                           status = read_integer(reader, options.count);
                           return !status.ok() || options.count >= 1;
                         },
                         [](std::string_view name, const ScanOptions& options, ArgPrinter& out) {
                           out.add(name);
                           out.add(options.count);
                         }},
    Keyword<ScanOptions>{"TYPE",
                         [](std::string_view, ScanOptions& options, ArgReader& reader, absl::Status&) {
                           if (reader.left() == 0) return false;
                           options.type = std::string(reader.take());
                           return true;
                         },
                         [](std::string_view name, const ScanOptions& options, ArgPrinter& out) {
                           if (!options.type.has_value()) return;
                           out.add(name);
                           out.add(*options.type);
                         }},
};

constexpr std::array kMemoryUsageKeywords{
    Keyword<MemoryUsageOptions>{
        "SAMPLES",
        [](std::string_view, MemoryUsageOptions& options, ArgReader& reader, absl::Status& status) {
          if (reader.left() == 0) return false;
          status = read_integer(reader, options.samples);
          return !status.ok() || options.samples >= 0;
        },
        [](std::string_view name, const MemoryUsageOptions& options, ArgPrinter& out) {
          out.add(name);
          out.add(options.samples);
        }},
};

constexpr std::array kFlushKeywords{
    Keyword<FlushMode>{
        "SYNC",
        [](std::string_view, FlushMode&, ArgReader& reader, absl::Status&) { return reader.left() == 0; },
        [](std::string_view, const FlushMode&, ArgPrinter&) {}},
    Keyword<FlushMode>{"ASYNC",
                       [](std::string_view, FlushMode& mode, ArgReader& reader, absl::Status&) {
                         mode.async = true;
                         return reader.left() == 0;
                       },
                       [](std::string_view name, const FlushMode& mode, ArgPrinter& out) {
                         if (mode.async) out.add(name);
                       }},
};

constexpr std::array kLcsKeywords{
    flag_keyword<LcsOptions, &LcsOptions::length_only>("LEN"),
    flag_keyword<LcsOptions, &LcsOptions::matches>("IDX"),
    flag_keyword<LcsOptions, &LcsOptions::with_match_length>("WITHMATCHLEN"),
    Keyword<LcsOptions>{"MINMATCHLEN",
                        [](std::string_view, LcsOptions& options, ArgReader& reader, absl::Status& status) {
                          if (reader.left() == 0) return false;
                          status = read_integer(reader, options.match_length_min);
                          return true;
                        },
                        [](std::string_view name, const LcsOptions& options, ArgPrinter& out) {
                          if (options.match_length_min == 0) return;
                          out.add(name);
                          out.add(options.match_length_min);
                        }},
};

}  // namespace

#define INLAY_DEFINE_CODEC(Type, keywords)                         \
  absl::Status Codec<Type>::read(ArgReader& reader, Type& value) { \
    return read_options(keywords, reader, value);                  \
  }                                                                \
  void Codec<Type>::print(const Type& value, ArgPrinter& out) { print_options(keywords, value, out); }
INLAY_DEFINE_CODEC(SetOptions, kSetKeywords)
INLAY_DEFINE_CODEC(GetExOptions, kGetExKeywords)
INLAY_DEFINE_CODEC(MSetExOptions, kMSetExKeywords)
INLAY_DEFINE_CODEC(CopyOptions, kCopyKeywords)
INLAY_DEFINE_CODEC(ScanOptions, kScanKeywords)
INLAY_DEFINE_CODEC(MemoryUsageOptions, kMemoryUsageKeywords)
INLAY_DEFINE_CODEC(FlushMode, kFlushKeywords)
#undef INLAY_DEFINE_CODEC

absl::Status Codec<LcsArguments>::read(ArgReader& reader, LcsArguments& value) {
  const absl::Status status = read_options(kLcsKeywords, reader, value.options);
  using Fault = LcsArguments::Fault;
  value.fault = status.ok()                                 ? Fault::kNone
                : kind_of(status) == ErrorKind::kNotInteger ? Fault::kNotInteger
                                                            : Fault::kSyntax;
  return absl::OkStatus();
}
void Codec<LcsArguments>::print(const LcsArguments& value, ArgPrinter& out) {
  print_options(kLcsKeywords, value.options, out);
}

absl::Status Codec<ExpireIf>::read(ArgReader& reader, ExpireIf& value) {
  bool nx = false, xx = false, gt = false, lt = false;
  while (reader.left() > 0) {
    const Bytes text = reader.take();
    if (is_word(text, "NX")) {
      nx = true;
    } else if (is_word(text, "XX")) {
      xx = true;
    } else if (is_word(text, "GT")) {
      gt = true;
    } else if (is_word(text, "LT")) {
      lt = true;
    } else {
      return error(Error::kExpireUnsupportedOption, text);
    }
  }
  if (nx && (xx || gt || lt)) return error(Error::kExpireNxConflict);
  if (gt && lt) return error(Error::kExpireGtLtConflict);
  // A deadline greater than the present one needs a present one, so XX adds nothing to GT.
  value = nx   ? ExpireIf::kNoTtl
          : gt ? ExpireIf::kGreater
          : lt ? (xx ? ExpireIf::kHasTtlAndLess : ExpireIf::kLess)
          : xx ? ExpireIf::kHasTtl
               : ExpireIf::kAlways;
  return absl::OkStatus();
}

void Codec<ExpireIf>::print(const ExpireIf& value, ArgPrinter& out) {
  switch (value) {
    case ExpireIf::kAlways: return;
    case ExpireIf::kNoTtl: return out.add("NX");
    case ExpireIf::kHasTtl: return out.add("XX");
    case ExpireIf::kGreater: return out.add("GT");
    case ExpireIf::kLess: return out.add("LT");
    case ExpireIf::kHasTtlAndLess: out.add("XX"); return out.add("LT");
  }
}

}  // namespace inlay
