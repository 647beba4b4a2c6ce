// The commands that may have to wait: each tries once and gives nil where it would. See engine/blocking.h for the rest.
// Semantics: redis.io/commands, groups list and sorted-set; differences in docs/differences.md.
#pragma once

#include <string>

#include "api/commands/codec.h"
#include "api/commands/list.h"
#include "api/commands/sorted_set_arguments.h"
#include "engine/blocking.h"
#include "engine/transaction.h"
#include "inlay/commands/blocking_types.h"
#include "inlay/result.h"

namespace inlay {

/// Redis's seconds, of which 0 is forever.
absl::Status read_timeout(ArgReader& reader, Duration& timeout);
void print_timeout(Duration timeout, ArgPrinter& out);

template <Type type>
struct Codec<WaitFor<type>> : OneArgument {
  using Value = WaitFor<type>;
  static absl::Status read(ArgReader& reader, Value& value) { return read_timeout(reader, value.timeout); }
  static void print(const Value& value, ArgPrinter& out) { print_timeout(value.timeout, out); }
};

}  // namespace inlay

namespace inlay::cmd {

using ListWait = WaitFor<Type::kList>;
using SortedSetWait = WaitFor<Type::kSortedSet>;

Nullable<KeyElement> blpop(LeanTx& tx, LeadingKeys keys, ListWait);
Nullable<KeyElement> brpop(LeanTx& tx, LeadingKeys keys, ListWait);
Nullable<KeyElements> blmpop(LeanTx& tx, ListWait, CountedKeys keys, End from, const ListMPopCount& count);
Nullable<std::string> blmove(WriteTx& tx, const KeyRef& source, const KeyRef& destination, End from, End to,
                             ListWait);
Nullable<std::string> brpoplpush(WriteTx& tx, const KeyRef& source, const KeyRef& destination, ListWait);
Nullable<KeyMember> bzpopmin(LeanTx& tx, LeadingKeys keys, SortedSetWait);
Nullable<KeyMember> bzpopmax(LeanTx& tx, LeadingKeys keys, SortedSetWait);
Nullable<PoppedMembers> bzmpop(LeanTx& tx, SortedSetWait, CountedKeys keys, const ZMPopWords& words);

}  // namespace inlay::cmd
