// What "inlay bench" and "inlay replay" share: measured calls from several threads.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "api/shell/key_value.h"
#include "api/shell/recorder.h"
#include "inlay/store.h"
#include "inlay/types.h"

namespace inlay::shell {

/// One thread's way to the store. kFailed: an error, or a value that was never set for this key.
class Caller {
 public:
  Caller(Store& store, uint64_t value_size) : store_(store), values_(value_size) {}

  Op get(uint64_t number);
  Op set(uint64_t number, std::optional<Expiry> ttl = std::nullopt);

 private:
  Store& store_;
  KeyMaker keys_;
  ValueMaker values_;
};

/// Calls `work(i)` on a thread of its own for each recorder; all start together. Returns the seconds from the
/// first start to the last end. Shows a bar with the name `what`; `fraction` tells how far the work is, given the
/// calls made so far and the seconds gone.
double run_threads(std::span<Recorder> recorders, std::string_view what,
                   const std::function<void(size_t)>& work,
                   const std::function<double(uint64_t done, double seconds)>& fraction);

/// Adds all recorders up in the first.
Recorder& sum_of(std::span<Recorder> recorders);

/// "memory      96.1 MB, 96.1 B a key: 47.1 B over key and value", with its newline.
void print_memory(const Stats& stats, uint64_t value_size);

/// The exit status of a load; says so if calls failed.
int exit_status_of(const Recorder& recorder);

}  // namespace inlay::shell
