#include "inlay/store.h"

int main() {
  auto store = inlay::Store::open({}).value();
  if (!store->set("k", "v").ok()) return 1;
  const auto value = store->get("k");
  return value.ok() && *value == "v" ? 0 : 1;
}
