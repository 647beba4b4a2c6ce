// The typed methods against a model: a std::map of values and deadlines that dies by the same clock.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "inlay/datatypes/number.h"
#include "inlay/expiry/clock.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kStartMs = 1'700'000'000'000;

// What a database should be, in the plainest way.
class Model {
 public:
  struct Item {
    std::string value;
    std::optional<int64_t> deadline_ms{};
  };

  int64_t now_ms = kStartMs;

  Item* find(const std::string& key) {
    const auto found = items_.find(key);
    if (found == items_.end()) return nullptr;
    if (found->second.deadline_ms.value_or(INT64_MAX) > now_ms) return &found->second;
    items_.erase(found);
    return nullptr;
  }
  void set(const std::string& key, std::string value, std::optional<int64_t> deadline_ms = {}) {
    items_[key] = {std::move(value), deadline_ms};
  }
  /// Sets the value alone.
  void replace(const std::string& key, std::string value) {
    Item* item = find(key);
    item == nullptr ? set(key, std::move(value)) : void(item->value = std::move(value));
  }
  bool del(const std::string& key) {
    const bool existed = find(key) != nullptr;
    items_.erase(key);
    return existed;
  }
  void clear() { items_.clear(); }
  /// Live keys, after the dead ones have been dropped.
  const std::map<std::string, Item>& live() {
    std::erase_if(items_,
                  [&](const auto& pair) { return pair.second.deadline_ms.value_or(INT64_MAX) <= now_ms; });
    return items_;
  }

 private:
  std::map<std::string, Item> items_;
};

enum class Kind : unsigned char {
  kSet,
  kSetTtl,
  kSetIfAbsent,
  kSetIfPresent,
  kSetKeepTtl,
  kSetIfEqual,
  kSetnx,
  kGetset,
  kGetdel,
  kGetexPersist,
  kGet,
  kAppend,
  kSetrange,
  kGetrange,
  kStrlen,
  kIncr,
  kMset,
  kMsetnx,
  kMget,
  kDelIfEqual,
  kDel,
  kDelMany,
  kExists,
  kExpire,
  kExpireGreater,
  kExpireLess,
  kPersist,
  kTtl,
  kRename,
  kRenamenx,
  kCopy,
  kCopyReplace,
  kKeys,
  kScan,
  kRandomkey,
  kFlush,
  kAdvance,
  kMaintain,
  kLast = kMaintain,
};

struct Op {
  Kind kind;
  std::string key, other;
  std::string value;
  int64_t number;  // Added, or a position, or milliseconds.
};

void showValue(const Op& op, std::ostream& out) {
  out << "{kind " << static_cast<int>(op.kind) << ", key " << op.key << ", other " << op.other << ", value '"
      << op.value << "', number " << op.number << "}";
}

rc::Gen<Op> ops() {
  const auto key = rc::gen::map(rc::gen::inRange(0, 8),
                                [](int i) { return i == 7 ? std::string() : "key" + std::to_string(i); });
  // As long as is needed to meet every way in which a string can be kept.
  const auto text =
      rc::gen::mapcat(rc::gen::element<size_t>(0, 1, 5, 44, 45, 200, 1000, 70000), [](size_t size) {
        return rc::gen::map(rc::gen::inRange('a', 'z'), [size](char c) { return std::string(size, c); });
      });
  const auto digits =
      rc::gen::map(rc::gen::inRange<int64_t>(-20, 20000), [](int64_t i) { return std::to_string(i); });
  return rc::gen::build<Op>(
      rc::gen::set(&Op::kind, rc::gen::map(rc::gen::inRange(0, static_cast<int>(Kind::kLast) + 1),
                                           [](int kind) { return static_cast<Kind>(kind); })),
      rc::gen::set(&Op::key, key), rc::gen::set(&Op::other, key),
      rc::gen::set(&Op::value, rc::gen::oneOf(text, digits)),
      rc::gen::set(&Op::number, rc::gen::inRange<int64_t>(-10, 300)));
}

// A store and its model, which do the same.
class Pair {
 public:
  explicit Pair(size_t shards)
      : store_(Store::open({.shards = shards, .clock = clock_, .seed = 7, .background = Background::kManual})
                   .value()) {}

  void apply(const Op& op) {
    if (op.kind <= Kind::kDelIfEqual) {
      op.kind <= Kind::kGet ? apply_whole_string(op) : apply_part_of_string(op);
    } else {
      op.kind < Kind::kKeys ? apply_key(op) : apply_keyspace(op);
    }
  }

  void check() {
    RC_ASSERT(store_->check_invariants().ok());
    const auto& live = model_.live();
    RC_ASSERT(as_set(*store_->keys("*")) == keys_of(live));
    for (const auto& [key, item] : live) {
      RC_ASSERT(**store_->get(key) == item.value);
      RC_ASSERT((*store_->expiretime(key))->unix_ms() == item.deadline_ms.value_or(-1));
    }
    RC_ASSERT(*store_->dbsize() == static_cast<int64_t>(live.size()));
  }

  Store& store() { return *store_; }
  Model& model() { return model_; }

 private:
  static std::set<std::string> as_set(const std::vector<std::string>& keys) {
    std::set<std::string> set(keys.begin(), keys.end());
    RC_ASSERT(set.size() == keys.size());
    return set;
  }
  static std::set<std::string> keys_of(const std::map<std::string, Model::Item>& items) {
    std::set<std::string> keys;
    for (const auto& [key, item] : items) keys.insert(key);
    return keys;
  }
  std::optional<std::string> value_of(const std::string& key) {
    const Model::Item* item = model_.find(key);
    return item == nullptr ? std::nullopt : std::optional(item->value);
  }

  void set_with(const Op& op, const SetOptions& options, bool applies, std::optional<int64_t> deadline_ms) {
    SetOptions asked = options;
    asked.get_old = true;
    const SetOutcome outcome = *store_->set(op.key, op.value, asked);
    RC_ASSERT(outcome.applied == applies);
    RC_ASSERT(outcome.old == value_of(op.key));
    if (applies) model_.set(op.key, op.value, deadline_ms);
  }

  void apply_whole_string(const Op& op) {
    Model::Item* item = model_.find(op.key);
    const auto deadline = item == nullptr ? std::nullopt : item->deadline_ms;
    switch (op.kind) {
      case Kind::kSet: RC_ASSERT(store_->set(op.key, op.value).ok()); return model_.set(op.key, op.value);
      case Kind::kSetTtl:
        RC_ASSERT(store_->set(op.key, op.value, Expiry::after_ms(op.number)).ok() == (op.number > 0));
        if (op.number > 0) model_.set(op.key, op.value, model_.now_ms + op.number);
        return;
      case Kind::kSetIfAbsent: return set_with(op, {.when = When::kIfAbsent}, item == nullptr, {});
      case Kind::kSetIfPresent: return set_with(op, {.when = When::kIfPresent}, item != nullptr, {});
      case Kind::kSetKeepTtl: return set_with(op, {.keep_ttl = true}, true, deadline);
      case Kind::kSetIfEqual: {
        const std::string expected = value_of(op.other).value_or("");
        return set_with(op, {.if_equal = expected}, item != nullptr && item->value == expected, {});
      }
      case Kind::kSetnx:
        RC_ASSERT(*store_->setnx(op.key, op.value) == (item == nullptr));
        if (item == nullptr) model_.set(op.key, op.value);
        return;
      case Kind::kGetset:
        RC_ASSERT(*store_->getset(op.key, op.value) == value_of(op.key));
        return model_.set(op.key, op.value);
      case Kind::kGetdel:
        RC_ASSERT(*store_->getdel(op.key) == value_of(op.key));
        model_.del(op.key);
        return;
      case Kind::kGetexPersist:
        RC_ASSERT(*store_->getex(op.key, {.persist = true}) == value_of(op.key));
        if (item != nullptr) item->deadline_ms.reset();
        return;
      default: RC_ASSERT(*store_->get(op.key) == value_of(op.key));
    }
  }

  void apply_part_of_string(const Op& op) {
    std::string value = value_of(op.key).value_or("");
    switch (op.kind) {
      case Kind::kAppend:
        value += op.value;
        RC_ASSERT(*store_->append(op.key, op.value) == static_cast<int64_t>(value.size()));
        return model_.replace(op.key, value);
      case Kind::kSetrange: {
        if (op.number < 0) return RC_ASSERT(!store_->setrange(op.key, op.number, op.value).ok());
        const auto offset = static_cast<size_t>(op.number);
        if (!op.value.empty()) {
          value.resize(std::max(value.size(), offset + op.value.size()));
          value.replace(offset, op.value.size(), op.value);
        }
        RC_ASSERT(*store_->setrange(op.key, op.number, op.value) == static_cast<int64_t>(value.size()));
        if (!op.value.empty()) model_.replace(op.key, value);
        return;
      }
      case Kind::kGetrange: {
        const auto length = static_cast<int64_t>(value.size());
        const int64_t start =
            op.number < 0 ? std::max<int64_t>(length + op.number, 0) : std::min(op.number, length);
        RC_ASSERT(*store_->getrange(op.key, op.number, -1) == value.substr(static_cast<size_t>(start)));
        return;
      }
      case Kind::kStrlen: return RC_ASSERT(*store_->strlen(op.key) == static_cast<int64_t>(value.size()));
      case Kind::kIncr: {
        const auto number = model_.find(op.key) == nullptr ? std::optional<int64_t>(0) : parse_int64(value);
        const Result<int64_t> sum = store_->incr(op.key, op.number);
        RC_ASSERT(sum.ok() == number.has_value());
        if (!sum.ok()) return RC_ASSERT(kind_of(sum.status()) == ErrorKind::kNotInteger);
        RC_ASSERT(*sum == *number + op.number);
        return model_.replace(op.key, std::to_string(*sum));
      }
      case Kind::kMset:
        RC_ASSERT(store_->mset({{op.key, op.value}, {op.other, op.number}}).ok());
        model_.set(op.key, op.value);
        return model_.set(op.other, std::to_string(op.number));
      case Kind::kMsetnx: {
        const bool applies = model_.find(op.key) == nullptr && model_.find(op.other) == nullptr;
        RC_ASSERT(*store_->msetnx({{op.key, op.value}, {op.other, op.number}}) == applies);
        if (!applies) return;
        model_.set(op.key, op.value);
        return model_.set(op.other, std::to_string(op.number));
      }
      case Kind::kMget: {
        const auto values = *store_->mget({op.key, op.other, op.key});
        return RC_ASSERT(values == (std::vector{value_of(op.key), value_of(op.other), value_of(op.key)}));
      }
      default: {
        const std::string expected = value_of(op.other).value_or("");
        const bool applies = value_of(op.key) == expected;
        RC_ASSERT(*store_->del_if_equal(op.key, expected) == applies);
        if (applies) model_.del(op.key);
      }
    }
  }

  void expire(const Op& op, ExpireIf condition, bool applies) {
    applies = applies && model_.find(op.key) != nullptr;
    RC_ASSERT(*store_->expire(op.key, std::chrono::milliseconds(op.number), condition) == applies);
    // A deadline that has come already is the model's way of deleting.
    if (applies) model_.find(op.key)->deadline_ms = model_.now_ms + op.number;
  }

  void apply_key(const Op& op) {
    Model::Item* item = model_.find(op.key);
    const bool exists = item != nullptr, other_exists = model_.find(op.other) != nullptr;
    const int64_t deadline = exists ? item->deadline_ms.value_or(INT64_MAX) : 0;
    switch (op.kind) {
      case Kind::kDel:
        RC_ASSERT(*store_->del(op.key) == exists);
        model_.del(op.key);
        return;
      case Kind::kDelMany:
        RC_ASSERT(*store_->del({op.key, op.other}) == int{model_.del(op.key)} + int{model_.del(op.other)});
        return;
      case Kind::kExists:
        return RC_ASSERT(*store_->exists({op.key, op.other, op.key}) == 2 * exists + other_exists);
      case Kind::kExpire: return expire(op, ExpireIf::kAlways, true);
      case Kind::kExpireGreater: return expire(op, ExpireIf::kGreater, model_.now_ms + op.number > deadline);
      case Kind::kExpireLess: return expire(op, ExpireIf::kLess, model_.now_ms + op.number < deadline);
      case Kind::kPersist:
        RC_ASSERT(*store_->persist(op.key) == (exists && item->deadline_ms.has_value()));
        if (exists) item->deadline_ms.reset();
        return;
      case Kind::kTtl: {
        const auto ttl = *store_->ttl(op.key);
        RC_ASSERT(ttl.has_value() == exists);
        if (exists) RC_ASSERT(ttl->ms() == (item->deadline_ms.has_value() ? deadline - model_.now_ms : -1));
        return;
      }
      case Kind::kRename:
        RC_ASSERT(store_->rename(op.key, op.other).ok() == exists);
        if (exists) move(op, true);
        return;
      case Kind::kRenamenx: {
        const Result<bool> renamed = store_->renamenx(op.key, op.other);
        RC_ASSERT(renamed.ok() == exists);
        if (!exists) return;
        RC_ASSERT(*renamed == !other_exists);
        if (!other_exists) move(op, true);
        return;
      }
      default: {
        const bool replace = op.kind == Kind::kCopyReplace;
        const Result<bool> copied = store_->copy(op.key, op.other, {.replace = replace});
        RC_ASSERT(copied.ok() == (op.key != op.other));
        if (!copied.ok()) return;
        RC_ASSERT(*copied == (exists && (replace || !other_exists)));
        if (*copied) move(op, false);
      }
    }
  }

  void move(const Op& op, bool remove) {
    const Model::Item item = *model_.find(op.key);
    if (remove) model_.del(op.key);
    model_.set(op.other, item.value, item.deadline_ms);
  }

  void apply_keyspace(const Op& op) {
    switch (op.kind) {
      case Kind::kKeys: return RC_ASSERT(as_set(*store_->keys("*")) == keys_of(model_.live()));
      case Kind::kScan: {
        std::vector<std::string> keys;
        for (const std::string& key : store_->scan({.count = 1 + std::abs(op.number) % 5}))
          keys.push_back(key);
        return RC_ASSERT(as_set(keys) == keys_of(model_.live()));
      }
      case Kind::kRandomkey: {
        const auto key = *store_->randomkey();
        RC_ASSERT(key.has_value() == !model_.live().empty());
        if (key.has_value()) RC_ASSERT(model_.find(*key) != nullptr);
        return;
      }
      case Kind::kFlush:
        if (op.number % 4 != 0) return;  // Seldom, so that there is something to look at.
        RC_ASSERT(store_->flushdb().ok());
        return model_.clear();
      case Kind::kAdvance:
        clock_->advance(std::chrono::milliseconds(std::abs(op.number)));
        model_.now_ms += std::abs(op.number);
        return;
      default:
        store_->maintain();
        RC_ASSERT(*store_->dbsize() == static_cast<int64_t>(model_.live().size()));
        RC_ASSERT(store_->check_invariants().ok());
    }
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(from_unix_ms(kStartMs));
  std::unique_ptr<Store> store_;
  Model model_;
};

// Whatever is done, every result and the contents are the model's.
RC_GTEST_PROP(Model, random_operations_agree_with_the_model, ()) {
  const auto sequence = *rc::gen::resize(200, rc::gen::container<std::vector<Op>>(ops()));
  Pair pair(*rc::gen::element<size_t>(1, 2, 16));
  size_t step = 0;
  for (const Op& op : sequence) {
    pair.apply(op);
    if (++step % 16 == 0) pair.check();
  }
  pair.check();
}

// The digest is of the contents: neither the order in which keys came, nor the number of shards, nor the seed matters.
RC_GTEST_PROP(Model, equal_contents_have_equal_digests, ()) {
  Pair pair(4);
  for (const Op& op : *rc::gen::resize(100, rc::gen::container<std::vector<Op>>(ops()))) pair.apply(op);
  const auto& live = pair.model().live();
  std::vector<std::pair<std::string, Model::Item>> items(live.begin(), live.end());
  // Any other order: sorted by a drawn number.
  std::vector<std::pair<int, size_t>> order;
  for (size_t i = 0; i < items.size(); ++i)
    order.emplace_back(*rc::gen::resize(100, rc::gen::inRange(0, 1000)), i);
  std::ranges::sort(order);
  auto clock = std::make_shared<ManualClock>(from_unix_ms(pair.model().now_ms));
  auto rebuilt =
      Store::open({.shards = 1, .clock = clock, .seed = 99, .background = Background::kManual}).value();
  for (const auto& [drawn, i] : order) {
    const auto& [key, item] = items[i];
    RC_ASSERT(rebuilt->set(key, item.value).ok());
    if (item.deadline_ms.has_value()) RC_ASSERT(*rebuilt->expireat(key, from_unix_ms(*item.deadline_ms)));
  }
  RC_ASSERT(rebuilt->digest() == pair.store().digest());
  // And any change shows.
  RC_ASSERT(rebuilt->set("one more key", "").ok());
  RC_ASSERT(rebuilt->digest() != pair.store().digest());
}

// A view without bytes may have no address either.
TEST(Views, null_views_are_empty_texts) {
  auto store = Store::open({.background = Background::kManual}).value();
  const std::string_view null;
  EXPECT_EQ(*store->append(null, null), 0);
  EXPECT_TRUE(*store->exists(""));
  EXPECT_TRUE(store->set(null, null).ok());
  EXPECT_EQ(**store->get(null), "");
  EXPECT_EQ(*store->append(null, null), 0);
  EXPECT_EQ(*store->setrange(null, 0, null), 0);
  EXPECT_TRUE(store->mset({{null, null}, {"k", null}}).ok());
  EXPECT_FALSE(*store->msetnx({{null, null}}));
  EXPECT_EQ(**store->getset(null, null), "");
  EXPECT_TRUE(*store->copy(null, "k", {.replace = true}));
  EXPECT_TRUE(store->rename("k", null).ok());
  EXPECT_EQ(store->lcs(null, null)->text, "");
  EXPECT_EQ(store->keys(null)->size(), 1u);
  EXPECT_FALSE(store->incr(null).ok());
  EXPECT_FALSE(store->incrbyfloat(null, 1).ok());
  EXPECT_TRUE(*store->del_if_equal(null, null));
  EXPECT_EQ(*store->del({null, null}), 0);
}

TEST(Digest, value_key_deadline_and_database_all_count) {
  auto clock = std::make_shared<ManualClock>(from_unix_ms(kStartMs));
  const auto digest_after = [&](const std::function<void(Store&)>& change) {
    auto store = Store::open({.clock = clock, .seed = 1, .background = Background::kManual}).value();
    change(*store);
    return store->digest();
  };
  const std::set<uint64_t> digests{
      digest_after([](Store&) {}),
      digest_after([](Store& s) { (void)s.set("a", "b"); }),
      digest_after([](Store& s) { (void)s.set("b", "a"); }),
      digest_after([](Store& s) { (void)s.set("a", "c"); }),
      digest_after([](Store& s) { (void)s.set("ab", ""); }),
      digest_after([](Store& s) { (void)s.set("a", "b", 1s); }),
      digest_after([](Store& s) { (void)s.set("a", "b", 2s); }),
      digest_after([](Store& s) { (void)s.database(1)->set("a", "b"); }),
  };
  EXPECT_EQ(digests.size(), 8u);
}

}  // namespace
}  // namespace inlay::test
