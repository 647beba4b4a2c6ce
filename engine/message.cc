#include "inlay/message.h"

#include <cstring>
#include <new>

#include "engine/message_text.h"

namespace inlay {

namespace internal {

MessageText* MessageText::make(std::string_view channel, std::string_view payload, uint32_t references) {
  void* memory = ::operator new(sizeof(MessageText) + channel.size() + payload.size());
  return new (memory) MessageText(channel, payload, references);
}

MessageText::MessageText(std::string_view channel, std::string_view payload, uint32_t references)
    : references_(references), channel_size_(channel.size()), payload_size_(payload.size()) {
  char* const bytes = reinterpret_cast<char*>(this + 1);
  channel.copy(bytes, channel.size());
  payload.copy(bytes + channel.size(), payload.size());
}

void MessageText::destroy() {
  this->~MessageText();
  ::operator delete(this);
}

}  // namespace internal

Message::Message(const Message& other) : text_(other.text_), pattern_(other.pattern_) {
  if (text_ != nullptr) text_->retain();
  if (pattern_ != nullptr) pattern_->retain();
}

std::string_view Message::channel() const { return text_ == nullptr ? std::string_view() : text_->channel(); }

std::string_view Message::payload() const { return text_ == nullptr ? std::string_view() : text_->payload(); }

std::optional<std::string_view> Message::pattern() const {
  if (pattern_ == nullptr) return std::nullopt;
  return pattern_->channel();
}

size_t Message::shared_bytes() const { return text_ == nullptr ? 0 : text_->shared_bytes(); }

void Message::release() {
  text_->release();
  if (pattern_ != nullptr) pattern_->release();
}

}  // namespace inlay
