#include "nap/base/registry.h"

#include <absl/status/status.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace nap {
namespace {

struct Greeting {
  static constexpr char kKind[] = "greeting";
  std::function<std::string()> make;
};

struct Other {
  static constexpr char kKind[] = "other thing";
};

// As a plugin does it: before main().
const bool registered =
    Registry<Greeting>::Global().Register("hello", {[] { return std::string("Hello!"); }});

TEST(RegistryTest, FindsWhatWasRegisteredBeforeMain) {
  ASSERT_TRUE(registered);
  const auto found = Registry<Greeting>::Global().Find("hello");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ((*found)->make(), "Hello!");
}

TEST(RegistryTest, KindsDoNotMix) {
  EXPECT_FALSE(Registry<Other>::Global().Find("hello").ok());
  EXPECT_TRUE(Registry<Other>::Global().Names().empty());
}

TEST(RegistryTest, AnswersAnUnknownNameWithTheKnownOnes) {
  Registry<Other> registry;
  registry.Register("zebra", {});
  registry.Register("ape", {});
  const auto found = registry.Find("apes");
  EXPECT_EQ(found.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(found.status().message(), "unknown other thing 'apes'; known: ape, zebra");
}

TEST(RegistryTest, NamesAreSorted) {
  Registry<Other> registry;
  for (const char* name : {"c", "a", "b"}) registry.Register(name, {});
  EXPECT_EQ(registry.Names(), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(RegistryTest, EntriesStayWhereTheyAre) {
  Registry<Other> registry;
  registry.Register("first", {});
  const Other* first = *registry.Find("first");
  for (int i = 0; i < 1000; ++i) registry.Register(std::to_string(i), {});
  EXPECT_EQ(*registry.Find("first"), first);
}

TEST(RegistryDeathTest, ANameTakenTwiceEndsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Registry<Other> registry;
  registry.Register("twin", {});
  EXPECT_DEATH(registry.Register("twin", {}), "two plugins register the other thing 'twin'");
}

}  // namespace
}  // namespace nap
