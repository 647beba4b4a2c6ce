#include "tests/api/every_command.h"

#include <algorithm>
#include <cstdlib>

#include "api/commands/command.h"

namespace inlay::test {
namespace {

// Keys are named for what they hold: s strings, n and f numbers, l lists, h hashes, t sets, i sets of integers, z sorted sets.
constexpr std::string_view kCalls[] = {
    // Strings.
    "SET s a-string-of-some-length",
    "SET s2 another-string XX",
    "SET n 10 EX 1000",
    "SET f 1.5",
    "APPEND s ++",
    "DECR n",
    "DECRBY n 3",
    "GET s",
    "GETDEL s2",
    "GETEX s EX 100",
    "GETRANGE s 1 3",
    "GETSET s yet-another-string-that-is-longer",
    "INCR n",
    "INCRBY n 5",
    "INCRBYFLOAT f 0.25",
    "LCS s n",
    "MGET s n none",
    "MSET s a-first s2 a-second n 3",
    "MSETEX 2 s one s3 three EX 100",
    "MSETNX s4 four s5 five",
    "PSETEX s5 100000 value",
    "SETEX s6 100 value",
    "SETNX s7 value",
    "SETRANGE s 30 beyond-the-end",
    "STRLEN s",
    "SUBSTR s 0 1",
    "SET s8 gone",
    "DELIFEQ s8 gone",
    // Keys.
    "COPY s s9 REPLACE",
    "DBSIZE",
    "DEL s9 none",
    "EXISTS s n none",
    "EXPIRE s 1000",
    "EXPIREAT s 33177117420",
    "EXPIRETIME s",
    "KEYS *",
    "MEMORY USAGE s",
    "MEMORY HELP",
    "MEMORY STATS",
    "MOVE s7 1",
    "OBJECT ENCODING s",
    "OBJECT FREQ none",
    "OBJECT HELP",
    "OBJECT IDLETIME s",
    "OBJECT REFCOUNT s",
    "PEXPIRE s 1000000",
    "PEXPIREAT s 33177117420000",
    "PEXPIRETIME s",
    "PTTL s",
    "TTL s",
    "PERSIST s",
    "RANDOMKEY",
    "RENAME s6 s7",
    "RENAMENX s7 s8",
    "SCAN 0 COUNT 100",
    "TOUCH s n",
    "TYPE s",
    "UNLINK s8",
    // Lists.
    "RPUSH l one two three 4 5",
    "LPUSH l zero",
    "RPUSHX l six",
    "LPUSHX l -1",
    "LINDEX l 2",
    "LINSERT l BEFORE two one-and-a-half",
    "LLEN l",
    "LMOVE l l2 LEFT RIGHT",
    "LPOS l two",
    "LRANGE l 0 -1",
    "LREM l 1 six",
    "LSET l 0 first",
    "LTRIM l 0 10",
    "LPOP l",
    "RPOP l",
    "RPOPLPUSH l l2",
    "LMPOP 2 none l2 LEFT",
    "RPUSH l2 a b c d e f g h i j k l",
    "BLPOP l2 0.001",
    "BRPOP l2 0.001",
    "BLMOVE l2 l LEFT LEFT 0.001",
    "BRPOPLPUSH l2 l 0.001",
    "BLMPOP 0.001 2 none l2 RIGHT",
    "SORT l2 ALPHA STORE l3",
    "SORT_RO l2 ALPHA",
    // Hashes.
    "HSET h field value number 1 float 1.5 last x",
    "HMSET h more 2 yet-another-field-of-a-hash with-a-value-that-takes-its-room",
    "HSETNX h new 3",
    "HSETEX h EX 100 FIELDS 1 dying value",
    "HDEL h last",
    "HEXISTS h field",
    "HGET h field",
    "HGETALL h",
    "HGETDEL h FIELDS 1 new",
    "HGETEX h EX 50 FIELDS 1 more",
    "HINCRBY h number 4",
    "HINCRBYFLOAT h float 0.5",
    "HKEYS h",
    "HLEN h",
    "HMGET h field none",
    "HRANDFIELD h",
    "HSCAN h 0",
    "HSTRLEN h field",
    "HVALS h",
    "HEXPIRE h 1000 FIELDS 1 field",
    "HEXPIREAT h 33177117420 FIELDS 1 field",
    "HEXPIRETIME h FIELDS 1 field",
    "HPEXPIRE h 100000 FIELDS 1 field",
    "HPEXPIREAT h 33177117420000 FIELDS 1 field",
    "HPEXPIRETIME h FIELDS 1 field",
    "HPTTL h FIELDS 1 field",
    "HTTL h FIELDS 1 field",
    "HPERSIST h FIELDS 1 field",
    // Sets.
    "SADD t one two three four",
    "SADD t2 three four five six-is-a-longer-member",
    "SADD i 1 2 3 4000000000 5",
    "SADD i not-a-number",
    "SCARD t",
    "SDIFF t t2",
    "SDIFFSTORE t3 t t2",
    "SINTER t t2",
    "SINTERCARD 2 t t2",
    "SINTERSTORE t3 t t2",
    "SISMEMBER t one",
    "SMEMBERS t",
    "SMISMEMBER t one none",
    "SMOVE t t2 one",
    "SPOP t2",
    "SRANDMEMBER t2 2",
    "SREM t two",
    "SSCAN t 0",
    "SUNION t t2",
    "SUNIONSTORE t3 t t2",
    // Sorted sets.
    "ZADD z 1 one 2 two 3 three 4 four 5 five",
    "ZADD z2 3 three 4 four 6 six 7 a-member-of-some-length",
    "ZADD zl 0 a 0 b 0 c 0 d 0 e 0 f",
    "ZCARD z",
    "ZCOUNT z 1 3",
    "ZDIFF 2 z z2",
    "ZDIFFSTORE z3 2 z z2",
    "ZINCRBY z 1.5 one",
    "ZINTER 2 z z2",
    "ZINTERCARD 2 z z2",
    "ZINTERSTORE z3 2 z z2",
    "ZLEXCOUNT zl [a [c",
    "ZMSCORE z one none",
    "ZRANDMEMBER z 2",
    "ZRANGE z 0 -1 WITHSCORES",
    "ZRANGEBYLEX zl [a [c",
    "ZRANGEBYSCORE z 1 3",
    "ZRANGESTORE z3 z 0 -1",
    "ZRANK z two",
    "ZREM z one",
    "ZREMRANGEBYLEX zl [a [a",
    "ZREMRANGEBYRANK zl 0 0",
    "ZREMRANGEBYSCORE z3 1 2",
    "ZREVRANGE z 0 -1",
    "ZREVRANGEBYLEX zl [e [c",
    "ZREVRANGEBYSCORE z 5 1",
    "ZREVRANK z two",
    "ZSCAN z 0",
    "ZSCORE z two",
    "ZUNION 2 z z2",
    "ZUNIONSTORE z3 2 z z2",
    "ZMPOP 2 none z3 MIN",
    "ZPOPMAX z3",
    "ZPOPMIN z3",
    "BZMPOP 0.001 2 none z3 MAX",
    "ZADD z3 1 a 2 b 3 c",
    "BZPOPMAX z3 0.001",
    "BZPOPMIN z3 0.001",
    // Transactions.
    "WATCH s n",
    "MULTI",
    "SET s in-a-transaction",
    "RPUSH l in-a-transaction",
    "EXEC",
    "WATCH l",
    "UNWATCH",
    "MULTI",
    "INCR n",
    "DISCARD",
    "FCALL touch_both 2 s n",
    "FCALL_RO count_both 2 s n",
    // Messages.
    "PUBLISH news text",
    "PUBSUB CHANNELS",
    "PUBSUB HELP",
    "PUBSUB NUMPAT",
    "PUBSUB NUMSUB news",
    "SUBSCRIBE news weather",
    "PSUBSCRIBE n*",
    "UNSUBSCRIBE news",
    "PUNSUBSCRIBE",
    "UNSUBSCRIBE",
    // The store and the session.
    "COMMAND",
    "COMMAND COUNT",
    "COMMAND DOCS get",
    "COMMAND GETKEYS mset a 1 b 2",
    "COMMAND GETKEYSANDFLAGS mset a 1 b 2",
    "COMMAND HELP",
    "COMMAND INFO get",
    "COMMAND LIST",
    "CONFIG GET maxmemory*",
    "CONFIG HELP",
    "CONFIG SET hash-max-listpack-entries 64",
    "CONFIG RESETSTAT",
    "DEBUG DIGEST",
    "DEBUG HELP",
    "DEBUG SET-ACTIVE-EXPIRE 1",
    "ECHO text",
    "INFO",
    "PING",
    "TIME",
    "SWAPDB 1 2",
    "SELECT 2",
    "SET s elsewhere",
    "FLUSHDB",
    "RESET",
    "FLUSHALL",
};

}  // namespace

std::span<const std::string_view> every_command() { return kCalls; }

void add_functions(Store& store) {
  const absl::Status writer =
      store.register_function("touch_both", [](View& v, Keys keys, std::span<const Bytes>) -> Result<Reply> {
        const auto length = v.append(keys[0], "+");
        if (!length.ok()) return length.status();
        if (const absl::Status set = v.set(keys[1], *length); !set.ok()) return set;
        return Reply::integer(*length);
      });
  const absl::Status reader =
      store.register_function("count_both",
                              [](View& v, Keys keys, std::span<const Bytes>) -> Result<Reply> {
                                return Reply::integer(v.exists(keys).value());
                              },
                              {.read_only = true});
  if (!writer.ok() || !reader.ok()) std::abort();
}

std::vector<std::string_view> words_of(std::string_view call) {
  std::vector<std::string_view> words;
  while (!call.empty()) {
    const size_t end = std::min(call.find(' '), call.size());
    words.push_back(call.substr(0, end));
    call.remove_prefix(std::min(end + 1, call.size()));
  }
  return words;
}

std::vector<std::string> commands_without_example() {
  std::vector<std::string> missing;
  for (const Command* command : all_commands()) {
    const auto names_it = [&](std::string_view call) {
      const std::vector<std::string_view> words = words_of(call);
      const std::vector<Bytes> argv(words.begin(), words.end());
      return find_command(argv) == command;
    };
    const bool is_container_alone = command->is_container;
    if (!is_container_alone && std::ranges::none_of(kCalls, names_it)) missing.emplace_back(command->name);
  }
  return missing;
}

}  // namespace inlay::test
