// Error handling: nothing there, and something wrong, are two things.
//
//   error_handling [STATUS_FILE]      default: /var/lib/dpkg/status
//
// An import of real records in which some are not what they should be: absent fields are nil and get a default, wrong ones
// are errors and are told apart by their kind; and no error of one record stops the import.

#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "docs/examples/packages.h"
#include "inlay/session.h"
#include "inlay/store.h"

namespace {

using examples::Checks;
using inlay::ErrorKind;
using Packages = std::map<std::string, std::string>;

// The mean of the sizes of all packages: reads every size, where there is one. An error is returned, nil is not one.
inlay::Result<double> mean_size(inlay::Store& store, const Packages& packages) {
  int64_t sum = 0, count = 0;
  for (const auto& [name, record] : packages) {
    // hincrby by 0 reads a number, and refuses what is none.
    const auto known = store.hexists("package:" + name, "size");
    if (!known.ok()) return known.status();
    if (!*known) continue;
    const auto size = store.hincrby("package:" + name, "size", 0);
    if (!size.ok()) return size.status();
    sum += *size;
    ++count;
  }
  if (count == 0) return absl::NotFoundError("no package has a size");
  return static_cast<double>(sum) / static_cast<double>(count);
}

int run(const Packages& packages) {
  auto store = inlay::Store::open().value();
  for (const auto& [name, record] : packages) {
    if (const std::string size = examples::field(record, "Installed-Size"); !size.empty())
      store->hset("package:" + name, "size", size).value();
  }
  Checks checks;
  const std::string sample = "package:" + packages.begin()->first;

  // error | nil | value
  const inlay::Nullable<std::string> essential = store->hget(sample, "essential");
  checks.expect(essential.ok() && !essential->has_value(), "an absent field is nil, which is no error");
  checks.expect(inlay::is_nil(essential), "is_nil() says so in one word");
  checks.expect(inlay::value_or(store->hget(sample, "essential"), "no") == "no",
                "value_or() gives nil a default");
  checks.expect(inlay::require(essential).status().code() == absl::StatusCode::kNotFound,
                "require() is for those to whom absence is an error");
  // Collections and counts of absent keys are empty and zero.
  checks.expect(store->hgetall("package:")->empty() && store->llen("package:").value() == 0,
                "absent is empty, and 0 long");

  // A misuse is an error, with a kind to decide by and Redis's text to show.
  const auto wrong = store->lpush(sample, {"x"});
  checks.expect(inlay::kind_of(wrong.status()) == ErrorKind::kWrongType,
                "a command for another type is refused");
  std::printf("LPUSH of a hash: %s\n", inlay::redis_error_text(wrong.status()).c_str());
  checks.expect(absl::IsFailedPrecondition(wrong.status()), "its code is Abseil's FailedPrecondition");
  inlay::Session session(*store);
  checks.expect(session.execute({"LPUSH", sample, "x"}).is_error(), "by name it is an error reply");

  // One wrong record, and what reads all of them.
  const inlay::Result<double> mean = mean_size(*store, packages);
  checks.expect(mean.ok(), "all sizes are numbers");
  std::printf("mean size of %zu packages: %.1f KiB\n", packages.size(), mean.value_or(0));
  store->hset(sample, "size", "large").value();
  checks.expect(inlay::kind_of(mean_size(*store, packages).status()) == ErrorKind::kNotInteger,
                "a number that is none is an error, and is not taken for 0");
  checks.expect(absl::IsNotFound(mean_size(*store, {}).status()),
                "the program's own errors travel the same way");

  // Whoever wants to go on tells the kinds apart.
  int64_t repaired = 0;
  for (const auto& [name, record] : packages) {
    const auto size = store->hincrby("package:" + name, "size", 0);
    if (inlay::kind_of(size.status()) == ErrorKind::kNotInteger) {
      store->hdel("package:" + name, {"size"}).value();
      ++repaired;
    }
  }
  checks.expect(repaired == 1 && mean_size(*store, packages).ok(), "a repaired import goes on");

  // Not everything that does not happen is an error.
  checks.expect(store->set("once", "1", {.when = inlay::When::kIfAbsent})->applied, "a condition that holds");
  checks.expect(!store->set("once", "2", {.when = inlay::When::kIfAbsent})->applied,
                "and one that does not: no error");
  checks.expect(!store->expire("no such key", std::chrono::seconds(1)).value(),
                "a key that is not there: false");
  return checks.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  const Packages packages = examples::packages_of(argc, argv);
  return packages.empty() ? 1 : run(packages);
}
