#include "nap/export/model_description.h"

#include <absl/strings/str_cat.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "nap/architecture/genotype_json.h"
#include "nap/base/json.h"
#include "nap/base/status_macros.h"
#include "nap/model/network_cost.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kCifar[] = "cifar";
constexpr char kImageNet[] = "imagenet";

absl::Status Error(absl::string_view where, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("model description: ", where, " ", what));
}

// json[key], of which messages speak as `where`.
absl::StatusOr<Json> Member(const Json& json, const char* key, absl::string_view where) {
  if (!json.is_object()) return Error(where, "must be an object");
  if (!json.contains(key)) return Error(where, absl::StrCat("lacks the key '", key, "'"));
  return json[key];
}

absl::StatusOr<int64_t> ReadPositive(const Json& json, const char* key, absl::string_view where) {
  NAP_ASSIGN_OR_RETURN(const Json value, Member(json, key, where));
  if (!value.is_number_integer() || value < 1 || value > std::numeric_limits<int32_t>::max()) {
    return Error(key, "must be a positive whole number");
  }
  return value.get<int64_t>();
}

absl::StatusOr<ImageSize> ReadImageSize(const Json& json) {
  NAP_ASSIGN_OR_RETURN(const Json value, Member(json, "image_size", "the top level"));
  const auto is_side = [](const Json& side) {
    return side.is_number_integer() && side >= 1 && side <= std::numeric_limits<int32_t>::max();
  };
  if (is_side(value)) return ImageSize{value.get<int64_t>(), value.get<int64_t>()};
  if (value.is_array() && value.size() == 2 && is_side(value[0]) && is_side(value[1])) {
    return ImageSize{value[0].get<int64_t>(), value[1].get<int64_t>()};
  }
  return Error("image_size", "must be a positive whole number, or a list of height and width");
}

absl::StatusOr<NetworkOptions> ReadNetwork(const Json& json) {
  NAP_ASSIGN_OR_RETURN(const Json network, Member(json, "network", "the top level"));
  NetworkOptions options;
  NAP_ASSIGN_OR_RETURN(options.channels, ReadPositive(network, "channels", "network"));
  NAP_ASSIGN_OR_RETURN(options.cells, ReadPositive(network, "cells", "network"));
  NAP_ASSIGN_OR_RETURN(options.image_channels, ReadPositive(network, "image_channels", "network"));
  NAP_ASSIGN_OR_RETURN(options.classes, ReadPositive(network, "classes", "network"));
  NAP_ASSIGN_OR_RETURN(const Json stem, Member(network, "stem", "network"));
  if (stem != kCifar && stem != kImageNet) return Error("stem", "must be 'cifar' or 'imagenet'");
  options.stem = stem == kCifar ? StemKind::kCifar : StemKind::kImageNet;
  return options;
}

absl::StatusOr<std::vector<float>> ReadNumbers(const Json& json, const char* key, int64_t size) {
  NAP_ASSIGN_OR_RETURN(const Json list, Member(json, key, "the top level"));
  std::vector<float> numbers;
  for (const Json& value : list) {
    if (value.is_number()) numbers.push_back(value.get<float>());
  }
  if (!list.is_array() || numbers.size() != list.size() ||
      static_cast<int64_t>(numbers.size()) != size) {
    return Error(key, absl::StrCat("must be a list of ", size, " numbers, one a channel"));
  }
  return numbers;
}

absl::StatusOr<std::vector<std::string>> ReadClassNames(const Json& json, int64_t classes) {
  NAP_ASSIGN_OR_RETURN(const Json list, Member(json, "class_names", "the top level"));
  std::vector<std::string> names;
  for (const Json& value : list) {
    if (value.is_string()) names.push_back(value.get<std::string>());
  }
  if (!list.is_array() || names.size() != list.size() ||
      static_cast<int64_t>(names.size()) != classes) {
    return Error("class_names", absl::StrCat("must be a list of ", classes, " texts, one a class"));
  }
  return names;
}

}  // namespace

std::string ImageSizeToJson(const ImageSize& size) {
  return size.height == size.width ? absl::StrCat(size.height)
                                   : absl::StrCat("[", size.height, ",", size.width, "]");
}

std::string ModelDescriptionToJson(const ModelDescription& description) {
  const NetworkOptions& network = description.spec.network;
  Json json = {
      {"genotype", Json::parse(GenotypeToJson(description.spec.genotype))},
      {"network",
       {{"channels", network.channels},
        {"cells", network.cells},
        {"image_channels", network.image_channels},
        {"classes", network.classes},
        {"stem", network.stem == StemKind::kCifar ? kCifar : kImageNet}}},
      {"auxiliary_head", description.spec.auxiliary_head},
      {"class_names", description.class_names},
      {"mean", description.mean},
      {"stddev", description.stddev},
      {"image_size", Json::parse(ImageSizeToJson(description.image_size))},
  };
  if (description.test_crop.has_value()) json["test_crop"] = *description.test_crop;
  return JsonText(json);
}

absl::StatusOr<ModelDescription> ModelDescriptionFromJson(absl::string_view text) {
  const Json json = ParseJsonText(text);
  if (json.is_discarded()) return Error("the text", "is not valid JSON");
  ModelDescription description;
  NAP_ASSIGN_OR_RETURN(const Json genotype, Member(json, "genotype", "the top level"));
  NAP_ASSIGN_OR_RETURN(description.spec.genotype, GenotypeFromJson(genotype.dump()));
  NAP_ASSIGN_OR_RETURN(description.spec.network, ReadNetwork(json));
  NAP_ASSIGN_OR_RETURN(const Json auxiliary, Member(json, "auxiliary_head", "the top level"));
  if (!auxiliary.is_boolean()) return Error("auxiliary_head", "must be true or false");
  description.spec.auxiliary_head = auxiliary.get<bool>();
  NAP_ASSIGN_OR_RETURN(description.class_names,
                       ReadClassNames(json, description.spec.network.classes));
  const int64_t channels = description.spec.network.image_channels;
  NAP_ASSIGN_OR_RETURN(description.mean, ReadNumbers(json, "mean", channels));
  NAP_ASSIGN_OR_RETURN(description.stddev, ReadNumbers(json, "stddev", channels));
  for (const float stddev : description.stddev) {
    if (!(stddev > 0)) return Error("stddev", "must be positive");
  }
  NAP_ASSIGN_OR_RETURN(description.image_size, ReadImageSize(json));
  if (json.contains("test_crop")) {
    const Json& crop = json["test_crop"];
    if (!crop.is_number() || !(crop > 0) || crop > 1) {
      return Error("test_crop", "must be a share above 0, up to 1");
    }
    description.test_crop = crop.get<double>();
  }
  return description;
}

absl::StatusOr<Cost> NetworkCost(const ModelDescription& description) {
  NAP_ASSIGN_OR_RETURN(const DerivedNetworkLayout layout, LayOut(description.spec));
  return NetworkCost(layout.plan, layout.cell_types, description.spec.genotype,
                     description.image_size);
}

}  // namespace nap
