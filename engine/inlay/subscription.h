// Subscription: the handle that keeps a callback registered.
#pragma once

#include <memory>
#include <utility>

namespace inlay {

namespace internal {

/// What a Subscription ends. Thread-safe; cancel() may be called more than once.
class Cancellable {
 public:
  virtual ~Cancellable() = default;
  virtual void cancel() = 0;
};

}  // namespace internal

/// Callbacks come while this lives: letting it go, or overwriting it, cancels. Movable; may outlive its store, whose
/// end cancels it too. Thread-compatible: one thread at a time may call a handle's methods, and any thread may.
class [[nodiscard]] Subscription {
 public:
  /// Subscribed to nothing.
  Subscription() = default;
  explicit Subscription(std::shared_ptr<internal::Cancellable> source) : source_(std::move(source)) {}
  ~Subscription() { cancel(); }
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&& other) noexcept {
    if (this != &other) {
      cancel();
      source_ = std::move(other.source_);
    }
    return *this;
  }

  /// Ends the callbacks: once it has returned none runs and none will. It waits for a callback that another thread is
  /// in, so hold no lock here that the callback takes. Within the callback itself it does not wait: no further call
  /// begins, and those under way end in their own time.
  void cancel() {
    if (const auto source = std::exchange(source_, nullptr)) source->cancel();
  }

  /// False before a subscription was moved in, and once cancelled.
  explicit operator bool() const { return source_ != nullptr; }

 private:
  std::shared_ptr<internal::Cancellable> source_;
};

}  // namespace inlay
