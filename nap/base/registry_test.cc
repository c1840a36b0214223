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

// One whose users set something.
struct Counter {
  static constexpr char kKind[] = "counter";
  std::string description;
  std::function<absl::StatusOr<int64_t>(int, const ParameterValues&)> make;
  std::vector<Parameter> parameters = {};
};

Registry<Counter> Counters() {
  Registry<Counter> counters;
  counters.Register("up", {"counts up",
                           [](int begin, const ParameterValues& values) -> absl::StatusOr<int64_t> {
                             if (begin < 0) return absl::OutOfRangeError("begins below 0");
                             return begin + values.Integer("step") * values.Integer("times");
                           },
                           {Parameter::Integer("step", 2, 1, "how far"),
                            Parameter::Integer("times", 3, 0, "how often")}});
  counters.Register("never", {"stays", [](int begin, const ParameterValues&) { return begin; }});
  return counters;
}

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

TEST(RegistryTest, MakesWhatAnEntryMakesOfItsParameters) {
  const Registry<Counter> counters = Counters();
  EXPECT_EQ(*counters.Make("up", 10), 16);
  EXPECT_EQ(*counters.Make("up:times=1,step=5", 10), 15);
  EXPECT_EQ(*counters.Make("never", 10), 10);
  EXPECT_EQ(counters.Make("down", 1).status().message(),
            "unknown counter 'down'; known: never, up");
  EXPECT_EQ(counters.Make("up:steps=1", 1).status().message(),
            "counter 'up:steps=1': unknown parameter 'steps'; known: step, times");
  EXPECT_EQ(counters.Make("never:step=1", 1).status().message(),
            "counter 'never:step=1': unknown parameter 'step'; there are none");
  EXPECT_EQ(counters.Make("up:step=2", -1).status(),
            absl::OutOfRangeError("counter 'up:step=2': begins below 0"));
}

TEST(RegistryTest, SaysWhatThereIs) {
  const Registry<Counter> counters = Counters();
  EXPECT_EQ(counters.Help(),
            "never: stays\nup: counts up\n    step=2: how far\n    times=3: how often\n");
  EXPECT_EQ(*counters.FullText("up"), "up:step=2,times=3");
  EXPECT_EQ(*counters.FullText("up:times=03"), "up:step=2,times=3");
  EXPECT_EQ(*counters.ShortText("up:times=03"), "up");
  EXPECT_EQ(*counters.ShortText("up:times=3,step=1"), "up:step=1");
  EXPECT_EQ(*counters.FullText("never"), "never");
  EXPECT_FALSE(counters.FullText("up:time=3").ok());
  EXPECT_FALSE(counters.FullText("down").ok());
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
