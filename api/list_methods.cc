// The typed list methods of every front door.
#include "api/commands/list.h"
#include "api/store_core.h"
#include "inlay/commands/list.h"

namespace inlay {

using internal::FrontDoor;

// The front door that a method was called through.
#define INLAY_SELF static_cast<const Self&>(*this)
#define INLAY_METHOD template <class Self, template <class> class Out>

#undef INLAY_METHOD
#undef INLAY_SELF

template class ListCommands<Database, Result>;

}  // namespace inlay
