#include "nap/engine/image_batch.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>

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

}  // namespace nap
