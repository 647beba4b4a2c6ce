#include <chrono>

#include "inlay/expiry/clock.h"

int main() {
  inlay::ManualClock clock;
  const auto start = clock.now();
  clock.advance(std::chrono::seconds(1));
  return clock.now() - start == std::chrono::seconds(1) ? 0 : 1;
}
