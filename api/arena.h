// Arena: memory that is given out piece by piece and taken back at once.
//
// The first pieces stand in the arena itself, so that a small batch allocates nothing; rewind() makes one block of many,
// so that a batch of the same size allocates nothing when it comes again.
//
// Complexity: O(1) amortized. Thread safety: thread-compatible.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace inlay::internal {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(size_t bytes, size_t alignment) {
    const auto address = reinterpret_cast<uintptr_t>(next_);
    const size_t padding = (alignment - address % alignment) % alignment;
    if (bytes + padding > static_cast<size_t>(end_ - next_)) [[unlikely]] {
      add_block(bytes + alignment);
      return allocate(bytes, alignment);
    }
    char* const place = next_ + padding;
    next_ = place + bytes;
    return place;
  }
  template <class T>
  T* allocate_array(size_t count) {
    return static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
  }
  std::string_view copy(std::string_view bytes) {
    if (bytes.empty()) return {};
    auto* const place = allocate_array<char>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), place);
    return {place, bytes.size()};
  }

  /// Takes everything back.
  void rewind() {
    size_t total = 0;
    for (const Block& block : blocks_) total += block.size;
    if (blocks_.size() > 1 || total > kKeptMax) {
      blocks_.clear();
      if (total <= kKeptMax) return add_block(total);
    }
    if (blocks_.empty()) {
      next_ = first_;
      end_ = first_ + sizeof first_;
    } else {
      next_ = blocks_.front().bytes.get();
      end_ = next_ + blocks_.front().size;
    }
  }

 private:
  static constexpr size_t kFirst = 640;
  static constexpr size_t kBlockMin = 4096;
  static constexpr size_t kKeptMax = size_t{1} << 20;  // What a large batch leaves for the next one.

  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };

  void add_block(size_t least) {
    const size_t size = std::max({least, kBlockMin, blocks_.empty() ? 0 : 2 * blocks_.back().size});
    blocks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
    next_ = blocks_.back().bytes.get();
    end_ = next_ + size;
  }

  alignas(std::max_align_t) char first_[kFirst];
  char* next_ = first_;
  char* end_ = first_ + sizeof first_;
  std::vector<Block> blocks_;
};

}  // namespace inlay::internal
