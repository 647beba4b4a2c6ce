#pragma once

#include <memory>

#include "tests/conformance/target.h"

namespace inlay::conformance {

/// A redis-server of its own. Time passes by itself: this target is the slow one.
/// Errors: redis-server does not start.
Result<std::unique_ptr<Target>> open_redis_target();

}  // namespace inlay::conformance
