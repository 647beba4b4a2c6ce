// Key naming: names that cannot be mistaken for each other, on names that try.
//
//   key_naming [STATUS_FILE]      default: /var/lib/dpkg/status
//
// The usual scheme is kind:id:part, "package:bash:depends". It fails as soon as an id may contain the separator, as in
// Debian's own "python3:any": is "package:python3:any" a package, or the part "any" of python3? So ids are escaped where
// names are made, in one function, and a prefix is escaped again where it becomes a pattern.

#include <cstdio>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "docs/examples/packages.h"
#include "inlay/store.h"

namespace {

using examples::Checks;
using Packages = std::map<std::string, std::string>;

// kind:id or kind:id:part. '%' and ':' of the id become %25 and %3A; so different names give different keys.
std::string key(std::string_view kind, std::string_view id, std::string_view part = {}) {
  std::string name = std::string(kind).append(":");
  for (const char c : id) {
    if (c == ':' || c == '%') {
      name += c == ':' ? "%3A" : "%25";
    } else {
      name += c;
    }
  }
  if (!part.empty()) name.append(":").append(part);
  return name;
}

// The glob that matches what begins so, and nothing else.
std::string begins_with(std::string_view prefix) {
  std::string glob;
  for (const char c : prefix) {
    if (std::string_view("*?[\\").find(c) != std::string_view::npos) glob += '\\';
    glob += c;
  }
  return glob += '*';
}

int run(const Packages& packages) {
  auto store = inlay::Store::open().value();
  std::set<std::string> names;
  for (const auto& [name, record] : packages) {
    names.insert(name);
    for (const std::string& needed : examples::dependencies(record)) names.insert(needed);
  }
  names.insert({"python3", "python3:any", "lib%3A", "lib:", "star*", "star?", "mark[s]"});

  size_t with_separator = 0;
  for (const std::string& name : names) {
    with_separator += name.find(':') != std::string::npos;
    store->hset(key("package", name), "name", name).value();
    store->sadd(key("package", name, "seen_in"), {"status"}).value();
    store->sadd(key("package", name, "any"), {"a part that is called like an architecture"}).value();
  }

  Checks checks;
  for (const std::string& name : names) {
    checks.expect(store->hget(key("package", name), "name").value() == name,
                  "each name finds its own record");
    checks.expect(store->type(key("package", name, "any")).value() == "set",
                  "a part is not taken for a package");
  }
  checks.expect(store->dbsize().value() == static_cast<int64_t>(3 * names.size()),
                "no two names share a key");
  std::printf("%zu names, %zu of them with the separator in them: %lld keys\n", names.size(), with_separator,
              static_cast<long long>(store->dbsize().value()));

  // All keys of one package, of any name: by a pattern that takes the name literally.
  for (const char* name : {"python3", "star*", "star?", "mark[s]"}) {
    std::vector<std::string> found;
    for (const std::string& each : store->scan({.match = begins_with(key("package", name).append(":"))}))
      found.push_back(each);
    checks.expect(found.size() == 2, "a package has two parts");
  }
  // By type, where a kind holds several.
  size_t records = 0;
  for ([[maybe_unused]] const std::string& each :
       store->scan({.match = begins_with("package:"), .count = 100, .type = "hash"}))
    ++records;
  checks.expect(records == names.size(), "a scan by type finds the records alone");

  // Without escaping, two things would be one.
  const auto naive = [](const std::string& id, const std::string& part) {
    return "package:" + id + ":" + part;
  };
  checks.expect(naive("python3", "any:x") == naive("python3:any", "x"), "the naive names meet");
  checks.expect(key("package", "python3", "any:x") != key("package", "python3:any", "x"),
                "the escaped ones do not");
  return checks.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  const Packages packages = examples::packages_of(argc, argv);
  return packages.empty() ? 1 : run(packages);
}
