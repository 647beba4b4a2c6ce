#include "api/commands/server.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/commands/config.h"
#include "api/commands/key.h"
#include "api/commands/make_command.h"
#include "api/commands/rows.h"
#include "engine/error.h"

namespace inlay::cmd {
namespace {

struct DatabaseFigures {
  int db;
  uint64_t keys;
  uint64_t expires;
};

std::vector<DatabaseFigures> databases_in_use(KeyspaceTx& tx) {
  std::vector<DatabaseFigures> figures;
  for (int db = 0; db < tx.engine().databases(); ++db) {
    if (const uint64_t keys = tx.size(db)) figures.push_back({db, keys, tx.timers(db)});
  }
  return figures;
}

// "1.50M": how Redis prints bytes for people.
std::string human_bytes(uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits{"K", "M", "G", "T"};
  if (bytes < 1024) return absl::StrCat(bytes, "B");
  double scaled = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; scaled >= 1024 && unit + 1 < kUnits.size(); ++unit) scaled /= 1024;
  return absl::StrFormat("%.2f%s", scaled, std::string(kUnits[unit]));
}

std::string memory_section(KeyspaceTx& tx) {
  const uint64_t bytes = tx.bytes();
  const Limits limits = tx.engine().memory().limits();
  return absl::StrCat("# Memory\r\nused_memory:", bytes, "\r\nused_memory_human:", human_bytes(bytes),
                      "\r\nmaxmemory:", limits.max_memory,
                      "\r\nmaxmemory_human:", human_bytes(limits.max_memory),
                      "\r\nmaxmemory_policy:", limits.policy->name, "\r\n");
}

std::string clients_section(KeyspaceTx& tx) {
  return absl::StrCat("# Clients\r\nblocked_clients:", tx.engine().blocked_waiters(), "\r\n");
}

std::string stats_section(KeyspaceTx& tx) {
  const ShardStats stats = tx.stats();
  return absl::StrCat("# Stats\r\nexpired_keys:", stats.expired, "\r\nevicted_keys:", stats.evicted,
                      "\r\nkeyspace_hits:", stats.hits, "\r\nkeyspace_misses:", stats.misses, "\r\n");
}

std::string keyspace_section(KeyspaceTx& tx) {
  std::string text = "# Keyspace\r\n";
  for (const DatabaseFigures& figures : databases_in_use(tx)) {
    absl::StrAppend(&text, "db", figures.db, ":keys=", figures.keys, ",expires=", figures.expires,
                    ",avg_ttl=0\r\n");
  }
  return text;
}

struct InfoSection {
  std::string_view name;  // Upper case.
  std::string (*text)(KeyspaceTx&);
};
constexpr std::array kInfoSections{
    InfoSection{"CLIENTS", clients_section},
    InfoSection{"MEMORY", memory_section},
    InfoSection{"STATS", stats_section},
    InfoSection{"KEYSPACE", keyspace_section},
};

}  // namespace

Result<Reply> ping(SessionState& session, std::optional<Bytes> message) {
  if (session.is_subscribed()) {
    return Reply::array({Reply::bulk("pong"), Reply::bulk(std::string(message.value_or(Bytes())))});
  }
  return message.has_value() ? Reply::bulk(std::string(*message)) : Reply::simple("PONG");
}

Result<std::string> echo(SessionState&, Bytes message) { return std::string(message); }

absl::Status select(SessionState& session, DbNumber db) {
  session.db = static_cast<int>(db.value);
  return absl::OkStatus();
}

Result<Reply> reset(SessionState& session) {
  session.db = 0;
  session.transaction.close();
  session.pushes = nullptr;
  return Reply::simple("RESET");
}

Result<int64_t> dbsize(KeyspaceTx& tx) { return static_cast<int64_t>(tx.size(tx.db())); }

absl::Status flushdb(KeyspaceTx& tx, FlushMode) {
  tx.flush(tx.db());
  return absl::OkStatus();
}

absl::Status flushall(KeyspaceTx& tx, FlushMode) {
  tx.flush(-1);
  return absl::OkStatus();
}

absl::Status swapdb(KeyspaceTx& tx, FirstDb first, SecondDb second) {
  const auto exists = [&](int64_t db) { return db >= 0 && db < tx.engine().databases(); };
  if (!exists(first.value) || !exists(second.value)) return error(Error::kDbOutOfRange);
  tx.swap(static_cast<int>(first.value), static_cast<int>(second.value));
  return absl::OkStatus();
}

Result<Reply> time(KeyspaceTx& tx) {
  const int64_t us =
      std::chrono::floor<std::chrono::microseconds>(tx.engine().now()).time_since_epoch().count();
  return Reply::array(
      {Reply::bulk(std::to_string(us / 1'000'000)), Reply::bulk(std::to_string(us % 1'000'000))});
}

Result<std::string> info(KeyspaceTx& tx, std::span<const Bytes> sections) {
  const auto wanted = [&](std::string_view name) {
    return sections.empty() || std::any_of(sections.begin(), sections.end(), [&](Bytes section) {
             return is_word(section, name) || is_word(section, "ALL") || is_word(section, "DEFAULT") ||
                    is_word(section, "EVERYTHING");
           });
  };
  std::string text;
  for (const InfoSection& section : kInfoSections) {
    if (!wanted(section.name)) continue;
    if (!text.empty()) text += "\r\n";
    text += section.text(tx);
  }
  return text;
}

Result<Reply> memory_stats(KeyspaceTx& tx) {
  const MemoryReport report = tx.memory_report();
  uint64_t keys = 0;
  Reply::Items items;
  const auto add = [&](std::string name, uint64_t value) {
    items.push_back(Reply::bulk(std::move(name)));
    items.push_back(Reply::integer(static_cast<int64_t>(value)));
  };
  for (const MemoryReport::PerType& type : report.types) keys += type.keys;
  const uint64_t bytes = report.total();
  add("total.allocated", bytes);
  add("startup.allocated", report.fixed);
  add("keys.count", keys);
  add("keys.bytes-per-key", keys == 0 ? 0 : bytes / keys);
  for (size_t i = 1; i < report.types.size(); ++i) {
    const std::string name(type_name(static_cast<Type>(i)));
    add(name + ".keys", report.types[i].keys);
    add(name + ".bytes", report.types[i].bytes);
  }
  add("index.bytes", report.index);
  add("timers.bytes", report.timers);
  add("observers.bytes", report.observers);
  add("eviction.bytes", report.eviction);
  add("messages.bytes", report.messages);
  add("pages.slack", report.page_slack);
  return Reply::map(std::move(items));
}

Result<Reply> config_get(KeyspaceTx& tx, std::span<const Bytes> patterns) {
  return Reply::map(matching_config(tx.engine(), patterns));
}

absl::Status config_set(KeyspaceTx& tx, std::span<const Bytes> settings) {
  if (settings.size() % 2 != 0) return error(Error::kWrongArity, "config|set");
  return set_config(tx, settings);
}

absl::Status config_resetstat(KeyspaceTx& tx) {
  tx.reset_stats();
  return absl::OkStatus();
}

Result<Reply> debug_digest(KeyspaceTx& tx) {
  return Reply::simple(std::string(absl::StrCat(absl::Hex(tx.digest(), absl::kZeroPad16))));
}

absl::Status debug_set_active_expire(KeyspaceTx& tx, int64_t on) {
  tx.engine().set_active_expire(on != 0);
  return absl::OkStatus();
}

}  // namespace inlay::cmd

namespace inlay {
namespace {

constexpr Group kServer = Group::kServer;
constexpr Group kConnection = Group::kConnection;

constexpr std::array kServerCommands{
    command<cmd::echo>("echo", {"1.0.0", kConnection, "O(1)", "Answers its argument.", "message"}),
    while_subscribed(command<cmd::ping>(
        "ping", {"1.0.0", kConnection, "O(1)", "Answers PONG or its argument.", "[message]"})),
    while_subscribed(never_queued(command<cmd::reset>(
        "reset", {"6.2.0", kConnection, "O(1)", "Puts the session back into its first state."}))),
    command<cmd::select>("select",
                         {"1.0.0", kConnection, "O(1)", "Chooses the session's database.", "index"}),

    // Alone it describes them all.
    at_least(1, container("command",
                          {"2.8.13", kServer, "", "Describes the commands.", "[subcommand [arguments]]"})),
    command<cmd::command_count>("command|count", {"2.8.13", kServer, "O(1)", "Counts the commands."}),
    command<cmd::command_docs>("command|docs", {"7.0.0", kServer, "O(N) with N commands",
                                                "Documents commands.", "[command-name [command-name ...]]"}),
    at_least(4, command<cmd::command_getkeys>("command|getkeys",
                                              {"2.8.13", kServer, "O(N) with N arguments",
                                               "Picks the keys out of a call.", "command [arg ...]"})),
    at_least(4, command<cmd::command_getkeysandflags>(
                    "command|getkeysandflags",
                    {"7.0.0", kServer, "O(N) with N arguments",
                     "Picks the keys out of a call, with what it does to them.", "command [arg ...]"})),
    command<cmd::help>("command|help", {"5.0.0", kServer, "O(1)", "Lists these subcommands."}),
    command<cmd::command_info>("command|info",
                               {"2.8.13", kServer, "O(N) with N commands", "Tells arity, flags and keys.",
                                "[command-name [command-name ...]]"}),
    command<cmd::command_list>("command|list",
                               {"7.0.0", kServer, "O(N) with N commands", "Lists the names.",
                                "[FILTERBY <MODULE module-name|ACLCAT category|PATTERN pattern>]"}),

    container("config", {"2.0.0", kServer, "", "Reads and changes settings.", "subcommand [arguments]"}),
    at_least(3, command<cmd::config_get>("config|get", {"2.0.0", kServer, "O(N) with N settings",
                                                        "Reads settings.", "parameter [parameter ...]"})),
    command<cmd::help>("config|help", {"5.0.0", kServer, "O(1)", "Lists these subcommands."}),
    command<cmd::config_resetstat>("config|resetstat",
                                   {"2.0.0", kServer, "O(1)", "Sets the counters of INFO to zero."}),
    at_least(4, command<cmd::config_set>("config|set",
                                         {"2.0.0", kServer, "O(N) with N settings", "Changes settings.",
                                          "parameter value [parameter value ...]"})),

    command<cmd::dbsize>("dbsize", {"1.0.0", kServer, "O(1)", "Counts the keys of the database."}),
    container("debug", {"1.0.0", kServer, "", "Looks behind the scenes.", "subcommand [arguments]"}),
    command<cmd::debug_digest>(
        "debug|digest", {"1.0.0", kServer, "O(N) with N keys", "Hashes every key, value and deadline."}),
    command<cmd::help>("debug|help", {"1.0.0", kServer, "O(1)", "Lists these subcommands."}),
    command<cmd::debug_set_active_expire>(
        "debug|set-active-expire",
        {"1.0.0", kServer, "O(1)", "Lets dead keys be removed unasked, or not.", "0|1"}),
    writing_command<cmd::flushall>(
        "flushall", {"1.0.0", kServer, "O(N) with N keys", "Empties all databases.", "[ASYNC|SYNC]"}),
    writing_command<cmd::flushdb>(
        "flushdb", {"1.0.0", kServer, "O(N) with N keys", "Empties the database.", "[ASYNC|SYNC]"}),
    command<cmd::info>("info",
                       {"1.0.0", kServer, "O(1)", "Tells figures by section.", "[section [section ...]]"}),
    container("memory", {"4.0.0", kServer, "", "Tells what memory is used for.", "subcommand [arguments]"}),
    command<cmd::help>("memory|help", {"4.0.0", kServer, "O(1)", "Lists these subcommands."}),
    command<cmd::memory_stats>("memory|stats", {"4.0.0", kServer, "O(1)", "Tells figures of memory."}),
    command<cmd::memory_usage>("memory|usage",
                               {"4.0.0", kServer, "O(1)", "Tells the bytes that a key and its value occupy.",
                                "key [SAMPLES count]"}),
    command<cmd::help>("object|help", {"6.2.0", Group::kGeneric, "O(1)", "Lists these subcommands."}),
    writing_command<cmd::swapdb>("swapdb",
                                 {"4.0.0", kServer, "O(1)", "Exchanges two databases.", "index1 index2"}),
    command<cmd::time>("time", {"2.6.0", kServer, "O(1)", "Tells the time, in seconds and microseconds."}),
};

}  // namespace

std::span<const Command> server_rows() { return kServerCommands; }

}  // namespace inlay
