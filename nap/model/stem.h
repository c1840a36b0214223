// What supernets and derived networks have in common around their cells.
#ifndef NAP_MODEL_STEM_H_
#define NAP_MODEL_STEM_H_

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include <vector>

#include "nap/search_space/search_space.h"
#include "ops/cost.h"
#include "ops/layers.h"

namespace nap {

// From the image to the first cell: 3 x 3 convolutions, each with a batch norm, a ReLU between two.
class Stem : public torch::nn::Module {
 public:
  // With running statistics batch norms use them in evaluation mode, without never.
  Stem(const NetworkPlan& plan, bool running_statistics);

  struct Output {
    torch::Tensor early;  // CellInputPlan::kEarlyStem; undefined if the plan's stem has none
    torch::Tensor last;   // CellInputPlan::kStem
  };
  // images: [N, image_channels, H, W].
  Output Forward(const torch::Tensor& images);

  // In order.
  static std::vector<ConvolutionShape> Convolutions(const NetworkPlan& plan);

 private:
  std::vector<torch::nn::Conv2d> convolutions_;
  std::vector<torch::nn::BatchNorm2d> norms_;
};

// From the last cell to the classifier: batch norm and ReLU if the plan has them, global average
// pooling.
class Head : public torch::nn::Module {
 public:
  // running_statistics: as in Stem.
  Head(const NetworkPlan& plan, bool running_statistics);

  // [N, output_channels, H, W] -> [N, output_channels].
  torch::Tensor Forward(const torch::Tensor& x);

 private:
  torch::nn::BatchNorm2d norm_{nullptr};  // null: none
};

// What the cell reads, given the outputs of the stem and of the cells before it.
std::vector<torch::Tensor> InputsOf(const CellPlan& cell, const Stem::Output& stem,
                                    const std::vector<torch::Tensor>& cells);

// Lays the convolutions' weights out like the images.
void UseChannelsLast(torch::nn::Module* network);

}  // namespace nap

#endif  // NAP_MODEL_STEM_H_
