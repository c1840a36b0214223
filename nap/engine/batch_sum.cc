#include "nap/engine/batch_sum.h"

#include <algorithm>
#include <utility>

#include "ops/kernels/normalisation.h"

namespace nap {

void BatchSum::Add(const ImageBatch& batch, std::vector<float> scale, const float* centre,
                   std::vector<float> shift, const float* factors) {
  if (factors == nullptr) {
    for (size_t c = 0; c < shift.size(); ++c) shift_[c] += shift[c];
    shift.clear();
  } else {
    has_factors_ = true;
    shift.resize(shift_.size(), 0.0f);
  }
  terms_.push_back({&batch, std::move(scale), centre, std::move(shift), factors});
}

void BatchSum::Add(const BatchSum& other) {
  terms_.insert(terms_.end(), other.terms_.begin(), other.terms_.end());
  has_factors_ |= other.has_factors_;
  for (size_t c = 0; c < shift_.size(); ++c) shift_[c] += other.shift_[c];
}

void BatchSum::Compute(int64_t n, bool accumulate, const kernels::Image& out) const {
  thread_local std::vector<kernels::Term> terms;
  thread_local std::vector<float> scaled;  // this image's shift, then its scales
  const float* shift = shift_.data();
  const size_t channels = shift_.size();
  if (has_factors_) {
    scaled.resize((terms_.size() + 1) * channels);
    std::copy(shift_.begin(), shift_.end(), scaled.begin());
    shift = scaled.data();
  }
  terms.clear();
  for (size_t i = 0; i < terms_.size(); ++i) {
    const Term& term = terms_[i];
    const float* scale = term.scale.data();
    if (term.factors != nullptr) {
      const float factor = term.factors[n];
      if (factor == 0) continue;
      float* const to = &scaled[(i + 1) * channels];
      for (size_t c = 0; c < channels; ++c) {
        to[c] = factor * scale[c];
        scaled[c] += factor * term.shift[c];
      }
      scale = to;
    }
    terms.push_back(
        {(*term.batch)[n], scale, term.centre == nullptr ? zeros_.data() : term.centre});
  }
  kernels::WeightedSum(terms.data(), static_cast<int64_t>(terms.size()), shift, accumulate, out);
}

}  // namespace nap
