#include "inlay/pipeline.h"

#include <utility>

#include "api/batch.h"
#include "engine/error.h"

namespace inlay {

Pipeline::~Pipeline() {
  if (batch_ != nullptr) batch_->release();
}

Pipeline::Pipeline(Pipeline&& other) noexcept : batch_(std::exchange(other.batch_, nullptr)) {}

Pipeline& Pipeline::operator=(Pipeline&& other) noexcept {
  std::swap(batch_, other.batch_);
  return *this;
}

Deferred<Reply> Pipeline::execute(std::span<const std::string_view> argv) {
  return internal::batch_of(batch_).queue_named(argv);
}

absl::Status Pipeline::exec() {
  if (batch_->is_transaction()) return error(Error::kExecInTransaction);
  if (!batch_->has_run()) batch_->exec();
  return absl::OkStatus();
}

void Pipeline::clear() {
  auto* const fresh = new internal::Batch(batch_->core(), batch_->db(), batch_->is_transaction());
  batch_->release();
  batch_ = fresh;
}

size_t Pipeline::size() const { return batch_->size(); }

Pipeline Database::pipeline() const { return Pipeline(new internal::Batch(*core_, index_, false)); }

}  // namespace inlay
