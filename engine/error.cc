#include "engine/error.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string>

#include "absl/strings/cord.h"
#include "inlay/result.h"

namespace inlay {
namespace {

constexpr char kKindPayload[] = "inlay/error-kind";

struct ErrorRow {
  Error error;
  ErrorKind kind;
  absl::StatusCode code;
  std::string_view text;
};

using Code = absl::StatusCode;

constexpr std::array kErrors{
    ErrorRow{Error::kWrongType, ErrorKind::kWrongType, Code::kFailedPrecondition,
             "WRONGTYPE Operation against a key holding the wrong kind of value"},
    ErrorRow{Error::kLcsWrongType, ErrorKind::kWrongType, Code::kFailedPrecondition,
             "ERR The specified keys must contain string values"},
    ErrorRow{Error::kNotInteger, ErrorKind::kNotInteger, Code::kInvalidArgument,
             "ERR value is not an integer or out of range"},
    ErrorRow{Error::kNotFloat, ErrorKind::kNotFloat, Code::kInvalidArgument,
             "ERR value is not a valid float"},
    ErrorRow{Error::kSyntax, ErrorKind::kSyntax, Code::kInvalidArgument, "ERR syntax error"},
    ErrorRow{Error::kNoSuchKey, ErrorKind::kNoSuchKey, Code::kNotFound, "ERR no such key"},
    ErrorRow{Error::kIncrOverflow, ErrorKind::kOverflow, Code::kOutOfRange,
             "ERR increment or decrement would overflow"},
    ErrorRow{Error::kDecrOverflow, ErrorKind::kOverflow, Code::kOutOfRange, "ERR decrement would overflow"},
    ErrorRow{Error::kFloatIncrNaN, ErrorKind::kNaN, Code::kOutOfRange,
             "ERR increment would produce NaN or Infinity"},
    ErrorRow{Error::kStringTooLong, ErrorKind::kOutOfRange, Code::kOutOfRange,
             "ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
    ErrorRow{Error::kOffsetOutOfRange, ErrorKind::kOutOfRange, Code::kOutOfRange,
             "ERR offset is out of range"},
    ErrorRow{Error::kInvalidExpire, ErrorKind::kOutOfRange, Code::kOutOfRange,
             "ERR invalid expire time in '%s' command"},
    ErrorRow{Error::kExpireNxConflict, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR NX and XX, GT or LT options at the same time are not compatible"},
    ErrorRow{Error::kExpireGtLtConflict, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR GT and LT options at the same time are not compatible"},
    ErrorRow{Error::kExpireUnsupportedOption, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR Unsupported option %s"},
    ErrorRow{Error::kSameObject, ErrorKind::kOther, Code::kInvalidArgument,
             "ERR source and destination objects are the same"},
    ErrorRow{Error::kDbOutOfRange, ErrorKind::kOutOfRange, Code::kOutOfRange, "ERR DB index is out of range"},
    ErrorRow{Error::kInvalidFirstDb, ErrorKind::kNotInteger, Code::kInvalidArgument,
             "ERR invalid first DB index"},
    ErrorRow{Error::kInvalidSecondDb, ErrorKind::kNotInteger, Code::kInvalidArgument,
             "ERR invalid second DB index"},
    ErrorRow{Error::kInvalidCursor, ErrorKind::kSyntax, Code::kInvalidArgument, "ERR invalid cursor"},
    ErrorRow{Error::kLcsLenAndIdx, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR If you want both the length and indexes, please just use IDX."},
    ErrorRow{Error::kNumkeys, ErrorKind::kOutOfRange, Code::kInvalidArgument,
             "ERR numkeys should be greater than 0"},
    ErrorRow{Error::kWrongArity, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR wrong number of arguments for '%s' command"},
    ErrorRow{Error::kUnknownCommand, ErrorKind::kUnsupported, Code::kUnimplemented, "ERR unknown command %s"},
    ErrorRow{Error::kUnknownSubcommand, ErrorKind::kUnsupported, Code::kUnimplemented,
             "ERR unknown subcommand %s"},
    ErrorRow{
        Error::kNoFreq, ErrorKind::kUnsupported, Code::kFailedPrecondition,
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
        "switching between policies at runtime LRU and LFU data will take some time to adjust."},
    ErrorRow{
        Error::kNoIdletime, ErrorKind::kUnsupported, Code::kFailedPrecondition,
        "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching "
        "between policies at runtime LRU and LFU data will take some time to adjust."},
    ErrorRow{Error::kInvalidCommandName, ErrorKind::kOther, Code::kInvalidArgument,
             "ERR Invalid command specified"},
    ErrorRow{Error::kNoKeyArguments, ErrorKind::kOther, Code::kInvalidArgument,
             "ERR The command has no key arguments"},
    ErrorRow{Error::kGetKeysArity, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR Invalid number of arguments specified for command"},
    ErrorRow{Error::kUnknownConfigArgument, ErrorKind::kOther, Code::kInvalidArgument,
             "ERR Unknown option or number of arguments for CONFIG SET - '%s'"},
    ErrorRow{Error::kConfigSetFailed, ErrorKind::kOther, Code::kInvalidArgument,
             "ERR CONFIG SET failed (possibly related to argument %s"},
    ErrorRow{Error::kOutOfMemory, ErrorKind::kOutOfMemory, Code::kResourceExhausted,
             "OOM command not allowed when used memory > 'maxmemory'."},
    ErrorRow{Error::kLcsTooLarge, ErrorKind::kOutOfMemory, Code::kResourceExhausted,
             "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"},
    ErrorRow{Error::kIntOutOfRange, ErrorKind::kOutOfRange, Code::kOutOfRange,
             "ERR value is out of range, value must between -2147483648 and 2147483647"},
    ErrorRow{Error::kSortNotNumbers, ErrorKind::kNotFloat, Code::kInvalidArgument,
             "ERR One or more scores can't be converted into double"},
    ErrorRow{Error::kNotPositive, ErrorKind::kOutOfRange, Code::kOutOfRange,
             "ERR value is out of range, must be positive"},
    ErrorRow{Error::kCountNotPositive, ErrorKind::kOutOfRange, Code::kInvalidArgument,
             "ERR count should be greater than 0"},
    ErrorRow{Error::kIndexOutOfRange, ErrorKind::kOutOfRange, Code::kOutOfRange, "ERR index out of range"},
    ErrorRow{
        Error::kRankZero, ErrorKind::kOutOfRange, Code::kInvalidArgument,
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative "
        "to start from the end of the list"},
    ErrorRow{Error::kNegativeCount, ErrorKind::kOutOfRange, Code::kOutOfRange, "ERR COUNT can't be negative"},
    ErrorRow{Error::kNegativeMaxlen, ErrorKind::kOutOfRange, Code::kOutOfRange,
             "ERR MAXLEN can't be negative"},
    ErrorRow{Error::kHashValueNotInteger, ErrorKind::kNotInteger, Code::kInvalidArgument,
             "ERR hash value is not an integer"},
    ErrorRow{Error::kHashValueNotFloat, ErrorKind::kNotFloat, Code::kInvalidArgument,
             "ERR hash value is not a float"},
    ErrorRow{Error::kNotFinite, ErrorKind::kNaN, Code::kOutOfRange, "ERR value is NaN or Infinity"},
    ErrorRow{Error::kNegativeExpire, ErrorKind::kOutOfRange, Code::kOutOfRange,
             "ERR invalid expire time, must be >= 0"},
    ErrorRow{Error::kFieldsMissing, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR Mandatory argument FIELDS is missing or not at the right position"},
    ErrorRow{Error::kNumFieldsParameter, ErrorKind::kOutOfRange, Code::kInvalidArgument,
             "ERR Parameter `numFields` should be greater than 0"},
    ErrorRow{Error::kNumFields, ErrorKind::kOutOfRange, Code::kInvalidArgument,
             "ERR Number of fields must be a positive integer"},
    ErrorRow{Error::kFieldsMismatch, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR The `numfields` parameter must match the number of arguments"},
    ErrorRow{Error::kHSetExNumFields, ErrorKind::kOutOfRange, Code::kInvalidArgument,
             "ERR invalid number of fields"},
    ErrorRow{Error::kHSetExCondition, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR Only one of FXX or FNX arguments can be specified"},
    ErrorRow{Error::kHSetExTtl, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"},
    ErrorRow{Error::kUnknownArgument, ErrorKind::kSyntax, Code::kInvalidArgument, "ERR unknown argument: %s"},
    ErrorRow{Error::kMissingExpire, ErrorKind::kSyntax, Code::kInvalidArgument, "ERR missing expire time"},
    ErrorRow{Error::kLongOutOfRange, ErrorKind::kOutOfRange, Code::kOutOfRange,
             "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"},
    ErrorRow{Error::kValueOutOfRange, ErrorKind::kOutOfRange, Code::kOutOfRange, "ERR value is out of range"},
    ErrorRow{Error::kNegativeLimit, ErrorKind::kOutOfRange, Code::kInvalidArgument,
             "ERR LIMIT can't be negative"},
    ErrorRow{Error::kTooManyKeys, ErrorKind::kOutOfRange, Code::kInvalidArgument,
             "ERR Number of keys can't be greater than number of args"},
    ErrorRow{Error::kZAddNxAndXx, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR XX and NX options at the same time are not compatible"},
    ErrorRow{Error::kZAddGtLtNx, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR GT, LT, and/or NX options at the same time are not compatible"},
    ErrorRow{Error::kZAddIncrPairs, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR INCR option supports a single increment-element pair"},
    ErrorRow{Error::kScoreNaN, ErrorKind::kNaN, Code::kOutOfRange,
             "ERR resulting score is not a number (NaN)"},
    ErrorRow{Error::kBoundNotFloat, ErrorKind::kNotFloat, Code::kInvalidArgument,
             "ERR min or max is not a float"},
    ErrorRow{Error::kBoundNotLex, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR min or max not valid string range item"},
    ErrorRow{Error::kLimitNeedsBy, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"},
    ErrorRow{Error::kLexWithScores, ErrorKind::kSyntax, Code::kInvalidArgument,
             "ERR syntax error, WITHSCORES not supported in combination with BYLEX"},
    ErrorRow{Error::kNoInputKeys, ErrorKind::kOutOfRange, Code::kInvalidArgument,
             "ERR at least 1 input key is needed for '%s' command"},
    ErrorRow{Error::kWeightNotFloat, ErrorKind::kNotFloat, Code::kInvalidArgument,
             "ERR weight value is not a float"},
    ErrorRow{Error::kNoCommand, ErrorKind::kOther, Code::kInvalidArgument, "ERR no command given"},
    ErrorRow{Error::kNestedMulti, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR MULTI calls can not be nested"},
    ErrorRow{Error::kExecWithoutMulti, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR EXEC without MULTI"},
    ErrorRow{Error::kDiscardWithoutMulti, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR DISCARD without MULTI"},
    ErrorRow{Error::kWatchInMulti, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR WATCH inside MULTI is not allowed"},
    ErrorRow{Error::kExecAborted, ErrorKind::kExecAborted, Code::kAborted,
             "EXECABORT Transaction discarded because of%s"},
    ErrorRow{Error::kWatchFailed, ErrorKind::kWatchFailed, Code::kAborted, "ERR a watched key has changed"},
    ErrorRow{Error::kUndeclaredKey, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR a key was not declared"},
    ErrorRow{Error::kNeedsWholeKeyspace, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR the command looks at more than declared keys"},
    ErrorRow{Error::kReadOnly, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR Write commands are not allowed from read-only scripts."},
    ErrorRow{Error::kNotInTransaction, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR '%s' is not allowed inside a transaction"},
    ErrorRow{Error::kNotExecuted, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR the pipeline has not been executed"},
    ErrorRow{Error::kTransactionOver, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR the transaction is over"},
    ErrorRow{Error::kWriteOutsideMulti, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR a transaction writes in multi()"},
    ErrorRow{Error::kExecInTransaction, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR multi() executes the pipeline of a transaction"},
    ErrorRow{Error::kFunctionNotFound, ErrorKind::kOther, Code::kNotFound, "ERR Function not found"},
    ErrorRow{Error::kFunctionExists, ErrorKind::kOther, Code::kAlreadyExists, "ERR Function already exists"},
    ErrorRow{Error::kFunctionWrites, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR Can not execute a script with write flag using *_ro command."},
    ErrorRow{Error::kBadNumberOfKeys, ErrorKind::kNotInteger, Code::kInvalidArgument,
             "ERR Bad number of keys provided"},
    ErrorRow{Error::kNegativeNumberOfKeys, ErrorKind::kOutOfRange, Code::kInvalidArgument,
             "ERR Number of keys can't be negative"},
    ErrorRow{Error::kSubscriberClosed, ErrorKind::kClosed, Code::kCancelled, "ERR the subscriber is closed"},
    ErrorRow{Error::kWaitStopped, ErrorKind::kClosed, Code::kCancelled, "ERR the wait was stopped"},
    ErrorRow{Error::kSubscribedContext, ErrorKind::kOther, Code::kFailedPrecondition,
             "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
             "allowed in this "
             "context"},
    ErrorRow{Error::kTimeoutNotFloat, ErrorKind::kNotFloat, Code::kInvalidArgument,
             "ERR timeout is not a float or out of range"},
    ErrorRow{Error::kTimeoutNegative, ErrorKind::kOutOfRange, Code::kInvalidArgument,
             "ERR timeout is negative"},
    ErrorRow{Error::kStoreClosed, ErrorKind::kClosed, Code::kCancelled, "ERR the store is closed"},
    ErrorRow{Error::kLargerThanMemory, ErrorKind::kOutOfMemory, Code::kResourceExhausted,
             "OOM value is larger than 'maxmemory'."},
};

constexpr bool in_order() {
  for (size_t i = 0; i < kErrors.size(); ++i) {
    if (static_cast<size_t>(kErrors[i].error) != i) return false;
  }
  return true;
}
static_assert(in_order(), "a row's place is its enumerator's value");

}  // namespace

absl::Status error(Error error, std::string_view detail) {
  const ErrorRow& row = kErrors[static_cast<size_t>(error)];
  std::string text(row.text);
  if (const size_t place = text.find("%s"); place != std::string::npos) {
    text.replace(place, 2, detail.substr(0, detail.find('\0')));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  }
  absl::Status status(row.code, absl::string_view(text.data(), text.size()));
  const char kind = static_cast<char>(row.kind);
  status.SetPayload(kKindPayload, absl::Cord(absl::string_view(&kind, 1)));
  return status;
}

ErrorKind kind_of(const absl::Status& status) {
  if (status.ok()) return ErrorKind::kNone;
  const auto payload = status.GetPayload(kKindPayload);
  if (!payload.has_value() || payload->size() != 1) return ErrorKind::kOther;
  return static_cast<ErrorKind>((*payload)[0]);
}

std::string redis_error_text(const absl::Status& status) {
  if (status.ok()) return {};
  std::string text(status.message().data(), status.message().size());
  return status.GetPayload(kKindPayload).has_value() ? text : "ERR " + text;
}

}  // namespace inlay
