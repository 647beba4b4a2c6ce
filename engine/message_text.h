// MessageText: the block that all receivers of a publication share.
//
//   | references 4 | channel size 8 | payload size 8 | channel bytes | payload bytes |
//
// One allocation a publication, 24 bytes over what it says. A pattern has a block of the same kind, whose channel is
// the pattern. Thread safety: immutable but for the count, which is atomic.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace inlay::internal {

class MessageText {
 public:
  /// With `references` references. Terminates the program when there is no memory, as std::string does here.
  static MessageText* make(std::string_view channel, std::string_view payload, uint32_t references);

  MessageText(const MessageText&) = delete;
  MessageText& operator=(const MessageText&) = delete;

  std::string_view channel() const { return {bytes(), channel_size_}; }
  std::string_view payload() const { return {bytes() + channel_size_, payload_size_}; }

  /// What the block occupies, divided by those who hold it.
  size_t shared_bytes() const {
    return (sizeof(MessageText) + channel_size_ + payload_size_) /
           references_.load(std::memory_order_relaxed);
  }
  /// The caller holds a reference already, so nothing needs to be ordered.
  void retain(uint32_t count = 1) { references_.fetch_add(count, std::memory_order_relaxed); }
  void release(uint32_t count = 1) {
    // The last holder frees, after the reads of all others: release for theirs, acquire for its own. Who sees that no
    // other reference is left knows so for good, and need not write.
    if (references_.load(std::memory_order_acquire) == count ||
        references_.fetch_sub(count, std::memory_order_acq_rel) == count) {
      destroy();
    }
  }

 private:
  MessageText(std::string_view channel, std::string_view payload, uint32_t references);
  ~MessageText() = default;
  void destroy();
  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }

  std::atomic<uint32_t> references_;
  size_t channel_size_;
  size_t payload_size_;
};

}  // namespace inlay::internal
