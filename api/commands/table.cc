// The command table: all rows, look-up by name, and the road of a by-name call.
#include <algorithm>
#include <array>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/commands/codec.h"
#include "api/commands/command.h"
#include "api/commands/rows.h"
#include "api/commands/server.h"
#include "engine/error.h"
#include "inlay/datatypes/number.h"

namespace inlay {
namespace {

constexpr size_t kNameMax = 32;

struct Table {
  std::vector<const Command*> rows;
  absl::flat_hash_map<std::string_view, const Command*> by_name;

  Table() {
    for (const std::span<const Command> family :
         {string_rows(), list_rows(), hash_rows(), hash_deadline_rows(), set_rows(), sorted_set_rows(),
          blocking_rows(), key_rows(), sort_rows(), pubsub_rows(), transaction_rows(), function_rows(),
          server_rows()}) {
      for (const Command& row : family) {
        rows.push_back(&row);
        by_name.emplace(row.name, &row);
      }
    }
  }
};

const Table& table() {
  static const Table* const kTable = new Table;
  return *kTable;
}

// The row called `prefix` + lower(name).
const Command* find_row(std::string_view prefix, Bytes name) {
  char buffer[2 * kNameMax + 1];
  if (name.size() > kNameMax || prefix.size() > kNameMax) return nullptr;
  char* end = std::copy(prefix.begin(), prefix.end(), buffer);
  if (!prefix.empty()) *end++ = '|';
  end = std::transform(name.begin(), name.end(), end,
                       [](char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); });
  const auto found = table().by_name.find(std::string_view(buffer, static_cast<size_t>(end - buffer)));
  return found == table().by_name.end() ? nullptr : found->second;
}

// What Redis quotes of a text in an error: at most `most` bytes, up to the first NUL.
Bytes excerpt(Bytes text, size_t most) { return text.substr(0, std::min(text.find('\0'), most)); }

absl::Status unknown_command(std::span<const Bytes> argv) {
  constexpr size_t kQuotedMax = 128;
  std::string args;
  for (size_t i = 1; i < argv.size() && args.size() < kQuotedMax; ++i) {
    absl::StrAppend(&args, "'", std::string(excerpt(argv[i], kQuotedMax - args.size())), "' ");
  }
  return error(Error::kUnknownCommand, absl::StrCat("'", std::string(excerpt(argv[0], kQuotedMax)),
                                                    "', with args beginning with: ", args));
}

absl::Status unknown_subcommand(const Command& container, Bytes name) {
  std::string upper(container.name);
  absl::AsciiStrToUpper(&upper);
  return error(Error::kUnknownSubcommand,
               absl::StrCat("'", std::string(excerpt(name, 128)), "'. Try ", upper, " HELP."));
}

bool arity_fits(const Command& command, size_t count) {
  return command.arity < 0 ? count >= static_cast<size_t>(-command.arity)
                           : count == static_cast<size_t>(command.arity);
}

// The row of a call that has as many arguments as it wants.
Result<const Command*> resolve(std::span<const Bytes> argv) {
  if (argv.empty()) return error(Error::kNoCommand);
  const Command* command = find_command(argv);
  if (command == nullptr) return unknown_command(argv);
  if (command->is_container && argv.size() > 1) return unknown_subcommand(*command, argv[1]);
  const bool is_complete = !command->is_container || command->name == "command";
  if (!is_complete || !arity_fits(*command, argv.size())) return error(Error::kWrongArity, command->name);
  return command;
}

bool ends_transaction(const Command& command) {
  return command.name == "exec" || command.name == "discard" || command.name == "reset";
}

// The answer to a call that cannot be made. It breaks a transaction that is being queued; a malformed EXEC ends it.
Reply refused(SessionState& session, std::span<const Bytes> argv, const absl::Status& why) {
  const std::string text = redis_error_text(why);
  if (argv.empty() || !is_word(argv[0], "EXEC")) {
    session.transaction.refuse();
    return Reply::error(text);
  }
  session.transaction.close();
  constexpr std::string_view kPrefix = "ERR ";
  return Reply::error(redis_error_text(error(Error::kExecAborted, ": " + text.substr(kPrefix.size()))));
}

}  // namespace

std::string_view group_name(Group group) {
  switch (group) {
    case Group::kString: return "string";
    case Group::kList: return "list";
    case Group::kHash: return "hash";
    case Group::kSet: return "set";
    case Group::kSortedSet: return "sorted-set";
    case Group::kGeneric: return "generic";
    case Group::kTransactions: return "transactions";
    case Group::kScripting: return "scripting";
    case Group::kPubSub: return "pubsub";
    case Group::kConnection: return "connection";
    case Group::kServer: return "server";
  }
  return "";
}

std::span<const Command* const> all_commands() { return table().rows; }

const Command* find_command(std::span<const Bytes> argv) {
  if (argv.empty()) return nullptr;
  const Command* row = find_row("", argv[0]);
  if (row == nullptr || !row->is_container || argv.size() < 2) return row;
  const Command* sub = find_row(row->name, argv[1]);
  return sub == nullptr ? row : sub;
}

Reply execute_command(const Executor& executor, SessionState& session, std::span<const Bytes> argv,
                      HeldLocks* held, const std::stop_token* wait_until) {
  const Result<const Command*> command = resolve(argv);
  if (!command.ok()) return refused(session, argv, command.status());
  if (session.is_subscribed() && !(*command)->while_subscribed)
    return refused(session, argv, error(Error::kSubscribedContext, (*command)->name));
  if (session.transaction.is_open()) {
    // A queue takes memory, whatever is in it.
    if (!ends_transaction(**command) && executor.engine().memory().refuses_growth())
      return refused(session, argv, error(Error::kOutOfMemory));
    if ((*command)->is_queued) return session.transaction.queue(**command, argv);
  }
  return run_command(executor, session, **command, argv, held, wait_until);
}

Reply run_command(const Executor& executor, SessionState& session, const Command& command,
                  std::span<const Bytes> argv, HeldLocks* held, const std::stop_token* wait_until) {
  const size_t names = command.name.find('|') == std::string_view::npos ? 1 : 2;
  const Call call{executor, session, command, argv.subspan(names), held, wait_until};
  // COMMAND alone means COMMAND INFO.
  return command.is_container ? *cmd::command_all(call) : command.execute(call);
}

absl::Status for_each_key(const Command& command, std::span<const Bytes> argv,
                          absl::FunctionRef<void(Bytes)> visit) {
  const KeySpec& spec = command.keys;
  if (spec.first == 0) return absl::OkStatus();
  const auto first = static_cast<size_t>(spec.first);
  size_t last =
      spec.last < 0 ? argv.size() - static_cast<size_t>(-spec.last) : static_cast<size_t>(spec.last);
  if (spec.counted) {
    const auto count = parse_int64(argv[first - 1]);
    const size_t room = argv.size() - first;
    if (!count.has_value() || *count < 1 ||
        static_cast<uint64_t>(*count) > room / static_cast<size_t>(spec.step)) {
      return spec.optional ? absl::OkStatus() : error(Error::kGetKeysArity);
    }
    last = first + static_cast<size_t>(*count - 1) * static_cast<size_t>(spec.step);
  }
  if (spec.has_destination) visit(argv[1]);
  for (size_t i = first; i <= last; i += static_cast<size_t>(spec.step)) visit(argv[i]);
  return absl::OkStatus();
}

Result<std::vector<std::string>> keys_of(const Command& command, std::span<const Bytes> argv) {
  std::vector<std::string> keys;
  absl::Status status = for_each_key(command, argv, [&](Bytes key) { keys.emplace_back(key); });
  if (!status.ok()) return status;
  return keys;
}

}  // namespace inlay
