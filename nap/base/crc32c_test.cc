#include "nap/base/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace nap {
namespace {

// RFC 3720, appendix B.4, and the check value of the catalogues of CRCs.
TEST(Crc32cTest, GivesThePublishedValues) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aa);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43);
  std::string up, down;
  for (char i = 0; i < 32; ++i) {
    up.push_back(i);
    down.insert(down.begin(), i);
  }
  EXPECT_EQ(Crc32c(up), 0x46dd794e);
  EXPECT_EQ(Crc32c(down), 0x113fdb5c);
}

}  // namespace
}  // namespace nap
