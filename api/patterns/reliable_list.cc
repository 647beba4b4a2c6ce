#include "inlay/patterns/reliable_list.h"

#include "api/patterns/try.h"

namespace inlay {

std::string ReliableList::processing_key(std::string_view consumer) const {
  return std::string(key_).append(":processing:").append(consumer);
}

Result<int64_t> ReliableList::push(Bytes item) { return db_.rpush(key_, item); }

Nullable<std::string> ReliableList::take(std::string_view consumer, Duration wait, std::stop_token stop) {
  return db_.blmove(key_, processing_key(consumer), End::kLeft, End::kRight, wait, std::move(stop));
}

Result<bool> ReliableList::done(std::string_view consumer, Bytes item) {
  INLAY_ASSIGN(const int64_t removed, db_.lrem(processing_key(consumer), 1, item));
  return removed == 1;
}

Result<int64_t> ReliableList::recover(std::string_view consumer) {
  const std::string from = processing_key(consumer);
  for (int64_t count = 0;; ++count) {
    INLAY_ASSIGN(const auto item, db_.lmove(from, key_, End::kRight, End::kLeft));
    if (!item.has_value()) return count;
  }
}

Result<int64_t> ReliableList::size() { return db_.llen(key_); }

Result<std::vector<std::string>> ReliableList::processing(std::string_view consumer) {
  return db_.lrange(processing_key(consumer));
}

}  // namespace inlay
