#include "inlay/pipeline.h"

#include <utility>

#include "api/batch.h"
#include "engine/error.h"

namespace inlay {

internal::Batch& internal::FrontDoor::batch_to_queue(const Pipeline& door) {
  if (door.batch_->has_run()) {
    // Methods that queue are not const; they all lead here through one that is.
    auto& pipeline = const_cast<Pipeline&>(door);
    pipeline.batch_ = pipeline.batch_->renewed();
  }
  return *door.batch_;
}

Pipeline::~Pipeline() {
  if (batch_ != nullptr) batch_->abandon();
}

Pipeline::Pipeline(Pipeline&& other) noexcept : batch_(std::exchange(other.batch_, nullptr)) {}

Pipeline& Pipeline::operator=(Pipeline&& other) noexcept {
  std::swap(batch_, other.batch_);
  return *this;
}

Deferred<Reply> Pipeline::execute(std::span<const std::string_view> argv) {
  return internal::FrontDoor::batch_to_queue(*this).queue_named(argv);
}

absl::Status Pipeline::exec() {
  if (batch_->is_transaction()) return error(Error::kExecInTransaction);
  if (!batch_->has_run()) batch_->exec();
  return absl::OkStatus();
}

void Pipeline::clear() { batch_ = batch_->renewed(); }

size_t Pipeline::size() const { return batch_->size(); }

Pipeline Database::pipeline() const { return Pipeline(new internal::Batch(*core_, index_, false)); }

}  // namespace inlay
