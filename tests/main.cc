// The main of every test program. RapidCheck prints its seed; RC_PARAMS="seed=<n>" runs it again.
#include <gtest/gtest.h>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
