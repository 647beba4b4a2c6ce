// Optimistic transaction: four threads move disk space between the accounts of sections, and none is ever lost.
//
//   optimistic_transaction [STATUS_FILE]      default: /var/lib/dpkg/status
//
// Each section has an account of the kibibytes that its packages take. A transfer reads two accounts, decides, and
// commits only if neither has changed since: otherwise it begins anew. Nothing is locked while it decides.

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "docs/examples/packages.h"
#include "inlay/store.h"

namespace {

using examples::Checks;
using Packages = std::map<std::string, std::string>;

// Errors: FailedPrecondition if there is too little in `from`; Aborted if others were always faster.
absl::Status transfer(inlay::Store& store, const std::string& from, const std::string& to, int64_t amount) {
  return store.watch({from, to},
                     [&](inlay::Transaction& tx) -> absl::Status {
                       const auto balance = inlay::require(tx.get(from));
                       if (!balance.ok()) return balance.status();
                       if (std::stoll(*balance) < amount) return absl::FailedPreconditionError("too little");
                       return tx.multi([&](inlay::Pipeline& p) {
                         p.decr(from, amount);
                         p.incr(to, amount);
                         p.incr("transfers");
                       });
                     },
                     {.max_retries = 1000});
}

int64_t total(inlay::Store& store, const std::vector<std::string>& accounts) {
  int64_t sum = 0;
  for (const std::string& account : accounts) sum += std::stoll(store.get(account).value().value());
  return sum;
}

int run(const Packages& packages) {
  auto store = inlay::Store::open().value();
  std::vector<std::string> accounts;
  for (const auto& [name, record] : packages) {
    const std::string account = "space:" + examples::field(record, "Section");
    if (!store->exists(account).value()) accounts.push_back(account);
    store->incr(account, std::strtoll(examples::field(record, "Installed-Size").c_str(), nullptr, 10))
        .value();
  }
  if (accounts.size() < 2) accounts.push_back("space:none"), store->set("space:none", "0").IgnoreError();
  const int64_t before = total(*store, accounts);

  constexpr int kThreads = 4, kTransfers = 2000;
  std::atomic<int64_t> done = 0, refused = 0, other = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937 random(static_cast<unsigned>(thread));
      for (int i = 0; i < kTransfers; ++i) {
        const size_t from = random() % accounts.size();
        const size_t to = (from + 1 + random() % (accounts.size() - 1)) % accounts.size();
        const absl::Status status =
            transfer(*store, accounts[from], accounts[to], static_cast<int64_t>(random() % 5000));
        ++(status.ok() ? done : absl::IsFailedPrecondition(status) ? refused : other);
      }
    });
  }
  threads.clear();

  const int64_t after = total(*store, accounts);
  std::printf("%zu accounts, %lld KiB; %lld transfers done, %lld refused; %lld KiB\n", accounts.size(),
              static_cast<long long>(before), static_cast<long long>(done), static_cast<long long>(refused),
              static_cast<long long>(after));
  Checks checks;
  checks.expect(before == after, "nothing is lost and nothing is made");
  checks.expect(done + refused == kThreads * kTransfers && other == 0, "every transfer ended");
  checks.expect(store->get("transfers").value() == std::to_string(done), "each was counted once");
  for (const std::string& account : accounts)
    checks.expect(std::stoll(store->get(account).value().value()) >= 0, "no account is overdrawn");

  // A key that changes while a transaction decides: it begins anew, and sees the change.
  int runs = 0;
  const auto doubled = store->watch({"number"}, [&](inlay::Transaction& tx) -> absl::Status {
    const int64_t read = std::stoll(inlay::value_or(tx.get("number"), "0"));
    if (++runs == 1) store->set("number", 21).IgnoreError();  // Somebody else.
    return tx.multi([&](inlay::Pipeline& p) { p.set("number", read * 2); });
  });
  checks.expect(doubled.ok() && runs == 2 && store->get("number").value() == "42",
                "a lost race is run again");
  return checks.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  const Packages packages = examples::packages_of(argc, argv);
  return packages.empty() ? 1 : run(packages);
}
