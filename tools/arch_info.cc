// What an architecture is and costs, without training it.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <gflags/gflags.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/genotype_flag.h"
#include "nap/architecture/drawing.h"
#include "nap/architecture/genotype_json.h"
#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/export/model_description.h"
#include "nap/model/derived_network.h"
#include "nap/model/latency_table.h"
#include "nap/model/network_cost.h"
#include "nap/search_space/published_genotypes.h"
#include "nap/search_space/search_space.h"
#include "tools/network_flags.h"

DEFINE_string(genotype, "",
              "a search's folder, or a file or a text with a genotype (genotype.json, DARTS's "
              "line, a NAS-Bench-201 string and what docs/run_folder.md lists), FILE:NAME of "
              "several, or a published one's name");
DEFINE_string(latency_table, "",
              "CSV file of measured latencies (docs/latency.md), by which the network's is told");
DEFINE_bool(json, false, "print one JSON object instead of text");
DEFINE_string(svg, "", "also draw the cells into this file (needs Graphviz)");

namespace nap {
namespace {

int64_t NumParameters(const DerivedNetwork& network) {
  int64_t count = 0;
  for (const at::Tensor& parameter : network.parameters()) count += parameter.numel();
  return count;
}

absl::Status Draw(const Genotype& genotype, const std::vector<int>& num_inputs) {
  const std::string dot = absl::StrCat(FLAGS_svg, ".", ::getpid(), ".dot");
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
  NAP_ASSIGN_OR_RETURN(const NetworkFromFlags shape,
                       FindNetworkFromFlags(spec.genotype.search_space));
  spec.network = shape.network;
  spec.auxiliary_head = true;
  NAP_ASSIGN_OR_RETURN(const auto network, DerivedNetwork::Create(spec));
  NAP_ASSIGN_OR_RETURN(const DerivedNetworkLayout layout, LayOut(spec));
  NAP_ASSIGN_OR_RETURN(const Cost cost,
                       NetworkCost(layout.plan, layout.cell_types, spec.genotype, shape.image));
  std::optional<double> latency;  // milliseconds
  if (!FLAGS_latency_table.empty()) {
    NAP_ASSIGN_OR_RETURN(const LatencyTable table, LatencyTable::Read(FLAGS_latency_table));
    NAP_ASSIGN_OR_RETURN(
        latency, NetworkLatency(layout.plan, layout.cell_types, spec.genotype, shape.image, table));
  }
  const int64_t with_auxiliary = NumParameters(*network);
  if (!FLAGS_svg.empty()) {
    NAP_RETURN_IF_ERROR(Draw(spec.genotype, NumInputsOf(layout.cell_types)));
  }

  if (FLAGS_json) {
    nlohmann::ordered_json operations = nlohmann::ordered_json::object();
    for (const CellGenotype& cell : spec.genotype.cells) {
      operations[cell.name] = CountOperations(cell);
    }
    nlohmann::ordered_json json = {
        {"network", FLAGS_network},
        {"channels", spec.network.channels},
        {"cells", spec.network.cells},
        {"classes", spec.network.classes},
        {"image_size", nlohmann::ordered_json::parse(ImageSizeToJson(shape.image))},
        {"image_channels", spec.network.image_channels},
        {"parameters", cost.parameters},
        {"parameters_with_auxiliary_head", with_auxiliary},
        {"mult_adds", cost.mult_adds},
        {"operations", operations},
        {"genotype", nlohmann::ordered_json::parse(GenotypeToJson(spec.genotype))}};
    if (latency.has_value()) json["latency_ms"] = *latency;
    std::printf("%s\n", JsonText(json, 2).c_str());
    return absl::OkStatus();
  }
  absl::PrintF("%s network of %d cells, %d channels, %d classes, for %s\n", FLAGS_network,
               spec.network.cells, spec.network.channels, spec.network.classes, ImageText(shape));
  absl::PrintF("  parameters               %d (%.3f M)\n", cost.parameters, cost.parameters / 1e6);
  absl::PrintF("  with auxiliary head      %d (%.3f M)\n", with_auxiliary, with_auxiliary / 1e6);
  absl::PrintF("  multiply-adds an image   %d (%.1f M)\n", cost.mult_adds, cost.mult_adds / 1e6);
  if (latency.has_value()) {
    absl::PrintF("  predicted latency        %.3f ms (%s)\n", *latency, FLAGS_latency_table);
  }
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
  options.choices = {nap::NamesOf("genotype", nap::PublishedGenotypes())};
  nap::AddNetworkFlags(&options);
  return nap::RunProgram(argc, argv, options, nap::Main);
}
