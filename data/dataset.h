// Labelled images. See README.md for how to bring one's own.
#ifndef DATA_DATASET_H_
#define DATA_DATASET_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nap/base/registry.h"

namespace nap {

struct ImageShape {
  int channels;
  int height;
  int width;

  int64_t Size() const { return int64_t{channels} * height * width; }
};

// All images have one shape. Reading is safe from several threads.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual int64_t size() const = 0;
  virtual ImageShape shape() const = 0;
  virtual const std::vector<std::string>& class_names() const = 0;

  // Of all pixels of each channel, in units of the full range: 0 to 1.
  virtual const std::vector<float>& mean() const = 0;
  virtual const std::vector<float>& stddev() const = 0;

  // In 0 .. class_names().size()-1.
  virtual int Label(int64_t index) const = 0;

  // Writes shape().Size() bytes: channel after channel, row after row.
  virtual void Read(int64_t index, uint8_t* pixels) const = 0;

  int num_classes() const { return static_cast<int>(class_names().size()); }
};

struct DatasetOptions {
  std::string data_dir;
  uint64_t seed = 0;       // for what is drawn by a procedure
  int64_t train_size = 0;  // images of the training set to use, the first ones; 0: all
};

struct DatasetPair {
  std::unique_ptr<Dataset> train;
  std::unique_ptr<Dataset> test;
};

struct DatasetDefinition {
  static constexpr char kKind[] = "dataset";

  std::string description;
  bool needs_data_dir;

  // Errors name the file and what is wrong with it.
  std::function<absl::StatusOr<DatasetPair>(const DatasetOptions& options)> open;
};

using DatasetRegistry = Registry<DatasetDefinition>;

}  // namespace nap

#endif  // DATA_DATASET_H_
