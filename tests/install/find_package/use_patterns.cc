#include <string>

#include "inlay/patterns/codec.h"

int main() {
  std::string bytes;
  inlay::Codec<int>::encode(42, bytes);
  const auto value = inlay::Codec<int>::decode(bytes);
  return value.ok() && *value == 42 && !inlay::Codec<int>::decode("x").ok() ? 0 : 1;
}
