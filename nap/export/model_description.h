// What has to be known of a trained network beside its parameters: to build it again, and to
// classify a picture with it.
#ifndef NAP_EXPORT_MODEL_DESCRIPTION_H_
#define NAP_EXPORT_MODEL_DESCRIPTION_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nap/model/derived_network.h"
#include "ops/cost.h"

namespace nap {

struct ModelDescription {
  DerivedNetworkSpec spec;
  std::vector<std::string> class_names;  // one a class, in the order of the logits
  // The network reads (pixel / 255 - mean) / stddev, one of each a channel.
  std::vector<float> mean;
  std::vector<float> stddev;
  ImageSize image_size{32, 32};  // of the images it was trained on, pixels
  // Dataset::TestCrop of its test images. Nothing in what versions up to 0.3 have written.
  std::optional<double> test_crop = {};
};

// {"genotype": as in genotype.json, "network": {"channels": 36, "cells": 20, "image_channels": 3,
// "classes": 10, "stem": "cifar" or "imagenet"}, "auxiliary_head": false, "class_names": [...],
// "mean": [...], "stddev": [...], "image_size": 32 or [height, width], "test_crop": 1}, on one
// line. Numbers keep their exact value, class names their bytes (JsonText).
std::string ModelDescriptionToJson(const ModelDescription& description);

// Of square images their side, of others a list of height and width.
std::string ImageSizeToJson(const ImageSize& size);

// InvalidArgument that says what is wrong where. Whether such a network can be is
// DerivedNetwork::Create's question.
absl::StatusOr<ModelDescription> ModelDescriptionFromJson(absl::string_view text);

// What the described network costs for an image of its size (network_cost.h), without auxiliary
// head. Errors are LayOut's.
absl::StatusOr<Cost> NetworkCost(const ModelDescription& description);

}  // namespace nap

#endif  // NAP_EXPORT_MODEL_DESCRIPTION_H_
