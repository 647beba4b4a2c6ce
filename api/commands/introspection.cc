// COMMAND and the HELP subcommands: what the table says about itself.
#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/commands/codec.h"
#include "api/commands/encode.h"
#include "api/commands/server.h"
#include "engine/error.h"
#include "engine/glob.h"

namespace inlay::cmd {
namespace {

bool is_top_level(const Command& command) { return command.name.find('|') == std::string_view::npos; }

Reply text(std::string_view value) { return Reply::bulk(std::string(value)); }

// Calls `visit` with the subcommands of a container.
template <class Visit>
void for_each_subcommand(const Command& parent, Visit&& visit) {
  for (const Command* row : all_commands()) {
    if (row->name.size() > parent.name.size() && row->name.substr(0, parent.name.size()) == parent.name &&
        row->name[parent.name.size()] == '|') {
      visit(*row);
    }
  }
}

Reply describe(const Command& command) {
  Reply::Items flags;
  // Whether FCALL writes its function says.
  const bool may_write = command.writes && command.keys.optional;
  if (!command.is_container && !may_write)
    flags.push_back(Reply::simple(command.writes ? "write" : "readonly"));
  if (command.grows) flags.push_back(Reply::simple("denyoom"));
  if (command.blocks) flags.push_back(Reply::simple("blocking"));
  if (command.keys.optional) flags.push_back(Reply::simple("no_mandatory_keys"));
  if (command.keys.counted) flags.push_back(Reply::simple("movablekeys"));
  Reply::Items subcommands;
  for_each_subcommand(command, [&](const Command& sub) { subcommands.push_back(describe(sub)); });
  KeySpec keys = command.keys;
  if (keys.counted) keys = keys.has_destination ? KeySpec{1, 1, 1} : KeySpec{};
  return Reply::array({text(command.name), Reply::integer(command.arity), Reply::set(std::move(flags)),
                       Reply::integer(keys.first), Reply::integer(keys.last), Reply::integer(keys.step),
                       Reply::set({}), Reply::array({}), Reply::array({}),
                       Reply::array(std::move(subcommands))});
}

Reply document(const Command& command) {
  Reply::Items items{text("summary"), text(command.spec.summary),
                     text("since"),   text(command.spec.since),
                     text("group"),   text(group_name(command.spec.group))};
  if (!command.spec.complexity.empty()) {
    items.push_back(text("complexity"));
    items.push_back(text(command.spec.complexity));
  }
  if (!command.spec.syntax.empty()) {
    items.push_back(text("syntax"));
    items.push_back(text(command.spec.syntax));
  }
  Reply::Items subcommands;
  for_each_subcommand(command, [&](const Command& sub) {
    subcommands.push_back(text(sub.name));
    subcommands.push_back(document(sub));
  });
  if (!subcommands.empty()) {
    items.push_back(text("subcommands"));
    items.push_back(Reply::map(std::move(subcommands)));
  }
  return Reply::map(std::move(items));
}

// COMMAND INFO and DOCS name subcommands as "config|get".
const Command* find_by_full_name(Bytes name) {
  for (const Command* row : all_commands()) {
    if (row->name.size() == name.size() &&
        std::equal(name.begin(), name.end(), row->name.begin(),
                   [](unsigned char a, char b) { return absl::ascii_tolower(a) == b; })) {
      return row;
    }
  }
  return nullptr;
}

// The keys of a call given as arguments, or what is wrong with it.
Result<std::vector<std::string>> keys_of_argv(std::span<const Bytes> argv, const Command** command) {
  *command = find_command(argv);
  if (*command == nullptr || (*command)->is_container) return error(Error::kInvalidCommandName);
  if ((*command)->keys.first == 0) return error(Error::kNoKeyArguments);
  const int arity = (*command)->arity;
  const auto count = static_cast<int>(argv.size());
  if (arity > 0 ? arity != count : count < -arity) return error(Error::kGetKeysArity);
  return keys_of(**command, argv);
}

}  // namespace

Result<Reply> command_all(const Call&) {
  Reply::Items rows;
  for (const Command* row : all_commands()) {
    if (is_top_level(*row)) rows.push_back(describe(*row));
  }
  return Reply::array(std::move(rows));
}

Result<int64_t> command_count(const Call&) {
  const auto rows = all_commands();
  return std::count_if(rows.begin(), rows.end(), [](const Command* row) { return is_top_level(*row); });
}

Result<Reply> command_docs(const Call&, std::span<const Bytes> names) {
  Reply::Items documents;
  const auto add = [&](const Command& command) {
    documents.push_back(text(command.name));
    documents.push_back(document(command));
  };
  if (names.empty()) {
    for (const Command* row : all_commands()) {
      if (is_top_level(*row)) add(*row);
    }
  }
  for (const Bytes name : names) {
    if (const Command* row = find_by_full_name(name)) add(*row);
  }
  return Reply::map(std::move(documents));
}

Result<Reply> command_info(const Call& call, std::span<const Bytes> names) {
  if (names.empty()) return command_all(call);
  Reply::Items rows;
  for (const Bytes name : names) {
    const Command* row = find_by_full_name(name);
    rows.push_back(row == nullptr ? Reply::nil_array() : describe(*row));
  }
  return Reply::array(std::move(rows));
}

Result<Reply> command_list(const Call&, std::span<const Bytes> filter) {
  const bool by_pattern = filter.size() == 3 && is_word(filter[1], "PATTERN");
  const bool by_other = filter.size() == 3 && (is_word(filter[1], "MODULE") || is_word(filter[1], "ACLCAT"));
  if (!filter.empty() && (!is_word(filter[0], "FILTERBY") || !(by_pattern || by_other)))
    return error(Error::kSyntax);
  Reply::Items names;
  for (const Command* row : all_commands()) {
    // There are neither modules nor access control categories.
    const bool wanted = filter.empty() ? is_top_level(*row) : by_pattern && glob_match(filter[2], row->name);
    if (wanted) names.push_back(text(row->name));
  }
  return Reply::array(std::move(names));
}

Result<Reply> command_getkeys(const Call&, std::span<const Bytes> argv) {
  const Command* command = nullptr;
  const auto keys = keys_of_argv(argv, &command);
  if (!keys.ok()) return keys.status();
  return encode(*keys);
}

Result<Reply> command_getkeysandflags(const Call&, std::span<const Bytes> argv) {
  const Command* command = nullptr;
  const auto keys = keys_of_argv(argv, &command);
  if (!keys.ok()) return keys.status();
  Reply::Items items;
  for (const std::string& key : *keys) {
    Reply::Items flags{Reply::simple(command->writes ? "RW" : "RO"),
                       Reply::simple(command->writes ? "UPDATE" : "ACCESS")};
    items.push_back(Reply::array({text(key), Reply::set(std::move(flags))}));
  }
  return Reply::array(std::move(items));
}

Result<Reply> help(const Call& call) {
  const std::string_view container = call.command.name.substr(0, call.command.name.find('|'));
  const Command* parent = find_by_full_name(container);
  Reply::Items lines;
  const auto upper = [](std::string_view name) {
    std::string result(name);
    absl::AsciiStrToUpper(&result);
    return result;
  };
  lines.push_back(Reply::simple(absl::StrCat(upper(container), " takes one of:")));
  for_each_subcommand(*parent, [&](const Command& sub) {
    std::string line = upper(sub.name.substr(container.size() + 1));
    if (!sub.spec.syntax.empty()) absl::StrAppend(&line, " ", std::string(sub.spec.syntax));
    lines.push_back(Reply::simple(line));
    lines.push_back(Reply::simple(absl::StrCat("    ", std::string(sub.spec.summary))));
  });
  return Reply::array(std::move(lines));
}

}  // namespace inlay::cmd
