#pragma once

#include <memory>

#include "tests/conformance/target.h"

namespace inlay::conformance {

/// A store of its own on a clock that is moved by hand, from the present on: nothing ever sleeps.
/// Errors: the store does not open.
Result<std::unique_ptr<Target>> open_inlay_target();

}  // namespace inlay::conformance
