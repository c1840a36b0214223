// Writes models of one operator or a few, and a network with an operation of a plugin, each into a
// folder of its own: model.onnx and reference.pt, {"images", "logits"}. onnx_examples_for_tests
// FOLDER
#include <ATen/ops/conv2d.h>
#include <ATen/ops/full.h>
#include <ATen/ops/prelu.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <c10/core/GradMode.h>
#include <glog/logging.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include <set>

#include "nap/architecture/genotypes_for_tests.h"
#include "nap/base/files.h"
#include "nap/export/onnx_file.h"
#include "nap/export/onnx_graph.h"
#include "nap/export/onnx_operators.h"
#include "nap/export/quantized_script.h"
#include "nap/export/torchscript.h"
#include "nap/search_space/genotype_lookup.h"
#include "ops/operation.h"

namespace nap {
namespace {

// The body of forward(x), x [N, 4, 7, 6], with the parameters below. Every operator that is known
// is in one.
const char* const kBodies[] = {
    "return torch.conv2d(x, self.filters, self.bias, [2, 1], [1, 2], [1, 2], 2)",
    "return torch.conv2d(x, self.filters[:, :, :2], None, 1, \"same\", [1, 2], 2)",
    "return torch.convolution(x, self.filters, None, [1], [0], [1], False, [0], 2)",
    "return torch._convolution(x, self.filters, None, [1], [0], [1], False, [0], 2, False, False, "
    "False, False)",
    "return torch.batch_norm(x, self.scale, self.shift, self.shift, self.scale, False, 0.1, 1e-2, "
    "True)",
    "return torch.batch_norm(x, None, None, self.shift, self.scale, False, 0.1, 1e-5, True)",
    "return torch.max_pool2d(x, 3, 2, 1)",
    "return torch.max_pool2d(x, [3, 2], 2, [1, 0], [2, 1], True)",
    "return torch.max_pool2d(x, 2, 3, 1, 1, True)",
    "return torch.max_pool2d(x, 2)",
    "return torch.avg_pool2d(x, 3, 2, 1, False, False)",
    "return torch.avg_pool2d(x, 3, 2, 1, False, True)",
    "return torch.avg_pool2d(x, 2, 2, 0, True, True)",
    "return torch.avg_pool2d(x, 3, 3, 1, True, True)",
    "return torch.avg_pool2d(x, [4, 3], [3, 2], [2, 1], True, False)",
    "return torch.avg_pool2d(x, [4, 3], [3, 2], [2, 1], True, True)",
    "return torch.avg_pool2d(x, 2, 3, 1, True, True)",
    "return torch.adaptive_avg_pool2d(x, 1)",
    "return torch.adaptive_avg_pool2d(x, [7, 3])",
    "return torch.linear(x.mean([2, 3]), self.matrix, self.bias)",
    "return torch.linear(x.permute(0, 2, 3, 1), self.matrix)",
    "return torch.linear(x.permute(0, 2, 3, 1), self.matrix, self.bias)",
    "return torch.addmm(self.bias, x.mean([2, 3]), self.matrix.t(), beta=2, alpha=3)",
    "return torch.mm(x.mean([2, 3]), self.matrix.t())",
    "return torch.matmul(x, x.transpose(-1, -2))",
    "return torch.bmm(x.mean(2), x.amax(2).transpose(1, 2))",
    "return x * x.mean()",
    "return x.mean([-1, 2], True) - x.sum(1, True) + x.sum()",
    "return x.amax([2, 3]) * x.amin([2, 3])",
    "return torch.softmax(x, -3) + torch.log_softmax(x, 1)",
    "return torch.rsub(x, 2, alpha=3) + torch.sub(x, x * x, alpha=0.5) / 3",
    "return torch.add(x, self.scale.view(4, 1, 1), alpha=-2) / (torch.exp(x) + 1)",
    "return torch.add_(torch.relu_(x * 3), x)",
    "return torch.clamp(x, -0.5, 0.25) + torch.clamp(x, None, 0.1)",
    "return torch.clamp_min(x, 0.1) * torch.clamp_max(x, 0.2)",
    "return torch.abs(x) - torch.neg(x) * torch.reciprocal(x * x + 1)",
    "return torch.log(x * x + 1) + torch.sqrt(torch.square(x)) + torch.rsqrt(x * x + 1)",
    "return torch.pow(torch.abs(x), 1.5) + torch.erf(x) + torch.tanh(x)",
    "return torch.maximum(x, x * x) + torch.minimum(x, torch.sigmoid(x))",
    "return torch.hardtanh(x) + torch.relu6(4 * x)",
    "return torch.leaky_relu(x, 0.2) + torch.elu(x, 0.7) + torch.selu(x)",
    "return torch.prelu(x, self.shift) + torch.prelu(x, self.shift[:1])",
    "return torch.silu(x) + torch.mish(x) + torch.softplus(x)",
    "return torch.hardsigmoid(2 * x) + torch.hardswish(2 * x)",
    "return torch.gelu(x)",
    "return torch.gelu(x, approximate=\"tanh\")",
    "return torch.dropout(x.contiguous().clone().detach(), 0.5, False).to(6) * 2",
    "return torch.feature_dropout(torch.alias(x), 0.5, False) * 2",
    "return torch.cat([x, torch.relu(x)], -2)",
    "return torch.cat([x.mean([2, 3]), self.matrix], 0)",
    "return torch.stack([x, x * 2], -1)",
    "return torch.flatten(x, 1) + 1",
    "return torch.flatten(x, 2, 3) + 1",
    "return torch.flatten(x, 0, 1) + 1",
    "return x.view([-1, 2, 2, 7, 6]) + x.reshape([-1, 2, 2, 42]).view([-1, 2, 2, 7, 6])",
    "return x.permute([0, 3, -3, 2]) + 1",
    "return x.mean([2, 3]).t() + 1",
    "return x.slice(2, 1, None, 2).slice(3, 0, -1)",
    "return torch.narrow(x, -1, 1, 3) + torch.narrow(x, 3, -3, 3)",
    "return x.select(1, -1) + x.select(1, 0)",
    "a, b = torch.chunk(x, 2, 1)\n  return a * b",
    "a, b, c = torch.split(x, 3, 2)\n  return torch.cat([c, a, b], 2)",
    "a, b = torch.split_with_sizes(x, [1, 3], 1)\n  return a * b",
    "a, b, c, d = torch.unbind(x, 1)\n  return a * b - c * d",
    "return torch.constant_pad_nd(x, [-1, 1, -1, 2], 0.5)",
    "return torch.pad(x, [1, 2], \"constant\", None) + torch.pad(x, [1, 2, 0, 0], \"reflect\")",
    "return torch.pad(x, [1, 0, 0, 2], \"replicate\") + torch.pad(x, [1, 0, 0, 2])",
    "return torch.reflection_pad2d(x, [1, 2, 0, 1]) + torch.replication_pad2d(x, [1, 2, 0, 1])",
    "return x.mean(2, True).squeeze(2).unsqueeze(-1) + x.squeeze(1).amax(2).unsqueeze(3)",
    "return x.slice(1, 0, 1).mul(0).expand([-1, 5, -1, -1]) + 1",
    "return x.repeat([1, 2, 1, 3])",
    "return torch.channel_shuffle(x, 2) + 1",
    "return torch.fake_quantize_per_tensor_affine(x, 0.0625, -7, -128, 127)",
    "return torch.fake_quantize_per_tensor_affine(x, 0.03125, 7, 0, 255)",
    "return torch.fake_quantize_per_channel_affine(x, 2 ** torch.ceil(self.shift), "
    "torch.ceil(self.shift).to(3), 1, -128, 127)",
    "return torch.conv2d(torch.fake_quantize_per_tensor_affine(x, 0.03125, 3, -128, 127), "
    "torch.fake_quantize_per_channel_affine(self.filters, 0.01 * torch.abs(self.bias), "
    "torch.zeros_like(self.bias, dtype=3), 0, -127, 127), torch.fake_quantize_per_channel_affine("
    "self.bias, 1e-4 * torch.abs(self.bias), torch.zeros_like(self.bias, dtype=3), 0, -2147483648, "
    "2147483647), 1, 1, 1, 2)",
};

void Write(const std::string& folder, const at::Tensor& images, const at::Tensor& logits) {
  c10::Dict<std::string, at::Tensor> reference;
  reference.insert("images", images);
  reference.insert("logits", logits);
  const std::vector<char> pickled = torch::jit::pickle_save(reference);
  const absl::string_view content(pickled.data(), pickled.size());
  CHECK(WriteFileAtomically(folder + "/reference.pt", content).ok());
}

// Adds the names of the operators that the body calls.
void WriteOperators(const std::string& folder, const std::string& body,
                    std::set<std::string>* called) {
  CHECK(MakeFolder(folder).ok());
  torch::jit::Module module("Example");
  module.register_attribute("training", c10::BoolType::get(), false);
  const auto add = [&](const char* name, const at::Tensor& parameter) {
    module.register_parameter(name, parameter, /*is_buffer=*/false);
  };
  add("filters", at::randn({6, 2, 3, 3}));
  add("bias", at::randn({6}));
  add("scale", 0.5 + at::rand({4}));
  add("shift", at::randn({4}));
  add("matrix", at::randn({6, 4}));
  module.define("def forward(self, x):\n  " + body + "\n");
  for (const torch::jit::Node* node : module.get_method("forward").graph()->nodes()) {
    called->insert(std::string(absl::StripSuffix(node->kind().toQualString(), "_")));
  }
  OnnxModel model;
  UnknownOperator unknown;
  const absl::Status status = AddForward(module, at::randn({2, 4, 7, 6}), &model, &unknown);
  CHECK(status.ok()) << body << ": " << status;
  const auto file = model.Serialize();
  CHECK(file.ok()) << body << ": " << file.status() << "\n" << model.NodesForTests();
  CHECK(WriteFileAtomically(folder + "/model.onnx", *file).ok());
  // Others, and another number.
  const at::Tensor images = at::randn({3, 4, 7, 6});
  Write(folder, images, module.forward({images}).toTensor());
}

// Squeeze and excitation (Hu et al. 2018), with slopes: what a plugin may do.
class Excitation final : public Operation {
 public:
  explicit Excitation(const OperationOptions& options)
      : stride_(options.stride),
        filters_(
            register_parameter("filters", at::randn({options.channels, options.channels, 1, 1}))),
        slopes_(register_parameter("slopes", at::full({options.channels}, 0.25))) {}

  torch::Tensor Forward(const torch::Tensor& x) override {
    const torch::Tensor y =
        at::prelu(x, slopes_).slice(2, 0, c10::nullopt, stride_).slice(3, 0, c10::nullopt, stride_);
    return y * at::conv2d(y.mean({2, 3}, /*keepdim=*/true), filters_).sigmoid();
  }
  Cost CostAt(ImageSize) const override { return {}; }

 private:
  const int64_t stride_;
  torch::Tensor filters_, slopes_;
};

const bool registered = OperationRegistry::Global().Register(
    "excitation", {"for this test", [](const OperationOptions& options) {
                     return std::make_shared<Excitation>(options);
                   }});

ModelDescription Describe(const Genotype& genotype) {
  ModelDescription description;
  description.spec = {genotype, {4, 4, 3, 2, StemKind::kCifar}, /*auxiliary_head=*/false};
  description.class_names = {"cat", "d\xC3\xB6g \"\xFF\""};
  description.mean = {0.1F, 0.2F, 0.3F};
  description.stddev = {0.4F, 0.5F, 0.6F};
  description.image_size = {19, 21};
  description.test_crop = 0.875;
  return description;
}

std::shared_ptr<DerivedNetwork> Network(const ModelDescription& description) {
  const auto network = *DerivedNetwork::Create(description.spec);
  for (int i = 0; i < 3; ++i) network->Forward(at::randn({8, 3, 19, 21}));
  return network;
}

Genotype WithPlugin() {
  Genotype genotype = DartsV2();
  for (CellGenotype& cell : genotype.cells) {
    for (auto& node : cell.nodes) node[0].operation = "excitation";
  }
  return genotype;
}

void WriteNetwork(const std::string& folder) {
  CHECK(MakeFolder(folder).ok());
  const ModelDescription description = Describe(WithPlugin());
  const auto network = Network(description);
  const absl::Status status = WriteOnnx(*network, description, folder + "/model.onnx");
  CHECK(status.ok()) << status;
  network->eval();
  const at::Tensor images = at::randn({3, 3, 19, 21});
  Write(folder, images, network->Forward(images).logits);
}

// Of integers of 8 bits.
void WriteInt8Network(const std::string& folder, const Genotype& genotype) {
  CHECK(MakeFolder(folder).ok());
  const ModelDescription description = Describe(genotype);
  const auto script = ParseTorchScript(ToTorchScript(*Network(description), description)->content);
  const at::Tensor images = at::randn({50, 3, 19, 21});
  auto quantized = QuantizeScript(*script, {images});
  CHECK(quantized.ok()) << quantized.status();
  const absl::Status status = WriteOnnx(*quantized, description, folder + "/model.onnx");
  CHECK(status.ok()) << status;
  Write(folder, images, quantized->forward({images}).toTensor());
}

void Run(const std::string& folder) {
  const c10::AutoGradMode no_grad(false);
  at::manual_seed(3);
  int number = 0;
  std::set<std::string> called;
  for (const char* body : kBodies) {
    const std::string example = absl::StrCat(folder, "/", number++);
    WriteOperators(example, body, &called);
    CHECK(WriteFileAtomically(example + "/body.txt", body).ok());
  }
  for (const OnnxOperatorTable* table : OnnxOperatorTables()) {
    for (const auto& entry : *table) CHECK(called.count(entry.first)) << entry.first;
  }
  WriteNetwork(folder + "/plugin");
  WriteInt8Network(folder + "/int8-plugin", WithPlugin());
  for (const char* name : {"DARTS_V2", "PDARTS", "NASNet", "AmoebaNet"}) {
    WriteInt8Network(absl::StrCat(folder, "/int8-", name), *FindGenotype(name));
  }
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  CHECK_EQ(argc, 2);
  nap::Run(argv[1]);
  return 0;
}
