// The typed hash methods of every front door.
#include "api/commands/hash.h"
#include "api/store_core.h"
#include "inlay/commands/hash.h"

namespace inlay {

using internal::FrontDoor;

// The front door that a method was called through.
#define INLAY_SELF static_cast<const Self&>(*this)
#define INLAY_METHOD template <class Self, template <class> class Out>

#undef INLAY_METHOD
#undef INLAY_SELF

template class HashCommands<Database, Result>;

}  // namespace inlay
