// LCS: the longest common subsequence of two strings, by the classic table of prefix lengths.
#include <algorithm>
#include <vector>

#include "api/commands/string.h"
#include "engine/error.h"

namespace inlay::cmd {
namespace {

// lengths(i, j): the length of the LCS of the first i bytes of a and the first j of b.
class PrefixTable {
 public:
  PrefixTable(Bytes a, Bytes b) : columns_(b.size() + 1), cells_((a.size() + 1) * columns_) {
    for (size_t i = 1; i <= a.size(); ++i) {
      for (size_t j = 1; j <= b.size(); ++j) {
        cell(i, j) = a[i - 1] == b[j - 1] ? at(i - 1, j - 1) + 1 : std::max(at(i - 1, j), at(i, j - 1));
      }
    }
  }
  uint32_t at(size_t i, size_t j) const { return cells_[i * columns_ + j]; }

 private:
  uint32_t& cell(size_t i, size_t j) { return cells_[i * columns_ + j]; }
  size_t columns_;
  std::vector<uint32_t> cells_;
};

// Walks back from both ends, gathering the text and the maximal runs. Of two equal ways Redis steps back in b.
void trace_back(const PrefixTable& table, Bytes a, Bytes b, int64_t match_length_min, LcsResult& result) {
  result.text.resize(static_cast<size_t>(result.length));
  size_t text_end = result.text.size();
  std::optional<LcsMatch> run;
  const auto finish_run = [&] {
    if (run.has_value() && run->length() >= match_length_min) result.matches.push_back(*run);
    run.reset();
  };
  for (size_t i = a.size(), j = b.size(); i > 0 && j > 0;) {
    if (a[i - 1] != b[j - 1]) {
      finish_run();
      table.at(i - 1, j) > table.at(i, j - 1) ? --i : --j;
      continue;
    }
    --i, --j;
    result.text[--text_end] = a[i];
    const auto a_at = static_cast<int64_t>(i);
    const auto b_at = static_cast<int64_t>(j);
    if (run.has_value() && run->a_first == a_at + 1 && run->b_first == b_at + 1) {
      run->a_first = a_at;
      run->b_first = b_at;
    } else {
      finish_run();
      run = LcsMatch{a_at, a_at, b_at, b_at};
    }
  }
  finish_run();
}

Result<Bytes> bytes_of(ReadTx& tx, const KeyRef& key, char* scratch) {
  const Entry* entry = tx.find(key);
  if (entry == nullptr) return Bytes();
  if (entry->type() != Type::kString) return error(Error::kLcsWrongType);
  return entry->string_value(scratch);
}

}  // namespace

Result<LcsResult> lcs(ReadTx& tx, const KeyRef& a_key, const KeyRef& b_key, const LcsArguments& arguments) {
  char a_scratch[kInt64TextMax];
  char b_scratch[kInt64TextMax];
  const Result<Bytes> a = bytes_of(tx, a_key, a_scratch);
  if (!a.ok()) return a.status();
  const Result<Bytes> b = bytes_of(tx, b_key, b_scratch);
  if (!b.ok()) return b.status();
  if (arguments.fault == LcsArguments::Fault::kSyntax) return error(Error::kSyntax);
  if (arguments.fault == LcsArguments::Fault::kNotInteger) return error(Error::kNotInteger);
  const LcsOptions& options = arguments.options;
  if (options.length_only && options.matches) return error(Error::kLcsLenAndIdx);
  const uint64_t cells = (uint64_t{a->size()} + 1) * (uint64_t{b->size()} + 1);
  if (cells > tx.engine().string_bytes_setting() / sizeof(uint32_t)) return error(Error::kLcsTooLarge);
  const PrefixTable table(*a, *b);
  LcsResult result;
  result.length = table.at(a->size(), b->size());
  if (!options.length_only) trace_back(table, *a, *b, options.match_length_min, result);
  if (!options.matches) result.matches.clear();
  return result;
}

}  // namespace inlay::cmd
