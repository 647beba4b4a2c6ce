#include "inlay/patterns/codec.h"

#include "absl/strings/str_cat.h"

namespace inlay::internal {

absl::Status wrong_size(size_t bytes, size_t expected) {
  return absl::DataLossError(
      absl::StrCat("a stored value of ", bytes, " bytes where ", expected, " are expected"));
}

}  // namespace inlay::internal
