#include "inlay/store.h"

#include <algorithm>
#include <bit>
#include <random>
#include <thread>

#include "api/commands/key.h"
#include "api/commands/server.h"
#include "api/commands/string.h"
#include "api/store_core.h"
#include "engine/blocked_calls.h"
#include "inlay/async.h"

namespace inlay {
namespace {

// Enough that two threads seldom meet in one shard, few enough that a small store stays small.
constexpr size_t kShardsPerCore = 32;

size_t default_shards() {
  const size_t cores = std::max(1u, std::thread::hardware_concurrency());
  return std::min(std::bit_ceil(cores * kShardsPerCore), kShardsMax);
}

// Under a limit, so few that each shard holds at least as many entries as eviction needs to choose well.
constexpr uint64_t kEntriesPerShard = 512;
// What an entry takes at least, by experience, with its part of the index.
constexpr uint64_t kEntryBytes = 96;

size_t shards_for(const Options& options) {
  uint64_t entries = UINT64_MAX;
  if (options.max_entries != 0) entries = options.max_entries;
  if (options.max_memory != 0) entries = std::min(entries, options.max_memory / kEntryBytes);
  const uint64_t most = std::bit_floor(std::max<uint64_t>(entries / kEntriesPerShard, 1));
  return static_cast<size_t>(std::min<uint64_t>(default_shards(), most));
}

Result<const PolicyInfo*> policy_named(std::string_view name, bool is_limited) {
  if (name.empty()) return is_limited ? &default_cache_policy() : find_policy("noeviction");
  const PolicyInfo* policy = find_policy(name);
  if (policy == nullptr) return absl::InvalidArgumentError("no such eviction policy");
  return policy;
}

uint64_t random_seed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

std::vector<std::string_view> eviction_policies() {
  std::vector<std::string_view> names;
  for (const PolicyInfo& policy : policies()) names.push_back(policy.name);
  return names;
}

Result<std::unique_ptr<Store>> Store::open(Options options) {
  if (options.shards != 0 && (!std::has_single_bit(options.shards) || options.shards > kShardsMax)) {
    return absl::InvalidArgumentError("shards must be a power of two up to 1024, or 0");
  }
  if (options.databases < 1 || options.databases > kDatabasesMax) {
    return absl::InvalidArgumentError("databases must be between 1 and 16");
  }
  if (options.max_weight != 0 && !options.weigher) {
    return absl::InvalidArgumentError("a limit of weight needs a weigher");
  }
  const bool is_limited = options.max_memory != 0 || options.max_entries != 0 || options.max_weight != 0;
  const Result<const PolicyInfo*> policy = policy_named(options.eviction, is_limited);
  if (!policy.ok()) return policy.status();
  Engine::Options engine;
  engine.limits = {options.max_memory, options.max_entries, options.max_weight, std::move(options.weigher),
                   *policy};
  engine.shards = options.shards == 0 ? shards_for(options) : options.shards;
  engine.databases = options.databases;
  engine.clock = std::move(options.clock);
  engine.seed = options.seed.has_value() ? *options.seed : random_seed();
  engine.background = options.background == Background::kThread;
  return std::unique_ptr<Store>(new Store(std::make_unique<internal::StoreCore>(std::move(engine))));
}

Store::Store(std::unique_ptr<internal::StoreCore> core)
    : Database(core.get(), 0), core_owner_(std::move(core)) {}

Store::~Store() = default;

Result<Database> Store::database(int index) {
  if (index < 0 || index >= core_owner_->engine.databases()) {
    return absl::OutOfRangeError("no such database");
  }
  return Database(core_owner_.get(), index);
}

absl::Status Store::swapdb(int a, int b) {
  return internal::FrontDoor::run<cmd::swapdb>(*this, FirstDb{a}, SecondDb{b});
}

void Store::flushall() { (void)internal::FrontDoor::run<cmd::flushall>(*this, FlushMode{}); }

Subscription Store::on_key_event(std::function<void(const KeyEvent&)> callback, CallbackExecutor* executor) {
  return core_owner_->engine.events().on_key_event(std::move(callback), executor);
}

Subscription Store::on_removal(std::function<void(const RemovalEvent&)> callback,
                               CallbackExecutor* executor) {
  return core_owner_->engine.events().on_removal(std::move(callback), executor);
}

Stats Store::stats() const {
  KeyspaceTx tx(core_owner_->engine, 0);
  const ShardStats shards = tx.stats();
  Stats stats;
  stats.hits = shards.hits;
  stats.misses = shards.misses;
  stats.expired = shards.expired;
  stats.evicted = shards.evicted;
  stats.bytes = tx.bytes();
  stats.blocked_waiters = core_owner_->engine.blocked_waiters();
  for (int db = 0; db < core_owner_->engine.databases(); ++db) stats.keys += tx.size(db);
  return stats;
}

MemoryUse Store::memory_use() const {
  const MemoryReport report = KeyspaceTx(core_owner_->engine, 0).memory_report();
  MemoryUse use{
      {},           report.index,     report.timers, report.observers, report.eviction, report.messages,
      report.fixed, report.page_slack};
  for (size_t i = 1; i < report.types.size(); ++i) {
    use.types.push_back({type_name(static_cast<Type>(i)), report.types[i].keys, report.types[i].bytes});
  }
  return use;
}

absl::Status Store::set_limits(const StoreLimits& wanted) {
  MemoryGate& memory = core_owner_->engine.memory();
  const bool is_limited =
      wanted.max_memory != 0 || wanted.max_entries != 0 || memory.limits().max_weight != 0;
  const Result<const PolicyInfo*> policy = policy_named(wanted.eviction, is_limited);
  if (!policy.ok()) return policy.status();
  memory.change_limits([&](Limits& limits) {
    limits.max_memory = wanted.max_memory;
    limits.max_entries = wanted.max_entries;
    limits.policy = *policy;
  });
  return absl::OkStatus();
}

void Store::close() { core_owner_->engine.blocked_calls().close(); }

bool Store::wait_for_blocked(size_t count, Duration patience) const {
  return core_owner_->engine.blocked_calls().wait_for(count, patience);
}

size_t Store::maintain() { return core_owner_->engine.maintain(); }

uint64_t Store::digest() const { return KeyspaceTx(core_owner_->engine, 0).digest(); }

absl::Status Store::check_invariants() const {
  return core_owner_->engine.check_invariants() ? absl::OkStatus()
                                                : absl::InternalError("an invariant does not hold");
}

Result<bool> Database::visit(Key key, absl::FunctionRef<void(Bytes)> look) const {
  return internal::FrontDoor::run<cmd::visit>(*this, key, look);
}

Nullable<size_t> Database::get_into(Key key, std::span<char> buffer) const {
  return internal::FrontDoor::run<cmd::get_into>(*this, key, buffer);
}

TimePoint Database::now() const { return core_->engine.now(); }

AsyncDatabase Database::async(CallbackExecutor& executor) const { return {core_, index_, executor}; }

ScanRange<std::string> Database::scan(ScanOptions options) const {
  return ScanRange<std::string>([door = *this, options = std::move(options)](uint64_t cursor) {
    ScanRange<std::string>::Page page;
    // Only a COUNT below 1 can fail; it scans nothing.
    Result<ScanPage> step = internal::FrontDoor::run<cmd::scan>(door, Cursor{cursor}, options);
    if (step.ok()) {
      page.cursor = step->cursor;
      page.items = std::move(step->keys);
    }
    return page;
  });
}

}  // namespace inlay
