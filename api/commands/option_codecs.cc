// The keyword tables of the option aggregates.
#include <array>

#include "api/commands/keywords.h"

namespace inlay {
namespace {

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

constexpr bool positive(int64_t value) { return value >= 1; }
constexpr bool not_negative(int64_t value) { return value >= 0; }
constexpr bool any(int64_t) { return true; }

constexpr std::array kScanKeywords{
    pattern_keyword<ScanOptions, &ScanOptions::match>("MATCH"),
    integer_keyword<ScanOptions, &ScanOptions::count, positive>("COUNT"),
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

constexpr std::array kElementScanKeywords{
    pattern_keyword<ElementScanOptions, &ElementScanOptions::match>("MATCH"),
    integer_keyword<ElementScanOptions, &ElementScanOptions::count, positive>("COUNT"),
};

constexpr std::array kMemoryUsageKeywords{
    integer_keyword<MemoryUsageOptions, &MemoryUsageOptions::samples, not_negative>("SAMPLES"),
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
    integer_keyword<LcsOptions, &LcsOptions::match_length_min, any>("MINMATCHLEN"),
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
INLAY_DEFINE_CODEC(ElementScanOptions, kElementScanKeywords)
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
