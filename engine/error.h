// Every error text that Inlay answers with, in one table.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace inlay {

enum class Error : unsigned char {
  kWrongType,
  kLcsWrongType,
  kNotInteger,
  kNotFloat,
  kSyntax,
  kNoSuchKey,
  kIncrOverflow,
  kDecrOverflow,
  kFloatIncrNaN,
  kStringTooLong,
  kOffsetOutOfRange,
  kInvalidExpire,  // %s: command
  kExpireNxConflict,
  kExpireGtLtConflict,
  kExpireUnsupportedOption,  // %s: option
  kSameObject,
  kDbOutOfRange,
  kInvalidFirstDb,
  kInvalidSecondDb,
  kInvalidCursor,
  kLcsLenAndIdx,
  kNumkeys,
  kWrongArity,         // %s: command
  kUnknownCommand,     // %s: whole tail
  kUnknownSubcommand,  // %s: "'FOO'. Try OBJECT HELP."
  kNoFreq,
  kNoIdletime,
  kInvalidCommandName,
  kNoKeyArguments,
  kGetKeysArity,
  kUnknownConfigArgument,  // %s
  kConfigSetFailed,        // %s: argument, then reason, as one text
  kOutOfMemory,
  kLcsTooLarge,
  kIntOutOfRange,
  kSortNotNumbers,
  // Lists.
  kNotPositive,
  kCountNotPositive,
  kIndexOutOfRange,
  kRankZero,
  kNegativeCount,
  kNegativeMaxlen,
  // Hashes.
  kHashValueNotInteger,
  kHashValueNotFloat,
  kNotFinite,
  kNegativeExpire,
  kFieldsMissing,
  kNumFieldsParameter,
  kNumFields,
  kFieldsMismatch,
  kHSetExNumFields,
  kHSetExCondition,
  kHSetExTtl,
  kUnknownArgument,  // %s: argument
  kMissingExpire,
  kLongOutOfRange,
  kValueOutOfRange,
  // Sets.
  kNegativeLimit,
  kTooManyKeys,
  // Sorted sets.
  kZAddNxAndXx,
  kZAddGtLtNx,
  kZAddIncrPairs,
  kScoreNaN,
  kBoundNotFloat,
  kBoundNotLex,
  kLimitNeedsBy,
  kLexWithScores,
  kNoInputKeys,  // %s: command
  kWeightNotFloat,
  // Transactions, pipelines and functions.
  kNoCommand,
  kNestedMulti,
  kExecWithoutMulti,
  kDiscardWithoutMulti,
  kWatchInMulti,
  kExecAborted,  // %s: why
  kWatchFailed,
  kUndeclaredKey,
  kNeedsWholeKeyspace,
  kReadOnly,
  kNotInTransaction,  // %s: command
  kNotExecuted,
  kTransactionOver,
  kWriteOutsideMulti,
  kExecInTransaction,
  kFunctionNotFound,
  kFunctionExists,
  kFunctionWrites,
  kBadNumberOfKeys,
  kNegativeNumberOfKeys,
  // Publishing and subscribing.
  kSubscriberClosed,
  kWaitStopped,
  kSubscribedContext,  // %s: command
  // Waiting.
  kTimeoutNotFloat,
  kTimeoutNegative,
  kStoreClosed,
  // Limits.
  kLargerThanMemory,
};

/// The status for `error`; `detail` replaces the %s of its text, up to its first NUL, line breaks made spaces.
[[gnu::cold]] absl::Status error(Error error, std::string_view detail = {});

}  // namespace inlay
