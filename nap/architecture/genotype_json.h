// genotype.json: {"search_space": "darts", "cells": {"normal": {"nodes": [[["sep_conv_3x3", 0],
// ...], ...], "concat": [2, 3, 4, 5]}, "reduce": {...}}}
#ifndef NAP_ARCHITECTURE_GENOTYPE_JSON_H_
#define NAP_ARCHITECTURE_GENOTYPE_JSON_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>

#include "nap/architecture/genotype.h"

namespace nap {

// A node a line, and a newline at the end. The names must be valid UTF-8.
std::string GenotypeToJson(const Genotype& genotype);

// Operations `none` are left out. InvalidArgument that says what is wrong where. Whether the
// genotype suits a search space is ValidateGenotype's question.
absl::StatusOr<Genotype> GenotypeFromJson(absl::string_view text);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_GENOTYPE_JSON_H_
