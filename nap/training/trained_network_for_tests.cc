// Writes a checkpoint of a network with random weights and what it answers, for tests in other
// languages: trained_network_for_tests GENOTYPE STEM CHANNELS CELLS IMAGE_SIZE FOLDER
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <c10/core/GradMode.h>
#include <glog/logging.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include "nap/base/files.h"
#include "nap/search_space/genotype_lookup.h"
#include "nap/training/trained_network.h"

namespace nap {
namespace {

int64_t Number(const char* text) {
  int64_t number = 0;
  CHECK(absl::SimpleAtoi(text, &number)) << text;
  return number;
}

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  CHECK(value.ok()) << value.status();
  return *std::move(value);
}

// Scales, shifts and statistics that are not all alike, as training makes them. Larger filters,
// lest the images' differences shrink from layer to layer while the statistics are not settled yet.
void Disturb(DerivedNetwork* network, const at::Tensor& images) {
  for (auto& entry : network->named_parameters()) {
    if (entry.value().dim() == 1) entry.value() += 0.2 * at::randn(entry.value().sizes());
    if (entry.value().dim() == 4) entry.value() *= 3;
  }
  for (int i = 0; i < 8; ++i) network->Forward(images + 0.3 * at::randn(images.sizes()));
}

void Run(char** argv) {
  const c10::AutoGradMode no_grad(false);
  at::manual_seed(7);
  ModelDescription model;
  model.spec.genotype = OrDie(FindGenotype(argv[1]));
  const bool imagenet = std::string(argv[2]) == "imagenet";
  model.spec.network = {Number(argv[3]), Number(argv[4]), 3, 5,
                        imagenet ? StemKind::kImageNet : StemKind::kCifar};
  model.spec.auxiliary_head = true;
  model.class_names = {"ant", "bee", "cat", "dog", "elk"};
  model.mean = {0.4914F, 0.4822F, 0.4465F};
  model.stddev = {0.2470F, 0.2435F, 0.2616F};
  model.image_size = {Number(argv[5]), Number(argv[5])};
  model.test_crop = 1;
  const std::string folder = argv[6];
  const auto network = OrDie(DerivedNetwork::Create(model.spec));
  // Patches of colour: of images of noise the network would think all the same.
  const int64_t size = model.image_size.height;
  const at::Tensor images = at::upsample_bilinear2d(2 * at::randn({3, 3, 4, 4}), {size, size},
                                                    /*align_corners=*/false);
  Disturb(network.get(), images);

  c10::Dict<std::string, at::Tensor> reference;
  for (const auto& entry : network->named_parameters()) {
    reference.insert("state." + entry.key(), entry.value().clone());
  }
  for (const auto& entry : network->named_buffers()) {
    reference.insert("state." + entry.key(), entry.value().clone());
  }
  reference.insert("images", images);
  network->eval();
  reference.insert("logits", network->Forward(images).logits);
  Checkpoint checkpoint;
  SaveTrainedNetwork(*network, model, &checkpoint);
  CHECK(WriteCheckpoint(folder, checkpoint).ok());

  network->train();
  const auto training = network->Forward(images);
  reference.insert("training_logits", training.logits);
  reference.insert("auxiliary_logits", training.auxiliary_logits);
  const std::vector<char> pickled = torch::jit::pickle_save(reference);
  const absl::string_view content(pickled.data(), pickled.size());
  CHECK(WriteFileAtomically(folder + "/reference.pt", content).ok());
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  CHECK_EQ(argc, 7);
  nap::Run(argv);
  return 0;
}
