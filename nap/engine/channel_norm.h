// A batch norm as the fused pass sees it: a map of each channel, and the way back.
#ifndef NAP_ENGINE_CHANNEL_NORM_H_
#define NAP_ENGINE_CHANNEL_NORM_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "nap/engine/cell_graph.h"
#include "nap/engine/image_batch.h"

namespace nap {

// Sums are kept in double precision.
using PerChannel = std::vector<double>;

// Of a batch's channels.
struct ChannelMoments {
  PerChannel mean;
  PerChannel squares;  // summed, of the distance from the mean
  double count = 0;    // values a channel
};

// sums: of the first image, and `total` floats further its squares; then the next image's. They are
// relative to the image's first pixel.
ChannelMoments MomentsOf(const ImageBatch& y, int64_t images, const float* sums, int64_t total);

// An output y becomes scale * (y - centre) + shift.
class ChannelNorm {
 public:
  explicit ChannelNorm(CellNorm norm) : norm_(std::move(norm)) {}

  // Whether it needs, for the batch to come, the batch's moments.
  bool ReadsMoments() const;

  // Finds the map for the batch y, whose moments are read if ReadsMoments(). `track`: the module's
  // running statistics, if they are kept, are to learn of this batch.
  void Fit(const ImageBatch& y, const ChannelMoments& moments, bool track);

  const std::vector<float>& scale() const { return scale_; }
  const std::vector<float>& centre() const { return centre_; }
  const std::vector<float>& shift() const { return shift_; }
  const CellNorm& norm() const { return norm_; }
  bool of_batch() const { return of_batch_; }

  // Products with y - centre become those with the distance from the mean: what `centre` lost by
  // rounding is made good.
  double Corrected(size_t channel, double products, double sum) const {
    return products - rest_[channel] * sum;
  }

  // What the gradient of y owes to the statistics being those of the batch: slopes * (y -
  // centre) + shift. Of the gradient g of the map's output, over `count` pixels: sums of g and,
  // corrected, of g * (y - mean). Only if of_batch().
  void StatisticsGradient(const PerChannel& sums, const PerChannel& products, double count,
                          std::vector<float>* slopes, std::vector<float>* shift) const;

  // Of CellNorm::Weights(), from the same sums.
  std::vector<at::Tensor> WeightGradients(const PerChannel& sums, const PerChannel& products) const;

 private:
  void UpdateRunningStatistics(const PerChannel& mean, const PerChannel& variance, double count);

  CellNorm norm_;
  bool of_batch_ = false;       // the statistics are those of the batch
  PerChannel rest_;             // of the mean: what `centre` lost by rounding
  std::vector<float> centre_;   // the mean
  std::vector<float> inverse_;  // 1 / standard deviation
  std::vector<float> scale_, shift_;
};

}  // namespace nap

#endif  // NAP_ENGINE_CHANNEL_NORM_H_
