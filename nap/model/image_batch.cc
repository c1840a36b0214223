#include "nap/model/image_batch.h"

#include <ATen/Parallel.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>

#include <algorithm>

namespace nap {

ImageBatch NewBatch(int64_t images, int64_t height, int64_t width, int64_t channels) {
  const at::Tensor memory = at::empty({images, height, width, channels}, at::kFloat);
  return {memory, kernels::DenseImage(memory.data_ptr<float>(), height, width, channels),
          height * width * channels};
}

ImageBatch BatchOf(const at::Tensor& tensor) {
  at::Tensor memory = tensor.detach().permute({0, 2, 3, 1});
  const int64_t channels = memory.size(3);
  const int64_t padding = kernels::PaddedChannels(channels) - channels;
  memory =
      padding > 0 ? at::constant_pad_nd(memory.contiguous(), {0, padding}) : memory.contiguous();
  const int64_t height = memory.size(1), width = memory.size(2), padded = memory.size(3);
  return {memory, kernels::DenseImage(memory.data_ptr<float>(), height, width, padded),
          height * width * padded};
}

at::Tensor TensorOf(const ImageBatch& batch, int64_t images, int64_t channels) {
  const kernels::Image& image = batch.first;
  const at::Tensor all =
      batch.memory.as_strided({images, image.height, image.width, channels},
                              {batch.distance, image.row_stride, image.pixel_stride, 1},
                              image.data - batch.memory.data_ptr<float>());
  return all.contiguous().permute({0, 3, 1, 2});
}

ImageBatch Slice(const ImageBatch& batch, int64_t part, int64_t channels) {
  ImageBatch slice = batch;
  slice.first.data += part * channels;
  slice.first.channels = channels;
  return slice;
}

int64_t NumImageGroups(int64_t images) {
  // Each keeps sums of its own, so that many of them cost more than they bring.
  return std::min(images, std::clamp<int64_t>(images / 2, 4, 16));
}

void ForEach(int64_t count, const std::function<void(int64_t)>& body) {
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(i);
  });
}

void ForEachImage(int64_t images, const std::function<void(int64_t, int64_t)>& body) {
  const int64_t groups = NumImageGroups(images);
  // To and fro: what a thread has touched last is still in its cache when the next call begins.
  thread_local bool backwards = false;
  backwards = !backwards;
  at::parallel_for(0, groups, 1, [&, fro = backwards](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const int64_t group = fro ? first + last - 1 - i : i;
      const int64_t end = (group + 1) * images / groups;
      for (int64_t n = group * images / groups; n < end; ++n) body(group, n);
    }
  });
}

}  // namespace nap
