// Any sequence of operations, on a TimerWheel and on a std::multimap: both must fire the same timers in the
// same order. The input is the wheel's first time (8 bytes) and then operations of 10 bytes each.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/status/status.h"
#include "tests/expiry/timer_wheel_model.h"

namespace {

template <class T>
T take(const uint8_t*& data, size_t& size) {
  T value{};
  size_t bytes = size < sizeof(T) ? size : sizeof(T);
  if (bytes > 0) std::memcpy(&value, data, bytes);
  data += bytes;
  size -= bytes;
  return value;
}

void require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  inlay::testing::TimerWheelModel model(take<int64_t>(data, size));
  while (size > 0) {
    inlay::testing::TimerOp op;
    op.kind = take<uint8_t>(data, size);
    op.scale = take<uint8_t>(data, size);
    op.value = take<uint64_t>(data, size);
    require(model.apply(op));
  }
  require(model.finish());
  return 0;
}
