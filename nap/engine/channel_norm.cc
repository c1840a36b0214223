#include "nap/engine/channel_norm.h"

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>

namespace nap {
namespace {

constexpr double kEpsilon = 1e-5;  // LibTorch's, where there is no module to ask

// Padded channels get zeros.
PerChannel Padded(const at::Tensor& tensor, size_t channels) {
  PerChannel values(channels, 0.0);
  const at::Tensor floats = tensor.detach().contiguous();
  std::copy_n(floats.data_ptr<float>(), floats.numel(), values.begin());
  return values;
}

}  // namespace

// Two parts' moments make those of both (Chan, Golub and LeVeque).
ChannelMoments MomentsOf(const ImageBatch& y, int64_t images, const float* sums, int64_t total) {
  const int64_t channels = y.first.channels;
  const double pixels = static_cast<double>(y.PixelsPerImage());
  ChannelMoments moments{PerChannel(channels, 0.0), PerChannel(channels, 0.0),
                         static_cast<double>(images * y.PixelsPerImage())};
  for (int64_t n = 0; n < images; ++n) {
    const float* origin = y[n].data;
    const float* image_sums = sums + n * 2 * total;
    const float* image_squares = image_sums + total;
    const double share = 1.0 / static_cast<double>(n + 1);
    for (int64_t c = 0; c < channels; ++c) {
      const double offset = image_sums[c] / pixels;
      const double distance = origin[c] + offset - moments.mean[c];
      moments.squares[c] += image_squares[c] - offset * offset * pixels +
                            distance * distance * pixels * static_cast<double>(n) * share;
      moments.mean[c] += distance * share;
    }
  }
  return moments;
}

bool ChannelNorm::ReadsMoments() const {
  if (!norm_.enabled) return false;
  const torch::nn::BatchNorm2d& module = norm_.module;
  return module.is_empty() || module->is_training() || !module->options.track_running_stats();
}

void ChannelNorm::Fit(const ImageBatch& y, const ChannelMoments& moments, bool track) {
  const size_t channels = y.first.channels;
  of_batch_ = ReadsMoments();
  rest_.assign(channels, 0.0);
  centre_.assign(channels, 0.0f);
  inverse_.assign(channels, 1.0f);
  scale_.assign(channels, 1.0f);
  shift_.assign(channels, 0.0f);
  if (!norm_.enabled) return;

  const torch::nn::BatchNorm2d& module = norm_.module;
  PerChannel mean(channels, 0.0), variance(channels, 0.0);
  if (of_batch_) {
    mean = moments.mean;
    variance = moments.squares;
    // Not std::max, which would hide what is not a number.
    for (double& squares : variance) squares = squares < 0 ? 0 : squares / moments.count;
    if (track && !module.is_empty() && module->options.track_running_stats()) {
      UpdateRunningStatistics(mean, variance, moments.count);
    }
  } else {
    mean = Padded(module->running_mean, channels);
    variance = Padded(module->running_var, channels);
  }

  const double epsilon = module.is_empty() ? kEpsilon : module->options.eps();
  const bool affine = !norm_.Weights().empty();
  PerChannel weight, bias;
  if (affine) {
    weight = Padded(module->weight, channels);
    bias = Padded(module->bias, channels);
  }
  for (size_t c = 0; c < channels; ++c) {
    const double inverse = 1.0 / std::sqrt(variance[c] + epsilon);
    const double scale = affine ? weight[c] * inverse : inverse;
    centre_[c] = static_cast<float>(mean[c]);
    rest_[c] = mean[c] - centre_[c];
    inverse_[c] = static_cast<float>(inverse);
    scale_[c] = static_cast<float>(scale);
    const double shift = -rest_[c] * scale;
    shift_[c] = static_cast<float>(affine ? bias[c] + shift : shift);
  }
}

// As torch::nn::BatchNorm2d does: the variance that is kept is the unbiased one.
void ChannelNorm::UpdateRunningStatistics(const PerChannel& mean, const PerChannel& variance,
                                          double count) {
  TORCH_CHECK(count > 1,
              "a batch norm that trains needs more than one value a channel; use larger ",
              "images or batches");
  torch::nn::BatchNorm2dImpl& module = *norm_.module;
  module.num_batches_tracked += 1;
  const double share = module.options.momentum() ? *module.options.momentum()
                                                 : 1.0 / module.num_batches_tracked.item<double>();
  float* const running_mean = module.running_mean.data_ptr<float>();
  float* const running_variance = module.running_var.data_ptr<float>();
  for (int64_t c = 0; c < module.running_mean.numel(); ++c) {
    const double unbiased = variance[c] * (count / (count - 1));
    running_mean[c] = static_cast<float>((1 - share) * running_mean[c] + share * mean[c]);
    running_variance[c] = static_cast<float>((1 - share) * running_variance[c] + share * unbiased);
  }
}

void ChannelNorm::StatisticsGradient(const PerChannel& sums, const PerChannel& products,
                                     double count, std::vector<float>* slopes,
                                     std::vector<float>* shift) const {
  for (size_t c = 0; c < scale_.size(); ++c) {
    const double scale = scale_[c], inverse = inverse_[c];
    const double slope = scale * inverse * inverse * products[c] / count;
    (*slopes)[c] = static_cast<float>(-slope);
    (*shift)[c] = static_cast<float>(slope * rest_[c] - scale * sums[c] / count);
  }
}

std::vector<at::Tensor> ChannelNorm::WeightGradients(const PerChannel& sums,
                                                     const PerChannel& products) const {
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& weight : norm_.Weights()) {
    gradients.push_back(at::empty(weight.sizes(), at::kFloat));
  }
  if (gradients.empty()) return gradients;
  float* const scale = gradients[0].data_ptr<float>();
  float* const shift = gradients[1].data_ptr<float>();
  for (int64_t c = 0; c < gradients[0].numel(); ++c) {
    scale[c] = static_cast<float>(inverse_[c] * products[c]);
    shift[c] = static_cast<float>(sums[c]);
  }
  return gradients;
}

}  // namespace nap
