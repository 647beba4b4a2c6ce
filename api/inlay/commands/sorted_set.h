// SortedSetCommands: the sorted set commands as typed methods, declared once for every front door.
#pragma once

#include "inlay/result.h"
#include "inlay/types.h"

namespace inlay {

template <class Self, template <class> class Out>
class SortedSetCommands {
 public:
};

}  // namespace inlay
