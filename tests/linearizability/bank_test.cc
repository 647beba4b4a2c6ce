// A bank: eight threads move money between 1,000 accounts in every transactional way there is, and look at all of them in
// every way that claims to see one instant. No observation may find a cent too many or too few.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "inlay/session.h"
#include "inlay/store.h"

namespace inlay::test {
namespace {

constexpr int kThreads = 8;
constexpr size_t kAccounts = 1000;
constexpr size_t kHotAccounts = 6;
constexpr int64_t kEach = 100;
constexpr int64_t kTotal = kEach * static_cast<int64_t>(kAccounts);
constexpr int kRounds = 800;  // Of each thread.
constexpr TxOptions kPatient{.max_retries = 1'000'000};

int64_t number(const std::optional<std::string>& text) { return std::stoll(text.value_or("0")); }

class Bank {
 public:
  explicit Bank(size_t shards) : store_(Store::open({.shards = shards}).value()) {
    for (size_t i = 0; i < kAccounts; ++i)
      names_.push_back(std::string("account:").append(std::to_string(i)));
    keys_.assign(names_.begin(), names_.end());
    std::vector<KeyValue> balances;
    for (Key key : keys_) balances.push_back({key, kEach});
    EXPECT_TRUE(store_->mset(balances).ok());
  }

  Store& store() { return *store_; }
  Keys keys() const { return keys_; }
  Key key(size_t account) const { return keys_[account]; }

 private:
  std::unique_ptr<Store> store_;
  std::vector<std::string> names_;
  std::vector<Key> keys_;
};

struct Transfer {
  Key from;
  Key to;
  int64_t most;
};

// One of the bank's clerks.
class Clerk {
 public:
  Clerk(Bank& bank, unsigned seed) : bank_(bank), store_(bank.store()), session_(store_), random_(seed) {}

  void move_money() {
    const Transfer transfer = draw();
    switch (random_() % 5) {
      case 0: return by_watch(transfer);
      case 1: return by_watched_exec(transfer);
      case 2: return by_plain_exec(transfer);
      case 3:
        return store_.atomically({transfer.from, transfer.to}, [&](View& view) { move(view, transfer); });
      default: return store_.atomically_all([&](View& view) { move(view, transfer); });
    }
  }

  // The sum of all accounts; nil for a watched look that too many transfers came between.
  std::optional<int64_t> total() {
    switch (random_() % 6) {
      case 0: return sum(store_.mget(bank_.keys()));
      case 1: return total_by_exec();
      case 2: return total_by_multi();
      case 3: return total_by_watch();
      case 4: return store_.atomically(bank_.keys(), [&](View& view) { return sum_of_gets(view); });
      default: return store_.atomically_all([&](View& view) { return sum(view.mget(bank_.keys())); });
    }
  }

 private:
  // Half of the transfers meet on a few accounts.
  Transfer draw() {
    const size_t range = random_() % 2 == 0 ? kHotAccounts : kAccounts;
    const size_t from = random_() % range;
    const size_t to = (from + 1 + random_() % (range - 1)) % range;
    return {bank_.key(from), bank_.key(to), static_cast<int64_t>(random_() % 20)};
  }

  // Writes balances that it has worked out, so that a stale one would make or destroy money.
  static void move(View& view, const Transfer& transfer) {
    const int64_t from = number(*view.get(transfer.from)), to = number(*view.get(transfer.to));
    const int64_t amount = std::min(from, transfer.most);
    EXPECT_TRUE(view.set(transfer.from, from - amount).ok());
    EXPECT_TRUE(view.set(transfer.to, to + amount).ok());
  }

  void by_watch(const Transfer& transfer) {
    const absl::Status status = store_.watch(
        {transfer.from, transfer.to},
        [&](Transaction& tx) {
          const int64_t from = number(*tx.get(transfer.from)), to = number(*tx.get(transfer.to));
          const int64_t amount = std::min(from, transfer.most);
          if (random_() % 4 == 0) std::this_thread::yield();
          return tx.multi([&](Pipeline& queue) {
            queue.set(transfer.from, from - amount);
            queue.set(transfer.to, to + amount);
          });
        },
        kPatient);
    EXPECT_TRUE(status.ok()) << status;
  }

  void by_watched_exec(const Transfer& transfer) {
    Reply reply;
    do {
      session_.execute({"WATCH", transfer.from, transfer.to});
      const Reply balances = session_.execute({"MGET", transfer.from, transfer.to});
      const int64_t from = number(std::string(balances.items()[0].text()));
      const int64_t to = number(std::string(balances.items()[1].text()));
      const int64_t amount = std::min(from, transfer.most);
      if (random_() % 4 == 0) std::this_thread::yield();
      session_.execute({"MULTI"});
      session_.execute({"SET", transfer.from, Arg(from - amount)});
      session_.execute({"SET", transfer.to, Arg(to + amount)});
      reply = session_.execute({"EXEC"});
    } while (reply.is_nil());
    EXPECT_EQ(reply, Reply::array({Reply::ok(), Reply::ok()}));
  }

  // What may overdraw an account keeps the sum as well.
  void by_plain_exec(const Transfer& transfer) {
    const Arg amount(transfer.most);
    session_.execute({"MULTI"});
    session_.execute({"DECRBY", transfer.from, amount});
    session_.execute({"INCRBY", transfer.to, amount});
    EXPECT_EQ(session_.execute({"EXEC"}).items().size(), 2u);
  }

  static int64_t sum(const Result<std::vector<std::optional<std::string>>>& balances) {
    return std::accumulate(balances->begin(), balances->end(), int64_t{0},
                           [](int64_t sum, const auto& balance) { return sum + number(balance); });
  }

  template <class Front>
  int64_t sum_of_gets(Front& front) {
    int64_t sum = 0;
    for (Key key : bank_.keys()) sum += number(*front.get(key));
    return sum;
  }

  int64_t total_by_exec() {
    session_.execute({"MULTI"});
    for (Key key : bank_.keys()) session_.execute({"GET", key});
    int64_t sum = 0;
    const Reply reply = session_.execute({"EXEC"});
    for (const Reply& balance : reply.items()) sum += number(std::string(balance.text()));
    return sum;
  }

  // A pipeline that is a transaction.
  int64_t total_by_multi() {
    std::vector<Deferred<std::optional<std::string>>> balances;
    const absl::Status status = store_.watch({}, [&](Transaction& tx) {
      balances.clear();
      return tx.multi([&](Pipeline& queue) {
        for (Key key : bank_.keys()) balances.push_back(queue.get(key));
      });
    });
    EXPECT_TRUE(status.ok()) << status;
    int64_t sum = 0;
    for (const auto& balance : balances) sum += number(*balance);
    return sum;
  }

  std::optional<int64_t> total_by_watch() {
    const Result<int64_t> sum =
        store_.watch(bank_.keys(), [&](Transaction& tx) -> Result<int64_t> { return sum_of_gets(tx); },
                     {.max_retries = 2});
    if (sum.ok()) return *sum;
    EXPECT_EQ(kind_of(sum.status()), ErrorKind::kWatchFailed);
    return std::nullopt;
  }

  Bank& bank_;
  Store& store_;
  Session session_;
  std::mt19937 random_;
};

class BankTest : public testing::TestWithParam<size_t> {};

TEST_P(BankTest, total_is_exact_at_every_observation) {
  Bank bank(GetParam());
  std::atomic<int> observations{0}, wrong{0};
  std::atomic<int64_t> example{kTotal};
  const auto work = [&](unsigned seed) {
    Clerk clerk(bank, seed);
    for (int i = 0; i < kRounds; ++i) {
      if (i % 16 > 0) {
        clerk.move_money();
      } else if (const std::optional<int64_t> total = clerk.total()) {
        ++observations;
        if (*total == kTotal) continue;
        ++wrong;
        example = *total;
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) threads.emplace_back(work, i + 1);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0) << "of " << observations << "; one found " << example << " instead of " << kTotal;
  EXPECT_GT(observations, kThreads * kRounds / 16 / 2);
  EXPECT_TRUE(bank.store().check_invariants().ok());
}

INSTANTIATE_TEST_SUITE_P(Shards, BankTest, testing::Values(1, 64, 1024));

}  // namespace
}  // namespace inlay::test
