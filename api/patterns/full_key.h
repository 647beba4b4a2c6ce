// A key behind its prefix, on the stack where it fits.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

namespace inlay::internal {

class FullKey {
 public:
  FullKey(std::string_view prefix, std::string_view key) : size_(prefix.size() + key.size()) {
    char* to = short_;
    if (size_ > sizeof short_) {
      long_.resize(size_);
      to = long_.data();
    }
    prefix.copy(to, prefix.size());
    key.copy(to + prefix.size(), key.size());
    data_ = to;
  }
  FullKey(const FullKey&) = delete;
  FullKey& operator=(const FullKey&) = delete;

  std::string_view view() const { return {data_, size_}; }

 private:
  size_t size_;
  const char* data_;
  char short_[120];
  std::string long_;
};

}  // namespace inlay::internal
