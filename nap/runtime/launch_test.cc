#include "nap/runtime/launch.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace nap {
namespace {

using Variables = std::map<std::string, std::string>;

absl::StatusOr<Launch> Find(const Variables& variables) {
  return FindLaunch([&variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

const Variables kTorchrun = {{"RANK", "5"},
                             {"WORLD_SIZE", "8"},
                             {"LOCAL_RANK", "1"},
                             {"MASTER_ADDR", "first.example"},
                             {"MASTER_PORT", "29400"}};
const Variables kMpirun = {{"OMPI_COMM_WORLD_RANK", "1"},
                           {"OMPI_COMM_WORLD_SIZE", "2"},
                           {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                           {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                           {"PMIX_NAMESPACE", "4711"}};
const Variables kSrun = {{"SLURM_PROCID", "3"},   {"SLURM_STEP_NUM_TASKS", "4"},
                         {"SLURM_LOCALID", "1"},  {"SLURM_STEP_NODELIST", "gpu[07-09],cpu1"},
                         {"SLURM_JOB_ID", "123"}, {"SLURM_STEP_ID", "0"},
                         {"SLURM_NTASKS", "4"}};

Variables With(Variables variables, const std::string& name, const std::string& value) {
  variables[name] = value;
  return variables;
}

Variables Without(Variables variables, const std::string& name) {
  variables.erase(name);
  return variables;
}

TEST(LaunchTest, AloneWithoutVariables) {
  for (const Variables& variables :
       {Variables{}, Variables{{"MASTER_ADDR", "x"}},
        Variables{{"SLURM_NTASKS", "8"}, {"SLURM_PROCID", "0"}}, With(kTorchrun, "WORLD_SIZE", "1"),
        Variables{{"SLURM_STEP_NUM_TASKS", "1"}}, With(kSrun, "WORLD_SIZE", "1")}) {
    const auto launch = Find(variables);
    ASSERT_TRUE(launch.ok()) << launch.status();
    EXPECT_EQ(launch->processes, 1);
    EXPECT_EQ(launch->rank, 0);
  }
}

TEST(LaunchTest, Torchrun) {
  const auto launch = Find(kTorchrun);
  ASSERT_TRUE(launch.ok()) << launch.status();
  EXPECT_EQ(launch->rank, 5);
  EXPECT_EQ(launch->processes, 8);
  EXPECT_EQ(launch->local_rank, 1);
  EXPECT_EQ(launch->address, "first.example");
  EXPECT_EQ(launch->port, 29400);
  EXPECT_FALSE(launch->store_is_there);
  const auto again = Find(With(With(kTorchrun, "TORCHELASTIC_USE_AGENT_STORE", "True"),
                               "TORCHELASTIC_RESTART_COUNT", "2"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->store_is_there);
  EXPECT_EQ(again->restart, 2);
}

TEST(LaunchTest, MpirunOnOneMachineNeedsNoAddress) {
  const auto launch = Find(kMpirun);
  ASSERT_TRUE(launch.ok()) << launch.status();
  EXPECT_EQ(launch->rank, 1);
  EXPECT_EQ(launch->address, "127.0.0.1");
  const auto other = Find(With(kMpirun, "PMIX_NAMESPACE", "4712"));
  ASSERT_TRUE(other.ok());
  EXPECT_NE(launch->port, other->port);
  const auto given = Find(With(With(kMpirun, "MASTER_ADDR", "a"), "MASTER_PORT", "99"));
  ASSERT_TRUE(given.ok());
  EXPECT_EQ(given->address, "a");
  EXPECT_EQ(given->port, 99);
}

TEST(LaunchTest, Srun) {
  const auto launch = Find(kSrun);
  ASSERT_TRUE(launch.ok()) << launch.status();
  EXPECT_EQ(launch->rank, 3);
  EXPECT_EQ(launch->processes, 4);
  EXPECT_EQ(launch->local_rank, 1);
  EXPECT_EQ(launch->address, "gpu07");
  // As some sites set for programs of their own.
  const auto beside = Find(With(kSrun, "WORLD_SIZE", "4"));
  ASSERT_TRUE(beside.ok()) << beside.status();
  EXPECT_EQ(beside->rank, 3);
  EXPECT_EQ(beside->address, "gpu07");
  const auto next = Find(With(kSrun, "SLURM_STEP_ID", "1"));
  ASSERT_TRUE(next.ok());
  EXPECT_NE(launch->port, next->port);
}

TEST(LaunchTest, AloneOnceForgotten) {
  const auto environment = [](const char* name) { return std::getenv(name); };
  for (const char* name : {"WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    ::setenv(name, "2", /*overwrite=*/1);
    EXPECT_FALSE(FindLaunch(environment).ok()) << name;  // there are two, but which is this?
    ForgetLaunch();
    const auto launch = FindLaunch(environment);
    ASSERT_TRUE(launch.ok()) << launch.status();
    EXPECT_EQ(launch->processes, 1);
  }
}

TEST(LaunchTest, FirstMachine) {
  EXPECT_EQ(FirstMachine("a"), "a");
  EXPECT_EQ(FirstMachine("a,b"), "a");
  EXPECT_EQ(FirstMachine("n[07-09,12],b"), "n07");
  EXPECT_EQ(FirstMachine("n[3,5]x,b"), "n3x");
  EXPECT_EQ(FirstMachine(""), "");
}

TEST(LaunchTest, NamesWhatIsMissingOrWrong) {
  const std::vector<std::pair<Variables, std::string>> cases = {
      {Without(kTorchrun, "MASTER_ADDR"), "no MASTER_ADDR"},
      {Without(kTorchrun, "MASTER_PORT"), "no MASTER_PORT"},
      {Without(kTorchrun, "RANK"), "no RANK"},
      {Without(kTorchrun, "LOCAL_RANK"), "no LOCAL_RANK"},
      {With(kTorchrun, "RANK", "8"), "RANK=8"},
      {With(kTorchrun, "RANK", "-1"), "RANK=-1"},
      {With(kTorchrun, "WORLD_SIZE", "two"), "WORLD_SIZE=two"},
      {With(kTorchrun, "WORLD_SIZE", "0"), "WORLD_SIZE=0"},
      {With(kTorchrun, "MASTER_PORT", "70000"), "MASTER_PORT=70000"},
      {With(kMpirun, "OMPI_COMM_WORLD_LOCAL_SIZE", "1"), "no MASTER_ADDR"},
      {Without(kSrun, "SLURM_STEP_NODELIST"), "no MASTER_ADDR"},
  };
  for (const auto& [variables, text] : cases) {
    const auto launch = Find(variables);
    EXPECT_TRUE(absl::IsInvalidArgument(launch.status())) << text;
    EXPECT_NE(launch.status().message().find(text), std::string::npos) << launch.status();
  }
}

}  // namespace
}  // namespace nap
