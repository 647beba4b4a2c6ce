// Message: what a publisher says and every receiver reads, in one block of memory that they share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace inlay {

namespace internal {

class MessageText;

}  // namespace internal

/// A published message, or one receiver's view of it. Copying it copies no bytes: all receivers of one publication
/// share one reference-counted block, which is freed with the last Message that refers to it. 16 bytes. What channel(),
/// payload() and pattern() return stays valid while this or a copy of it lives.
///
/// Thread-compatible, as a shared_ptr is: the bytes are immutable, and any threads may read and copy messages of one
/// publication at once.
class Message {
 public:
  /// Empty: no channel, no payload.
  Message() = default;
  Message(const Message& other);
  Message(Message&& other) noexcept
      : text_(std::exchange(other.text_, nullptr)), pattern_(std::exchange(other.pattern_, nullptr)) {}
  Message& operator=(const Message& other) { return *this = Message(other); }
  Message& operator=(Message&& other) noexcept {
    std::swap(text_, other.text_);
    std::swap(pattern_, other.pattern_);
    return *this;
  }
  ~Message() {
    if (text_ != nullptr) release();
  }

  bool is_empty() const { return text_ == nullptr; }
  /// The channel that it was published to.
  std::string_view channel() const;
  std::string_view payload() const;
  /// The pattern for which the receiver got it; nothing if it got it for the channel's own name.
  std::optional<std::string_view> pattern() const;

  /// Takes over one reference to `text`, and one to `pattern` unless that is null. For the engine.
  Message(internal::MessageText* text, internal::MessageText* pattern) : text_(text), pattern_(pattern) {}
  /// Bytes that it occupies beside itself, divided by all who share them. For the engine.
  size_t shared_bytes() const;

 private:
  void release();

  internal::MessageText* text_ = nullptr;
  internal::MessageText* pattern_ = nullptr;
};

/// What becomes of a message that finds its receiver's queue full.
enum class Overflow : uint8_t {
  kDropOldest,       // The message that waited longest goes.
  kDropNewest,       // The new message goes.
  kBlockPublisher,   // The publisher waits until there is room, or the subscriber is closed.
  kCloseSubscriber,  // The new message goes and the subscriber is closed; it can still read what it has.
};

struct SubscribeOptions {
  /// How many messages may wait to be read; at least 1. Memory is taken as they come, 16 bytes each.
  size_t capacity = 1024;
  Overflow overflow = Overflow::kDropOldest;
};

}  // namespace inlay
