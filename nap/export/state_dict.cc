#include "nap/export/state_dict.h"

#include <absl/strings/str_cat.h>
#include <glog/logging.h>

#include <cstdint>
#include <limits>

#include "nap/base/zip_archive.h"

namespace nap {
namespace {

// Pickle's protocol 2 (https://docs.python.org/3/library/pickletools.html), as much as a dict of
// tensors needs. LibTorch's own pickler adds types that torch.load refuses with weights_only.
class Pickle {
 public:
  void Add(absl::string_view opcodes) { absl::StrAppend(&bytes_, opcodes); }
  void Global(absl::string_view module, absl::string_view name) {
    absl::StrAppend(&bytes_, "c", module, "\n", name, "\n");
  }
  void Text(absl::string_view text) {
    Add("X");
    Word(static_cast<uint32_t>(text.size()));
    Add(text);
  }
  void Number(int64_t number) {
    CHECK(number >= 0 && number <= std::numeric_limits<int32_t>::max()) << number;
    Add("J");
    Word(static_cast<uint32_t>(number));
  }
  void Tuple(at::IntArrayRef numbers) {
    Add("(");
    for (const int64_t number : numbers) Number(number);
    Add("t");
  }

  const std::string& bytes() const { return bytes_; }

 private:
  void Word(uint32_t word) {  // the lowest byte first
    for (int shift = 0; shift < 32; shift += 8) bytes_.push_back(static_cast<char>(word >> shift));
  }

  std::string bytes_;
};

const char* StorageOf(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return "FloatStorage";
    case at::kDouble:
      return "DoubleStorage";
    case at::kLong:
      return "LongStorage";
    default:
      LOG(FATAL) << "no type of state dicts: " << tensor.scalar_type();
  }
}

}  // namespace

std::string EncodeStateDict(const std::map<std::string, at::Tensor>& tensors) {
  std::map<std::string, std::string> parts;
  Pickle pickle;
  pickle.Add("\x80\x02}(");
  int number = 0;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor contiguous = tensor.detach().to(at::kCPU).contiguous();
    const std::string key = absl::StrCat(number++);
    parts.emplace(
        "archive/data/" + key,
        std::string(static_cast<const char*>(contiguous.data_ptr()), contiguous.nbytes()));
    pickle.Text(name);
    // _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks)
    pickle.Global("torch._utils", "_rebuild_tensor_v2");
    pickle.Add("((");
    pickle.Text("storage");
    pickle.Global("torch", StorageOf(contiguous));
    pickle.Text(key);
    pickle.Text("cpu");
    pickle.Number(contiguous.numel());
    pickle.Add("tQ");
    pickle.Number(0);
    pickle.Tuple(contiguous.sizes());
    pickle.Tuple(contiguous.strides());
    pickle.Add("\x89");
    pickle.Global("collections", "OrderedDict");
    pickle.Add(")RtR");
  }
  pickle.Add("u.");
  parts.emplace("archive/data.pkl", pickle.bytes());
  parts.emplace("archive/byteorder", "little");
  parts.emplace("archive/version", "3\n");
  return MakeZipArchive(parts);
}

}  // namespace nap
