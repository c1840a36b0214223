#include "nap/runtime/synchronized_norms.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/var_mean.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <memory>
#include <tuple>
#include <vector>

#include "nap/runtime/process_group.h"

namespace nap {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

thread_local NormBatch batch_of_thread;

// All but the channels'.
std::vector<int64_t> OtherDimensions(const at::Tensor& x) {
  std::vector<int64_t> dimensions = {0};
  for (int64_t i = 2; i < x.dim(); ++i) dimensions.push_back(i);
  return dimensions;
}

// A value a channel, to go with x.
at::Tensor AlongChannels(const at::Tensor& values, const at::Tensor& x) {
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[1] = -1;
  return values.view(shape);
}

// Both over all processes; [C] double on the CPU.
void SumBoth(ProcessGroup* processes, at::Tensor* a, at::Tensor* b) {
  const int64_t channels = a->numel();
  std::vector<double> sums;
  for (at::Tensor* each : {a, b}) {
    *each = each->to(at::kCPU, at::kDouble).contiguous();
    const double* const first = each->data_ptr<double>();
    sums.insert(sums.end(), first, first + channels);
  }
  processes->Sum(&sums);
  std::copy_n(sums.begin(), channels, a->data_ptr<double>());
  std::copy_n(sums.begin() + channels, channels, b->data_ptr<double>());
}

struct Norm {
  at::Tensor running_mean, running_var;  // undefined: none are kept
  double momentum, epsilon;
  NormBatch batch;
};

struct Kept : torch::CustomClassHolder {
  NormBatch batch;
  double count;
  bool has_bias;
};

class NormFunction : public torch::autograd::Function<NormFunction> {
 public:
  // tensors: the input and, if there is one, the scale, with which there may be a shift.
  static at::Tensor forward(AutogradContext* context, const Norm& norm, at::TensorList tensors) {
    const at::Tensor x = tensors[0].to(at::kFloat);
    const at::Tensor weight = tensors.size() > 1 ? tensors[1] : at::Tensor();
    const at::Tensor bias = tensors.size() > 2 ? tensors[2] : at::Tensor();
    const auto kept = c10::make_intrusive<Kept>();
    kept->batch = norm.batch;
    kept->has_bias = bias.defined();
    const double own_count = static_cast<double>(x.numel()) / static_cast<double>(x.size(1));
    kept->count = norm.batch.Count(own_count);
    auto [own_variance, own_mean] = at::var_mean(x, OtherDimensions(x), /*unbiased=*/false);
    at::Tensor sum = own_mean.to(at::kDouble) * own_count;
    at::Tensor squares =
        (own_variance.to(at::kDouble) + own_mean.to(at::kDouble).square()) * own_count;
    SumBoth(norm.batch.processes, &sum, &squares);
    const at::Tensor mean = sum / kept->count;
    const at::Tensor variance = (squares / kept->count - mean.square()).clamp_min(0);
    if (norm.running_mean.defined()) {
      // As LibTorch does: the variance that is kept is the unbiased one.
      const double unbiased = kept->count / (kept->count - 1);
      const auto learn = [&](const at::Tensor& running, const at::Tensor& value) {
        running.mul_(1 - norm.momentum).add_(value.to(running.options()), norm.momentum);
      };
      learn(norm.running_mean, mean);
      learn(norm.running_var, variance * unbiased);
    }
    const at::Tensor of_x = mean.to(x.options());
    const at::Tensor variance_of_x = variance.to(x.options());
    context->save_for_backward({x, weight, of_x, (variance_of_x + norm.epsilon).rsqrt()});
    context->saved_data["kept"] = c10::IValue::make_capsule(kept);
    return at::batch_norm(x, weight, bias, of_x, variance_of_x, /*training=*/false,
                          /*momentum=*/0, norm.epsilon, /*cudnn_enabled=*/true)
        .to(tensors[0].scalar_type());
  }

  static variable_list backward(AutogradContext* context, const variable_list& output_gradients) {
    const auto kept =
        c10::static_intrusive_pointer_cast<Kept>(context->saved_data["kept"].toCapsule());
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &inverse = saved[3];
    const at::Tensor dy = output_gradients[0].to(at::kFloat);
    const at::Tensor distance = (x - AlongChannels(saved[2], x)) * AlongChannels(inverse, x);
    const at::Tensor own_sum = dy.sum(OtherDimensions(x));
    const at::Tensor own_products = (dy * distance).sum(OtherDimensions(x));
    at::Tensor sum = own_sum, products = own_products;
    SumBoth(kept->batch.processes, &sum, &products);
    const auto mean_of = [&](const at::Tensor& total) {
      return AlongChannels((total / kept->count).to(x.options()), x);
    };
    const at::Tensor scale = weight.defined() ? weight * inverse : inverse;
    const at::Tensor dx =
        (dy - mean_of(sum) - distance * mean_of(products)) * AlongChannels(scale, x);
    variable_list gradients = {at::Tensor(), dx.to(output_gradients[0].scalar_type())};
    if (weight.defined()) gradients.push_back(own_products);
    if (kept->has_bias) gradients.push_back(own_sum);
    return gradients;
  }
};

// In the place of LibTorch's own.
at::Tensor BatchNorm(const at::Tensor& input, const c10::optional<at::Tensor>& weight,
                     const c10::optional<at::Tensor>& bias,
                     const c10::optional<at::Tensor>& running_mean,
                     const c10::optional<at::Tensor>& running_var, bool training, double momentum,
                     double epsilon, bool cudnn_enabled) {
  const auto given = [](const c10::optional<at::Tensor>& tensor) {
    return tensor.has_value() ? *tensor : at::Tensor();
  };
  if (training && !batch_of_thread.IsOwn()) {
    const Norm norm{given(running_mean), given(running_var), momentum, epsilon, batch_of_thread};
    std::vector<at::Tensor> tensors = {input};
    for (const at::Tensor& each : {given(weight), given(bias)}) {
      if (each.defined()) tensors.push_back(each);
    }
    return NormFunction::apply(norm, at::TensorList(tensors));
  }
  static const auto operation = c10::Dispatcher::singleton()
                                    .findSchemaOrThrow("aten::batch_norm", "")
                                    .typed<decltype(BatchNorm)>();
  return operation.redispatch(
      c10::DispatchKeySet(input.key_set()) & c10::after_ADInplaceOrView_keyset, input, weight, bias,
      running_mean, running_var, training, momentum, epsilon, cudnn_enabled);
}

// For as long as the process lives, but not in one that computes alone.
void TakeLibTorchsPlace() {
  static const auto* const libraries = [] {
    auto* made = new std::vector<std::unique_ptr<torch::Library>>;
    for (const c10::DispatchKey key :
         {c10::DispatchKey::AutogradCPU, c10::DispatchKey::AutogradCUDA}) {
      made->push_back(std::make_unique<torch::Library>(
          torch::Library::IMPL, "aten", c10::make_optional(key), __FILE__, __LINE__));
      made->back()->impl("batch_norm", TORCH_FN(BatchNorm));
    }
    return made;
  }();
  static_cast<void>(libraries);
}

}  // namespace

SynchronizedNorms::SynchronizedNorms(ProcessGroup* processes, int64_t own_images,
                                     int64_t all_images)
    : before_(batch_of_thread) {
  if (processes == nullptr || processes->size() == 1) return;
  TakeLibTorchsPlace();
  batch_of_thread = {processes, own_images, all_images};
}

SynchronizedNorms::~SynchronizedNorms() { batch_of_thread = before_; }

const NormBatch& SynchronizedNorms::Batch() { return batch_of_thread; }

}  // namespace nap
