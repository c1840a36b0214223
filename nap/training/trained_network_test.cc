#include "nap/training/trained_network.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nap/architecture/genotypes_for_tests.h"

namespace nap {
namespace {

using ::testing::HasSubstr;

Checkpoint Save(std::shared_ptr<DerivedNetwork>* network) {
  ModelDescription model;
  model.spec = {DartsV2(), {4, 3, 3, 2, StemKind::kCifar}, /*auxiliary_head=*/true};
  model.class_names = {"cat", "dog"};
  model.mean = {0, 0, 0};
  model.stddev = {1, 1, 1};
  *network = *DerivedNetwork::Create(model.spec);
  (*network)->Forward(at::randn({2, 3, 16, 16}));
  Checkpoint checkpoint;
  SaveTrainedNetwork(**network, model, &checkpoint);
  return checkpoint;
}

TEST(TrainedNetworkTest, ComesBackAsItWas) {
  std::shared_ptr<DerivedNetwork> network;
  const auto loaded = LoadTrainedNetwork(Save(&network));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->description.class_names, (std::vector<std::string>{"cat", "dog"}));
  const auto expected = network->named_parameters(), actual = loaded->network->named_parameters();
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& entry : expected) EXPECT_TRUE(actual[entry.key()].equal(entry.value()));
  for (const auto& entry : network->named_buffers()) {
    EXPECT_TRUE(loaded->network->named_buffers()[entry.key()].equal(entry.value()));
  }
}

TEST(TrainedNetworkTest, GoesOnFromACheckpointOfEarlierVersions) {
  std::shared_ptr<DerivedNetwork> network;
  const Checkpoint checkpoint = Save(&network);  // it has no test_crop
  ModelDescription description = *DescriptionOf(checkpoint);
  description.test_crop = 0.875;
  EXPECT_TRUE(RestoreTrainedNetwork(checkpoint, description, network.get()).ok());
  description.image_size = {33, 32};
  EXPECT_THAT(std::string(RestoreTrainedNetwork(checkpoint, description, network.get()).message()),
              HasSubstr("the network or the data is not that of the checkpoint"));
}

TEST(TrainedNetworkTest, SaysWhatDoesNotFit) {
  EXPECT_THAT(std::string(LoadTrainedNetwork({}).status().message()),
              HasSubstr("holds no trained network"));
  std::shared_ptr<DerivedNetwork> network;
  const Checkpoint good = Save(&network);
  Checkpoint bad = good;
  bad.tensors["network.classifier.bias"] = at::ones({7});
  EXPECT_THAT(std::string(LoadTrainedNetwork(bad).status().message()),
              HasSubstr("'network.classifier.bias' is [7]"));
  bad = good;
  bad.tensors.erase("network.stem.norm0.running_mean");
  EXPECT_THAT(std::string(LoadTrainedNetwork(bad).status().message()),
              HasSubstr("it has no 'network.stem.norm0.running_mean'"));
  bad = good;
  bad.strings["model"].pop_back();
  EXPECT_THAT(std::string(LoadTrainedNetwork(bad).status().message()), HasSubstr("not valid JSON"));
}

}  // namespace
}  // namespace nap
