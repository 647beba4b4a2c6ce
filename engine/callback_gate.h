// CallbackGate: the way by which calls reach a user's callback, until it is closed.
//
//   threads ──> pass(call) ──> open: call()          close(): shuts it, then waits for those inside,
//                         └──> shut: nothing         unless the closing thread is one of them
//
// A thread inside may pass again (a callback that causes another), and may close. Several threads may be inside at
// once. Whoever passes must keep the gate alive until pass() has returned.
//
// Cost: two atomic read-modify-writes a call, on one word. Thread safety: thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace inlay {

class CallbackGate {
 public:
  CallbackGate() = default;
  CallbackGate(const CallbackGate&) = delete;
  CallbackGate& operator=(const CallbackGate&) = delete;

  /// Makes the call unless the gate is shut. Returns whether it did.
  template <class Call>
  bool pass(Call&& call) {
    Passage passage;
    if (!enter(passage)) return false;
    call();
    leave(passage);
    return true;
  }

  /// No call begins any more. On return none is under way either, except for a thread that is inside itself: it does not
  /// wait, as two that closed their gate from within would wait for each other.
  void close();

 private:
  // A thread's stay inside one gate; a thread's stays form a stack.
  struct Passage {
    const CallbackGate* gate = nullptr;
    const Passage* outer = nullptr;
  };
  static constexpr uint32_t kShut = uint32_t{1} << 31;

  bool enter(Passage& passage);
  void leave(const Passage& passage);
  bool is_inside() const;

  static thread_local const Passage* innermost_;
  std::atomic<uint32_t> state_{0};  // How many are inside, and kShut.
};

}  // namespace inlay
