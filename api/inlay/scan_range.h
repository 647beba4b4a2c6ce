// ScanRange: a scan as a C++20 input range that fetches one page at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace inlay {

/// Single-pass. Holds no lock between steps, so the keyspace may change while it is walked; the guarantee is
/// that of SCAN.
template <class T>
class ScanRange {
 public:
  struct Page {
    uint64_t cursor = 0;
    std::vector<T> items;
  };
  using Fetch = std::function<Page(uint64_t cursor)>;

  explicit ScanRange(Fetch fetch) : fetch_(std::move(fetch)) {}

  class iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    const T& operator*() const { return range_->page_.items[range_->next_]; }
    iterator& operator++() {
      ++range_->next_;
      range_->fill();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) { return it.done(); }

   private:
    friend class ScanRange;
    explicit iterator(ScanRange* range) : range_(range) {}
    bool done() const { return range_->at_end(); }
    ScanRange* range_ = nullptr;
  };

  /// Starts the scan anew.
  iterator begin() {
    page_ = fetch_(0);
    next_ = 0;
    fill();
    return iterator(this);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  bool at_end() const { return next_ >= page_.items.size(); }
  void fill() {
    while (at_end() && page_.cursor != 0) {
      page_ = fetch_(page_.cursor);
      next_ = 0;
    }
  }

  Fetch fetch_;
  Page page_;
  size_t next_ = 0;
};

}  // namespace inlay
