#include "inlay/datatypes/number.h"

int main() { return inlay::parse_int64("42") == 42 ? 0 : 1; }
