#include "nap/search_space/genotype_lookup.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/string_view.h>

#include <memory>

#include "nap/architecture/genotype_json.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

struct Published {
  const char* name;
  const char* line;
};

constexpr Published kPublished[] = {
    {"NASNet",
     "Genotype(normal=[('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('sep_conv_5x5', 0), "
     "('sep_conv_3x3', 0), ('avg_pool_3x3', 1), ('skip_connect', 0), ('avg_pool_3x3', 0), "
     "('avg_pool_3x3', 0), ('sep_conv_3x3', 1), ('skip_connect', 1)], "
     "normal_concat=[2, 3, 4, 5, 6], reduce=[('sep_conv_5x5', 1), ('sep_conv_7x7', 0), "
     "('max_pool_3x3', 1), ('sep_conv_7x7', 0), ('avg_pool_3x3', 1), ('sep_conv_5x5', 0), "
     "('skip_connect', 3), ('avg_pool_3x3', 2), ('sep_conv_3x3', 2), ('max_pool_3x3', 1)], "
     "reduce_concat=[4, 5, 6])"},
    {"AmoebaNet",
     "Genotype(normal=[('avg_pool_3x3', 0), ('max_pool_3x3', 1), ('sep_conv_3x3', 0), "
     "('sep_conv_5x5', 2), ('sep_conv_3x3', 0), ('avg_pool_3x3', 3), ('sep_conv_3x3', 1), "
     "('skip_connect', 1), ('skip_connect', 0), ('avg_pool_3x3', 1)], normal_concat=[4, 5, 6], "
     "reduce=[('avg_pool_3x3', 0), ('sep_conv_3x3', 1), ('max_pool_3x3', 0), ('sep_conv_7x7', 2), "
     "('sep_conv_7x7', 0), ('avg_pool_3x3', 1), ('max_pool_3x3', 0), ('max_pool_3x3', 1), "
     "('conv_7x1_1x7', 0), ('sep_conv_3x3', 5)], reduce_concat=[3, 4, 6])"},
    {"DARTS_V1",
     "Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), "
     "('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
     "('skip_connect', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
     "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), ('max_pool_3x3', 0), "
     "('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 0)], reduce_concat=[2, 3, 4, 5])"},
    {"DARTS_V2",
     "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
     "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
     "('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
     "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
     "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])"},
    {"PDARTS",
     "Genotype(normal=[('skip_connect', 0), ('dil_conv_3x3', 1), ('skip_connect', 0), "
     "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3', 0), "
     "('dil_conv_5x5', 4)], normal_concat=[2, 3, 4, 5], reduce=[('avg_pool_3x3', 0), "
     "('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), ('max_pool_3x3', 0), "
     "('dil_conv_3x3', 1), ('dil_conv_3x3', 1), ('dil_conv_5x5', 3)], reduce_concat=[2, 3, 4, 5])"},
    {"PC_DARTS_cifar",
     "Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 0), "
     "('dil_conv_3x3', 1), ('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('avg_pool_3x3', 0), "
     "('dil_conv_3x3', 1)], normal_concat=[2, 3, 4, 5], reduce=[('sep_conv_5x5', 1), "
     "('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), ('sep_conv_3x3', 0), "
     "('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('sep_conv_3x3', 2)], reduce_concat=[2, 3, 4, 5])"},
    {"PC_DARTS_image",
     "Genotype(normal=[('skip_connect', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 0), "
     "('skip_connect', 1), ('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), "
     "('dil_conv_5x5', 4)], normal_concat=[2, 3, 4, 5], reduce=[('sep_conv_3x3', 0), "
     "('skip_connect', 1), ('dil_conv_5x5', 2), ('max_pool_3x3', 1), ('sep_conv_3x3', 2), "
     "('sep_conv_3x3', 1), ('sep_conv_5x5', 0), ('sep_conv_3x3', 3)], reduce_concat=[2, 3, 4, 5])"},
};

// An error says where the genotype came from.
absl::StatusOr<Genotype> Named(absl::string_view origin, absl::StatusOr<Genotype> genotype) {
  if (genotype.ok()) return genotype;
  return absl::Status(genotype.status().code(),
                      absl::StrCat(origin, ": ", genotype.status().message()));
}

bool IsJson(absl::string_view text) {
  return absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "{");
}

// The search space whose format the text looks like; null: none.
std::unique_ptr<SearchSpace> SpaceOfText(absl::string_view text) {
  for (const std::string& name : SearchSpaceRegistry::Global().Names()) {
    absl::StatusOr<std::unique_ptr<SearchSpace>> space = MakeSearchSpace(name);
    if (space.ok() && (*space)->IsText(text)) return *std::move(space);
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> PublishedGenotypes() {
  std::vector<std::string> names;
  for (const Published& published : kPublished) names.push_back(published.name);
  return names;
}

absl::StatusOr<Genotype> FindGenotype(const std::string& name_or_file) {
  for (const Published& published : kPublished) {
    if (name_or_file == published.name) return ParseGenotype(published.line);
  }
  if (LooksLikeGenotype(name_or_file)) {
    return Named(absl::StrCat("the genotype '", name_or_file, "'"), ParseGenotype(name_or_file));
  }
  const absl::StatusOr<std::string> content = ReadFile(name_or_file);
  if (absl::IsNotFound(content.status())) {
    return absl::NotFoundError(absl::StrCat("the genotype '", name_or_file,
                                            "' is neither a file nor one of ",
                                            absl::StrJoin(PublishedGenotypes(), ", ")));
  }
  if (!content.ok()) return content.status();
  return Named(name_or_file, ParseGenotype(*content));
}

absl::StatusOr<Genotype> ParseGenotype(absl::string_view text) {
  const std::unique_ptr<SearchSpace> space = IsJson(text) ? nullptr : SpaceOfText(text);
  if (IsJson(text) || space != nullptr) {
    NAP_ASSIGN_OR_RETURN(Genotype genotype,
                         space != nullptr ? space->FromText(text) : GenotypeFromJson(text));
    const auto name = SearchSpaceRegistry::Global().ShortText(genotype.search_space);
    if (name.ok()) genotype.search_space = *name;
    return genotype;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("it is no genotype: neither genotype.json's format nor that of a search space (",
                   absl::StrJoin(SearchSpaceRegistry::Global().Names(), ", "), ")"));
}

bool LooksLikeGenotype(absl::string_view text) {
  return IsJson(text) || SpaceOfText(text) != nullptr;
}

}  // namespace nap
