// NumPy's arrays of any bytes.
#include <glog/logging.h>

#include <string>

#include "data/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto array = nap::ParseNpy(std::string(reinterpret_cast<const char*>(data), size));
  if (!array.ok()) return 0;
  CHECK_LE(array->items.size(), size);
  int64_t last = 0;
  for (size_t axis = 0; axis < array->shape.size(); ++axis) {
    last += (array->shape[axis] - 1) * array->strides[axis];
  }
  if (array->NumItems() == 0) return 0;
  CHECK_EQ(last, array->NumItems() - 1);
  if (array->IsText()) {
    array->Text(last);
  } else {
    array->Number(last);
  }
  return 0;
}
