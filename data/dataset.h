// Labelled images.
#ifndef DATA_DATASET_H_
#define DATA_DATASET_H_

#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/picture_size.h"
#include "nap/base/random.h"
#include "nap/base/registry.h"

namespace nap {

struct ImageShape {
  int channels;
  int height;
  int width;

  int64_t Size() const { return int64_t{channels} * height * width; }
};

// All images have one shape. Opened again with the same options it is the same. Reading is safe
// from several threads.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual int64_t size() const = 0;
  virtual ImageShape shape() const = 0;
  virtual const std::vector<std::string>& class_names() const = 0;  // two or more, all different

  // Of all pixels of each channel, in units of the full range: 0 to 1.
  virtual const std::vector<float>& mean() const = 0;
  virtual const std::vector<float>& stddev() const = 0;

  // The share of a picture's shorter side that the view that tests shows, which is the square in
  // the middle; 1: all of it.
  virtual double TestCrop() const { return 1; }

  // In 0 .. class_names().size()-1.
  virtual int Label(int64_t index) const = 0;

  // By which people find it, no other's: a path below the folder, or its number from 0.
  virtual std::string ImageName(int64_t index) const { return absl::StrCat("image ", index); }

  // Writes shape().Size() bytes, [height, width, channels]. Without `random` that is the view that
  // tests, always the same; with it one that trains, which may be a random part of the image, of
  // nothing else's choosing.
  // DataLoss: this image is broken and may be left out; any other error ends the work.
  virtual absl::Status Read(int64_t index, RandomStream* random, uint8_t* pixels) const = 0;

  // Tells these images from others, in whichever place they are: made of labels and classes, and of
  // pixels or names where they are at hand.
  virtual uint32_t Checksum() const;

  int num_classes() const { return static_cast<int>(class_names().size()); }
};

struct DatasetOptions {
  std::string data_dir;
  uint64_t seed = 0;             // for what is drawn by a procedure
  uint64_t split_seed = 0;       // for which images are held out where there is no test part
  int64_t train_size = 0;        // images of the training set to use; 0: all
  PictureSize image_size{0, 0};  // that is read, or refused (CheckImageSize); 0: the dataset's own

  // What is made of the dataset's images: see dataset_view.h. 0, empty: they are left as they are.
  int image_channels = 0;
  std::vector<float> mean, stddev;

  std::string held_out_file;  // names the test images of what has no test part: hold_out.h

  // For folders of images: see image_folder.cc.
  std::string label_file;           // the labels of the test images; empty: where it usually lies
  bool strict = false;              // a broken image is an error
  bool random_resized_crop = true;  // what trains is a random part, not the view that tests
  double smallest_crop = 0.08;      // least share of the area that such a part has
};

// With the same classes and images of one shape.
struct DatasetPair {
  std::unique_ptr<Dataset> train;
  std::unique_ptr<Dataset> test;
};

struct DatasetDefinition {
  static constexpr char kKind[] = "dataset";

  std::string description;
  bool needs_data_dir;

  // Errors name the data_dir or the file and what is wrong with it.
  std::function<absl::StatusOr<DatasetPair>(const DatasetOptions& options,
                                            const ParameterValues& values)>
      make;

  std::vector<Parameter> parameters = {};
  bool reads_label_file = false;  // DatasetOptions::label_file
};

// For a dataset whose images have one size.
inline absl::Status CheckImageSize(const DatasetOptions& options, const ImageShape& shape) {
  const PictureSize own{shape.height, shape.width};
  if (options.image_size == PictureSize{0, 0} || options.image_size == own) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--image_size=", ImageSizeText(options.image_size),
                                                 ": this dataset's images have ", shape.height,
                                                 " x ", shape.width, " pixels"));
}

using DatasetRegistry = Registry<DatasetDefinition>;

}  // namespace nap

#endif  // DATA_DATASET_H_
