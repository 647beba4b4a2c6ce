#include <string>

#include "inlay/patterns/cache.h"

int main() {
  auto store = inlay::Store::open().value();
  inlay::Cache<std::string> cache(*store, "page:");
  const auto loaded = cache.get_or_load("a", [] { return std::string("loaded"); });
  return loaded.ok() && *loaded == "loaded" && *cache.get("a") == "loaded" ? 0 : 1;
}
