// What an architecture is and costs, without training it.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <gflags/gflags.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "experiments/genotype_flag.h"
#include "nap/architecture/drawing.h"
#include "nap/architecture/genotype_json.h"
#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/option_checks.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/model/derived_network.h"
#include "nap/model/network_cost.h"
#include "nap/search_space/genotype_lookup.h"
#include "nap/search_space/search_space.h"

DEFINE_string(genotype, "",
              "a search's folder, or a file or a text with a genotype (genotype.json, DARTS's "
              "line, a NAS-Bench-201 string and what docs/run_folder.md lists), FILE:NAME of "
              "several, or a published one's name");
DEFINE_string(network, "cifar", "the network's shape");
DEFINE_int32(channels, 0,
             "of the first cell; 0: 36 (cifar) or 48 (imagenet) in darts, 16 in nas_bench_201");
DEFINE_int32(cells, 0,
             "cells of the network; 0: 20 (cifar) or 14 (imagenet) in darts, 15 in nas_bench_201");
DEFINE_int32(classes, 0, "classes; 0: 10 (cifar) or 1000 (imagenet)");
DEFINE_int32(image_size, 0,
             "height and width of an image, pixels; 0: 32 (cifar) or 224 (imagenet)");
DEFINE_bool(json, false, "print one JSON object instead of text");
DEFINE_string(svg, "", "also draw the cells into this file (needs Graphviz)");

namespace nap {
namespace {

// A flag's value, or the default that its 0 stands for.
absl::StatusOr<int64_t> Positive(const char* flag, int32_t value, double most, int64_t otherwise) {
  NAP_RETURN_IF_ERROR(CheckRange(flag, value, 0, most));
  return value == 0 ? otherwise : value;
}

int64_t NumParameters(const DerivedNetwork& network) {
  int64_t count = 0;
  for (const at::Tensor& parameter : network.parameters()) count += parameter.numel();
  return count;
}

absl::Status Draw(const Genotype& genotype, int num_inputs) {
  const std::string dot = absl::StrCat(FLAGS_svg, ".dot");
  NAP_RETURN_IF_ERROR(WriteFileAtomically(dot, GenotypeToDot(genotype, num_inputs)));
  const absl::Status drawn = RenderSvg(dot, FLAGS_svg);
  std::remove(dot.c_str());
  return drawn;
}

absl::Status Main() {
  if (FLAGS_genotype.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--genotype is missing: a file, or one of ",
                                                   absl::StrJoin(PublishedGenotypes(), ", ")));
  }
  DerivedNetworkSpec spec;
  std::string note;
  NAP_ASSIGN_OR_RETURN(spec.genotype, GenotypeFromFlag(FLAGS_genotype, &note));
  if (!note.empty()) absl::FPrintF(stderr, "%s\n", note);
  NAP_ASSIGN_OR_RETURN(spec.network, FindNetwork(FLAGS_network, spec.genotype.search_space));
  NAP_ASSIGN_OR_RETURN(spec.network.channels,
                       Positive("channels", FLAGS_channels, kMostChannels, spec.network.channels));
  NAP_ASSIGN_OR_RETURN(spec.network.cells,
                       Positive("cells", FLAGS_cells, kMostCells, spec.network.cells));
  NAP_ASSIGN_OR_RETURN(spec.network.classes,
                       Positive("classes", FLAGS_classes, 1e6, spec.network.classes));
  NAP_ASSIGN_OR_RETURN(const int64_t size,
                       Positive("image_size", FLAGS_image_size, kMostPixels,
                                spec.network.stem == StemKind::kImageNet ? 224 : 32));
  spec.auxiliary_head = true;
  NAP_ASSIGN_OR_RETURN(const auto network, DerivedNetwork::Create(spec));
  NAP_ASSIGN_OR_RETURN(const DerivedNetworkLayout layout, LayOut(spec));
  NAP_ASSIGN_OR_RETURN(const Cost cost,
                       NetworkCost(layout.plan, layout.cell_types, spec.genotype, {size, size}));
  const int64_t with_auxiliary = NumParameters(*network);
  if (!FLAGS_svg.empty()) {
    NAP_RETURN_IF_ERROR(Draw(spec.genotype, layout.cell_types.front().num_inputs));
  }

  if (FLAGS_json) {
    nlohmann::ordered_json operations = nlohmann::ordered_json::object();
    for (const CellGenotype& cell : spec.genotype.cells) {
      operations[cell.name] = CountOperations(cell);
    }
    const nlohmann::ordered_json json = {
        {"network", FLAGS_network},
        {"channels", spec.network.channels},
        {"cells", spec.network.cells},
        {"classes", spec.network.classes},
        {"image_size", size},
        {"parameters", cost.parameters},
        {"parameters_with_auxiliary_head", with_auxiliary},
        {"mult_adds", cost.mult_adds},
        {"operations", operations},
        {"genotype", nlohmann::ordered_json::parse(GenotypeToJson(spec.genotype))}};
    std::printf("%s\n", JsonText(json, 2).c_str());
    return absl::OkStatus();
  }
  absl::PrintF("%s network of %d cells, %d channels, %d classes, for %d x %d pixels\n",
               FLAGS_network, spec.network.cells, spec.network.channels, spec.network.classes, size,
               size);
  absl::PrintF("  parameters               %d (%.3f M)\n", cost.parameters, cost.parameters / 1e6);
  absl::PrintF("  with auxiliary head      %d (%.3f M)\n", with_auxiliary, with_auxiliary / 1e6);
  absl::PrintF("  multiply-adds an image   %d (%.1f M)\n", cost.mult_adds, cost.mult_adds / 1e6);
  for (size_t i = 0; i < spec.genotype.cells.size(); ++i) {
    absl::PrintF("\n%s", CellToText(spec.genotype.cells[i], layout.cell_types[i].num_inputs));
    absl::PrintF("  keeps %s\n", OperationCountsText(spec.genotype.cells[i]));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  nap::ProgramOptions options{"arch_info", "says what an architecture is made of and what it costs",
                              __FILE__};
  options.choices = {nap::NamesOf("genotype", nap::PublishedGenotypes()),
                     nap::NamesOf("network", nap::NetworkNames())};
  return nap::RunProgram(argc, argv, options, nap::Main);
}
