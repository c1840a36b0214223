// A dataset with other channels, or other numbers to normalise by.
#ifndef DATA_DATASET_VIEW_H_
#define DATA_DATASET_VIEW_H_

#include <absl/status/statusor.h>

#include <memory>

#include "data/dataset.h"

namespace nap {

// The images as options.image_channels, options.mean and options.stddev want them; themselves if
// these are 0 and empty.
//
// Grey is made of colours as 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), as in Pillow's
// mode L. Mean and spread of grey are made in the same way: that is the exact mean, and the spread
// that it would have if the colours rose and fell together. Colours are made of grey by saying it
// three times.
//
// InvalidArgument that names the flag if the images have other numbers of channels, or if there are
// not as many means as channels.
absl::StatusOr<std::unique_ptr<Dataset>> ViewDataset(std::unique_ptr<Dataset> images,
                                                     const DatasetOptions& options);

}  // namespace nap

#endif  // DATA_DATASET_VIEW_H_
