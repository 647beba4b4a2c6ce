// Deferred<T>: the result of a call that is queued in a pipeline and has yet to run.
#pragma once

#include <atomic>
#include <cassert>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "inlay/result.h"

namespace inlay {

namespace internal {

/// Memory that results stand in, kept for as long as the pipeline or a Deferred refers to it.
class SlotOwner {
 public:
  explicit SlotOwner(uint32_t references = 1) : references_(references) {}
  virtual ~SlotOwner() = default;
  SlotOwner(const SlotOwner&) = delete;
  SlotOwner& operator=(const SlotOwner&) = delete;

  // Relaxed: who adds a reference has one.
  void add_references(uint32_t count) { references_.fetch_add(count, std::memory_order_relaxed); }
  void release(uint32_t count = 1) {
    // Release and acquire: what the others did with the memory comes before its end. The last one need not write.
    if (is_unshared(count) || references_.fetch_sub(count, std::memory_order_acq_rel) == count) delete this;
  }
  /// Whether the caller's references, `own` of them, are the only ones.
  bool is_unshared(uint32_t own) const { return references_.load(std::memory_order_acquire) == own; }

 private:
  std::atomic<uint32_t> references_;
};

/// Where one result will stand.
template <class T>
class Slot {
 public:
  Slot() {}
  ~Slot() {
    if (is_ready_) result_.~Value();
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  bool is_ready() const { return is_ready_; }
  const Result<T>& result() const { return result_; }
  /// Fills it with what `make` returns, built in place.
  template <class Make>
  void fill(Make&& make) {
    new (&result_) Value(make());
    is_ready_ = true;
  }

 private:
  using Value = Result<T>;
  union {
    Value result_;  // Once it is ready.
  };
  bool is_ready_ = false;
};

/// A slot of its own, for a call that was refused before it could be queued.
template <class T>
struct RefusedSlot final : SlotOwner {
  explicit RefusedSlot(absl::Status status) {
    slot.fill([&] { return Result<T>(std::move(status)); });
  }
  Slot<T> slot;
};

/// The error of a result that is not there yet.
absl::Status not_executed();

}  // namespace internal

/// What a method of a Pipeline returns: filled in when the pipeline is executed, and good for as long as it is kept,
/// whatever becomes of the pipeline. Copies refer to the same result. Thread-compatible; the result may be read by any
/// thread once exec() has returned.
template <class T>
class Deferred {
 public:
  /// Of no call: never ready.
  Deferred() = default;
  /// Of a call with arguments that cannot be: it is not queued.
  Deferred(absl::Status refused) {  // NOLINT: converts by design
    auto* own = new internal::RefusedSlot<T>(std::move(refused));
    owner_ = own;
    slot_ = &own->slot;
  }
  /// For the pipeline: takes over a reference to `owner`.
  Deferred(internal::SlotOwner* owner, const internal::Slot<T>* slot) : owner_(owner), slot_(slot) {}
  ~Deferred() {
    if (owner_ != nullptr) owner_->release();
  }
  Deferred(const Deferred& other) : owner_(other.owner_), slot_(other.slot_) {
    if (owner_ != nullptr) owner_->add_references(1);
  }
  Deferred(Deferred&& other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)), slot_(std::exchange(other.slot_, nullptr)) {}
  Deferred& operator=(Deferred other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(slot_, other.slot_);
    return *this;
  }

  /// Whether the call has run.
  bool ready() const { return slot_ != nullptr && slot_->is_ready(); }
  /// Whether it has run and not failed.
  bool ok() const { return ready() && slot_->result().ok(); }
  /// The result; FailedPrecondition before the call has run.
  const Result<T>& result() const {
    static const Result<T> kNotYet(internal::not_executed());
    return ready() ? slot_->result() : kNotYet;
  }
  /// The error, or OK.
  absl::Status status() const {
    if constexpr (std::is_same_v<T, Ok>) {
      return result();
    } else {
      return result().status();
    }
  }
  /// The value of a call that is ok().
  const T& value() const {
    assert(ok() && "the call has not run, or has failed");
    if constexpr (std::is_same_v<T, Ok>) {
      static constexpr Ok kOk;
      return kOk;
    } else {
      return *slot_->result();
    }
  }
  const T& operator*() const { return value(); }
  const T* operator->() const { return &value(); }

 private:
  internal::SlotOwner* owner_ = nullptr;  // Null with no call.
  const internal::Slot<T>* slot_ = nullptr;
};

}  // namespace inlay
