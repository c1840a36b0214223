#include "nap/architecture/genotype_lookup.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/string_view.h>

#include "nap/architecture/genotype_darts.h"
#include "nap/architecture/genotype_json.h"
#include "nap/architecture/genotype_nas_bench_201.h"
#include "nap/base/files.h"

namespace nap {
namespace {

struct Published {
  const char* name;
  const char* line;
};

constexpr Published kPublished[] = {
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

}  // namespace

std::vector<std::string> PublishedGenotypes() {
  std::vector<std::string> names;
  for (const Published& published : kPublished) names.push_back(published.name);
  return names;
}

absl::StatusOr<Genotype> FindGenotype(const std::string& name_or_file) {
  for (const Published& published : kPublished) {
    if (name_or_file == published.name) return GenotypeFromDarts(published.line);
  }
  if (IsNasBench201(name_or_file)) {
    return Named(absl::StrCat("the genotype '", name_or_file, "'"),
                 GenotypeFromNasBench201(name_or_file));
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
  if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "{")) {
    return GenotypeFromJson(text);
  }
  return IsNasBench201(text) ? GenotypeFromNasBench201(text) : GenotypeFromDarts(text);
}

}  // namespace nap
