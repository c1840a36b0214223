// numpy: images and labels as NumPy's arrays, in a folder of .npy files or in an .npz file.
//
// Arrays, by name, whatever the case of letters:
//   train_images or x_train, images, x, data     train_labels or y_train, labels, y, targets
//   val_images or x_val, valid_..., validation_...   val_labels or y_val, valid_..., validation_...
//   test_images or x_test                            test_labels or y_test
// or as the parameters say. Of val and test together val is taken, as of folders
// (image_folder_listing.h). Without either, a tenth is held out (hold_out.h).
//
// Images are [N, height, width], [N, height, width, channels] or [N, channels, height, width]; the
// shorter of axis 1 and axis 3 are the channels. Bytes are taken as they are, other numbers as
// bytes if they are all of 0 to 255; of 0 to 1, they are 255ths; else the range of the training
// images is divided into 256 steps, with a line that says so.
//
// Labels are [N] or [N, 1] whole numbers or texts. Classes are those of the training images, in the
// order of numbers or bytes.
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "data/class_names.h"
#include "data/hold_out.h"
#include "data/memory_dataset.h"
#include "data/npy.h"
#include "data/pixel_statistics.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/base/zip_archive.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostPixels = 4096;  // of a side
constexpr int64_t kMostChannels = 64;
constexpr int64_t kMostUnpackedBytes = int64_t{1} << 36;

struct ArrayNames {
  std::vector<std::string> images, labels;
};
struct PartNames {
  ArrayNames train = {{"train_images", "x_train", "images", "x", "data"},
                      {"train_labels", "y_train", "labels", "y", "targets"}};
  ArrayNames validation = {
      {"val_images", "x_val", "valid_images", "x_valid", "validation_images", "x_validation"},
      {"val_labels", "y_val", "valid_labels", "y_valid", "validation_labels", "y_validation"}};
  ArrayNames test = {{"test_images", "x_test"}, {"test_labels", "y_test"}};
  bool test_given = false;  // by the user
};

PartNames NamesFrom(const ParameterValues& values) {
  PartNames names;
  for (const auto& [parameter, arrays] :
       {std::pair("images", &names.train.images), std::pair("labels", &names.train.labels),
        std::pair("test_images", &names.test.images),
        std::pair("test_labels", &names.test.labels)}) {
    if (values.Text(parameter).empty()) continue;
    *arrays = {absl::AsciiStrToLower(values.Text(parameter))};
  }
  names.test_given = !values.Text("test_images").empty() || !values.Text("test_labels").empty();
  // What is named is tested on, whatever else there is.
  if (names.test_given) names.validation = {};
  return names;
}

// An array with the words that messages call it by.
struct Named {
  std::string where;
  NpyArray array;
};

absl::Status Fail(const Named& named, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(named.where, ": ", what));
}

// Where arrays lie, by names in small letters.
class Source {
 public:
  static absl::StatusOr<Source> Open(const std::string& path) {
    Source source;
    source.path_ = path;
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) {
      NAP_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
      auto parts = ReadZipArchive(bytes, kMostUnpackedBytes);
      if (!parts.ok()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "--data_dir=", path,
            " is neither a folder of .npy files nor an .npz file: ", parts.status().message()));
      }
      for (auto& [name, part] : *parts) NAP_RETURN_IF_ERROR(source.Add(name, std::move(part)));
      return source;
    }
    for (fs::directory_iterator entry(path, ignored), end; entry != end; entry.increment(ignored)) {
      if (entry->is_directory(ignored)) continue;
      NAP_RETURN_IF_ERROR(source.Add(entry->path().filename().string(), std::nullopt));
    }
    return source;
  }

  bool Has(const std::vector<std::string>& names) const { return !Find(names).empty(); }

  // Of the first of the names that there is. What has been read is not kept.
  absl::StatusOr<Named> Read(const std::vector<std::string>& names) {
    const std::string stem = Find(names);
    if (stem.empty()) {
      std::vector<std::string> known;
      for (const auto& [name, array] : arrays_) known.push_back(name);
      return absl::NotFoundError(absl::StrCat("--data_dir=", path_, " has no array ",
                                              absl::StrJoin(names, ", "), " (.npy); it has ",
                                              known.empty() ? "none" : absl::StrJoin(known, ", ")));
    }
    Array& found = arrays_.at(stem);
    Named named{absl::StrCat(path_, found.bytes.has_value() ? ", " : "/", found.name), {}};
    if (!found.bytes.has_value()) {
      NAP_ASSIGN_OR_RETURN(found.bytes, ReadFile(named.where));
    }
    auto array = ParseNpy(*std::exchange(found.bytes, std::nullopt));
    if (!array.ok()) return Fail(named, array.status().message());
    named.array = *std::move(array);
    return named;
  }

 private:
  struct Array {
    std::string name;
    std::optional<std::string> bytes;  // of an archive
  };

  absl::Status Add(const std::string& name, std::optional<std::string> bytes) {
    if (!absl::EndsWithIgnoreCase(name, ".npy")) return absl::OkStatus();
    const std::string stem = absl::AsciiStrToLower(name.substr(0, name.size() - 4));
    if (arrays_.emplace(stem, Array{name, std::move(bytes)}).second) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("--data_dir=", path_, " has two arrays called ", stem));
  }

  std::string Find(const std::vector<std::string>& names) const {
    for (const std::string& name : names) {
      if (arrays_.count(name) > 0) return name;
    }
    return "";
  }

  std::string path_;
  std::map<std::string, Array> arrays_;
};

// How an array is to be read as images.
struct Layout {
  int64_t images;
  ImageShape shape;
  int64_t image_stride, row_stride, column_stride, channel_stride;  // in items
};

absl::StatusOr<Layout> LayoutOf(const Named& named) {
  const std::vector<int64_t>& shape = named.array.shape;
  const std::vector<int64_t>& strides = named.array.strides;
  const std::string what = Describe(named.array);
  if (named.array.IsText() || (shape.size() != 3 && shape.size() != 4)) {
    return Fail(named,
                absl::StrCat("it is ", what, "; images are numbers, [N, height, width], ",
                             "[N, height, width, channels] or [N, channels, height, width]"));
  }
  if (shape.size() == 4 && shape[1] == shape[3]) {
    return Fail(named,
                absl::StrCat("it is ", what, ": which of axis 1 and axis 3 are the channels ",
                             "cannot be told, since they are of one length"));
  }
  const bool has_channels = shape.size() == 4;
  const bool first = has_channels && shape[1] < shape[3];
  const size_t row = first ? 2 : 1;
  const int64_t channels = !has_channels ? 1 : first ? shape[1] : shape[3];
  const int64_t height = shape[row], width = shape[row + 1];
  if (height < 1 || width < 1 || height > kMostPixels || width > kMostPixels || channels < 1 ||
      channels > kMostChannels) {
    return Fail(named,
                absl::StrCat("it is ", what, ": images of 1 to ", kMostPixels,
                             " pixels a side and 1 to ", kMostChannels, " channels are read"));
  }
  const int64_t channel_stride = !has_channels ? 0 : first ? strides[1] : strides[3];
  return Layout{shape[0],
                {static_cast<int>(channels), static_cast<int>(height), static_cast<int>(width)},
                strides[0],
                strides[row],
                strides[row + 1],
                channel_stride};
}

// From an array's numbers to bytes.
struct Scale {
  double low = 0, steps = 1;  // a byte is (number - low) * steps, rounded

  uint8_t Byte(double number) const {
    return static_cast<uint8_t>(std::lround(std::clamp((number - low) * steps, 0.0, 255.0)));
  }
};

absl::StatusOr<Scale> ScaleOf(const Named& named) {
  if (named.array.kind == NpyArray::Kind::kUnsigned && named.array.item_size == 1) return Scale{};
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (int64_t i = 0; i < named.array.NumItems(); ++i) {
    const double number = named.array.Number(i);
    if (!std::isfinite(number)) {
      return Fail(named, absl::StrCat("item ", i, " is ", number, ", which is no pixel"));
    }
    low = std::min(low, number);
    high = std::max(high, number);
  }
  const bool is_fraction =
      named.array.kind == NpyArray::Kind::kFloat || named.array.kind == NpyArray::Kind::kBool;
  if (low >= 0 && high <= 1 && is_fraction) return Scale{0, 255};
  if (low >= 0 && high <= 255) return Scale{0, 1};
  LOG(WARNING) << named.where << " has numbers from " << low << " to " << high
               << ": that range is divided into 256 steps";
  return Scale{low, 255 / (high - low)};
}

std::vector<uint8_t> Pixels(const NpyArray& array, const Layout& layout, const Scale& scale) {
  std::vector<uint8_t> pixels;
  pixels.reserve(static_cast<size_t>(layout.images * layout.shape.Size()));
  for (int64_t image = 0; image < layout.images; ++image) {
    for (int64_t row = 0; row < layout.shape.height; ++row) {
      for (int64_t column = 0; column < layout.shape.width; ++column) {
        const int64_t place =
            image * layout.image_stride + row * layout.row_stride + column * layout.column_stride;
        for (int64_t channel = 0; channel < layout.shape.channels; ++channel) {
          pixels.push_back(scale.Byte(array.Number(place + channel * layout.channel_stride)));
        }
      }
    }
  }
  return pixels;
}

// A part of the images.
struct LabelledImages {
  ImageShape shape;
  std::vector<uint8_t> pixels;
  std::vector<std::string> classes;  // an image
  bool numbered;                     // the classes are numbers
};

absl::Status ReadLabels(const Named& labels, int64_t images, LabelledImages* part) {
  const std::vector<int64_t>& shape = labels.array.shape;
  const bool is_list = shape.size() == 1 || (shape.size() == 2 && shape[1] == 1);
  if (!is_list) {
    return Fail(labels,
                absl::StrCat("it is ", Describe(labels.array), "; labels are [", images, "]",
                             shape.size() == 2 ? " (of a row a class its argmax)" : ""));
  }
  if (shape[0] != images) {
    return Fail(labels, absl::StrCat("there are ", shape[0], " labels of ", images, " images"));
  }
  part->numbered = !labels.array.IsText();
  for (int64_t i = 0; i < images; ++i) {
    if (!part->numbered) {
      part->classes.push_back(labels.array.Text(i));
      continue;
    }
    const double number = labels.array.Number(i);
    if (!(std::abs(number) < 1e9) || number != std::floor(number)) {
      return Fail(labels, absl::StrCat("label ", i, " is ", number, ", not a whole number"));
    }
    part->classes.push_back(absl::StrCat(static_cast<int64_t>(number)));
  }
  return absl::OkStatus();
}

// `scale`: of the training images, which is set by the first part.
absl::StatusOr<LabelledImages> ReadPart(const ArrayNames& names, Source* source,
                                        std::optional<Scale>* scale) {
  LabelledImages part{};
  int64_t images = 0;
  {
    NAP_ASSIGN_OR_RETURN(const Named array, source->Read(names.images));
    NAP_ASSIGN_OR_RETURN(const Layout layout, LayoutOf(array));
    if (!scale->has_value()) {
      NAP_ASSIGN_OR_RETURN(*scale, ScaleOf(array));
    }
    images = layout.images;
    part.shape = layout.shape;
    part.pixels = Pixels(array.array, layout, **scale);
  }
  NAP_ASSIGN_OR_RETURN(const Named labels, source->Read(names.labels));
  NAP_RETURN_IF_ERROR(ReadLabels(labels, images, &part));
  return part;
}

absl::StatusOr<std::vector<int>> LabelsOf(const LabelledImages& part,
                                          const std::vector<std::string>& names,
                                          const std::string& path) {
  const std::map<std::string, int> by_name = LabelsByName(names);
  std::vector<int> labels;
  for (const std::string& name : part.classes) {
    const auto known = by_name.find(name);
    if (known == by_name.end()) {
      return absl::InvalidArgumentError(absl::StrCat("--data_dir=", path, ": test image ",
                                                     labels.size(), " has the label ", name,
                                                     ", which no training image has"));
    }
    labels.push_back(known->second);
  }
  return labels;
}

// The images `which` of the part.
std::unique_ptr<Dataset> Make(const LabelledImages& part, const std::vector<int>& labels,
                              const std::vector<int64_t>& which,
                              MemoryDataset::Description description) {
  std::vector<uint8_t> pixels;
  std::vector<int> chosen;
  const int64_t size = part.shape.Size();
  pixels.reserve(which.size() * static_cast<size_t>(size));
  for (const int64_t i : which) {
    pixels.insert(pixels.end(), part.pixels.begin() + i * size,
                  part.pixels.begin() + (i + 1) * size);
    chosen.push_back(labels[static_cast<size_t>(i)]);
  }
  description.numbers = which;
  return std::make_unique<MemoryDataset>(std::move(description), std::move(pixels),
                                         std::move(chosen));
}

absl::StatusOr<DatasetPair> Open(const DatasetOptions& options, const ParameterValues& values) {
  const PartNames names = NamesFrom(values);
  NAP_ASSIGN_OR_RETURN(Source source, Source::Open(options.data_dir));
  std::optional<Scale> scale;
  NAP_ASSIGN_OR_RETURN(const LabelledImages train, ReadPart(names.train, &source, &scale));
  NAP_RETURN_IF_ERROR(CheckImageSize(options, train.shape));
  MemoryDataset::Description description{
      train.shape, ClassNames(train.classes, train.numbered), {}, {}, {}};
  if (description.class_names.size() < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("--data_dir=", options.data_dir, ": the training images have ",
                     description.class_names.size(), " classes; there must be two or more"));
  }
  NAP_ASSIGN_OR_RETURN(const std::vector<int> labels,
                       LabelsOf(train, description.class_names, options.data_dir));
  std::vector<int64_t> trained_on(labels.size());
  std::iota(trained_on.begin(), trained_on.end(), 0);

  const bool has_validation = source.Has(names.validation.images);
  const bool has_test = names.test_given || source.Has(names.test.images);
  LabelledImages test{};
  std::vector<int> test_labels;
  std::vector<int64_t> tested_on;
  if (has_validation || has_test) {
    NAP_RETURN_IF_ERROR(CheckNothingHeldOut(options));
    if (has_validation && has_test) {
      LOG(WARNING) << "--data_dir=" << options.data_dir << ": " << names.train.images[0]
                   << " are trained on and " << names.validation.images[0]
                   << " tested on; not read: " << names.test.images[0];
    }
    NAP_ASSIGN_OR_RETURN(test,
                         ReadPart(has_validation ? names.validation : names.test, &source, &scale));
    if (test.shape.channels != train.shape.channels || test.shape.height != train.shape.height ||
        test.shape.width != train.shape.width) {
      return absl::InvalidArgumentError(
          absl::StrCat("--data_dir=", options.data_dir, ": test images are ", test.shape.height,
                       " x ", test.shape.width, " x ", test.shape.channels, ", those that train ",
                       train.shape.height, " x ", train.shape.width, " x ", train.shape.channels));
    }
    NAP_ASSIGN_OR_RETURN(test_labels, LabelsOf(test, description.class_names, options.data_dir));
    tested_on.resize(test_labels.size());
    std::iota(tested_on.begin(), tested_on.end(), 0);
  } else {
    NAP_ASSIGN_OR_RETURN(const std::vector<bool> held_out,
                         ChooseHeldOut(options, labels, MemoryDataset::NumberName));
    trained_on.clear();
    for (size_t i = 0; i < held_out.size(); ++i) {
      (held_out[i] ? tested_on : trained_on).push_back(static_cast<int64_t>(i));
    }
  }
  PixelStatistics statistics(train.shape.channels);
  const int64_t size = train.shape.Size();
  for (const int64_t i : trained_on) {
    statistics.Add(&train.pixels[static_cast<size_t>(i * size)], size / train.shape.channels);
  }
  description.mean = statistics.mean();
  description.stddev = statistics.stddev();
  if (options.train_size > 0 && options.train_size < static_cast<int64_t>(trained_on.size())) {
    trained_on.resize(static_cast<size_t>(options.train_size));
  }
  const bool has_part = has_validation || has_test;
  return DatasetPair{
      Make(train, labels, trained_on, description),
      Make(has_part ? test : train, has_part ? test_labels : labels, tested_on, description)};
}

const bool registered = DatasetRegistry::Global().Register(
    "numpy",
    {"NumPy's arrays: a folder of .npy files, or an .npz file",
     /*needs_data_dir=*/true,
     Open,
     {Parameter::Text("images", "", "array of those that train; empty: one of the usual"),
      Parameter::Text("labels", "", "array of their labels; empty: one of the usual"),
      Parameter::Text("test_images", "", "array of those that test; empty: one of the usual"),
      Parameter::Text("test_labels", "", "array of their labels; empty: one of the usual")}});

}  // namespace
}  // namespace nap
