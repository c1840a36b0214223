// Weighted sums of batches.
#ifndef NAP_ENGINE_BATCH_SUM_H_
#define NAP_ENGINE_BATCH_SUM_H_

#include <cstdint>
#include <vector>

#include "nap/engine/image_batch.h"
#include "ops/kernels/image.h"

namespace nap {

// shift + sum over terms of scale * (batch - centre), a channel. It is not computed before an image
// of it is needed; the batches, centres and factors must live until then.
class BatchSum {
 public:
  explicit BatchSum(int64_t channels) : shift_(channels, 0.0f), zeros_(channels, 0.0f) {}

  // Image n gets factors[n] * (shift + scale * (batch - centre)). A null centre or an empty shift:
  // zeros; null factors: ones.
  void Add(const ImageBatch& batch, std::vector<float> scale, const float* centre = nullptr,
           std::vector<float> shift = {}, const float* factors = nullptr);

  // The terms and the shift of another sum.
  void Add(const BatchSum& other);

  // out = image n of the sum, or += with `accumulate`.
  void Compute(int64_t n, bool accumulate, const kernels::Image& out) const;

 private:
  struct Term {
    const ImageBatch* batch;
    std::vector<float> scale;
    const float* centre;
    std::vector<float> shift;  // with factors only: else it is added to shift_
    const float* factors;
  };

  std::vector<Term> terms_;
  std::vector<float> shift_, zeros_;
  bool has_factors_ = false;
};

}  // namespace nap

#endif  // NAP_ENGINE_BATCH_SUM_H_
