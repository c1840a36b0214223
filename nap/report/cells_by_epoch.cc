#include "nap/report/cells_by_epoch.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "nap/architecture/candidates.h"
#include "nap/base/status_macros.h"
#include "nap/report/json_lines.h"
#include "nap/search/candidate_space.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

using Json = nlohmann::json;

// The candidates of the first cell alone.
absl::StatusOr<CandidateSpace> FirstCell(const std::string& search_space,
                                         const std::vector<std::string>& operations) {
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<SearchSpace> made, MakeSearchSpace(search_space));
  NAP_ASSIGN_OR_RETURN(CandidateSpace space, MakeCandidateSpace(*made, operations));
  space.cells.resize(1, space.cells.front());
  return space;
}

// `living`: ["normal", source, target, "sep_conv_3x3"], ...
LivingTable ReadLiving(const Json& living, const CandidateSpace& space) {
  const CellTopology& cell = space.cells.front();
  LivingTable table(space, false);
  for (int edge = 0; edge < space.NumEdges(0); ++edge) {
    for (int operation = 0; operation < space.NumOperations(); ++operation) {
      const Json entry = {cell.name, cell.edges[edge].source, cell.edges[edge].target,
                          space.operations[operation].name};
      table[{0, edge, operation}] = std::find(living.begin(), living.end(), entry) != living.end();
    }
  }
  return table;
}

ScoreTable ReadMagnitudes(const Json& edges, const CandidateSpace& space) {
  ScoreTable table(space);
  for (int edge = 0; edge < space.NumEdges(0); ++edge) {
    for (int operation = 0; operation < space.NumOperations(); ++operation) {
      table[{0, edge, operation}] = std::abs(edges.at(edge).at(operation).get<double>());
    }
  }
  return table;
}

}  // namespace

absl::StatusOr<std::vector<CellGenotype>> CellsByEpoch(const std::string& strengths_file,
                                                       const std::string& search_space,
                                                       const PrunerOptions& budget) {
  std::vector<CellGenotype> cells;
  NAP_RETURN_IF_ERROR(ReadJsonLines(strengths_file, [&](const Json& line) {
    NAP_ASSIGN_OR_RETURN(
        const CandidateSpace space,
        FirstCell(search_space, line.at("operations").get<std::vector<std::string>>()));
    NAP_ASSIGN_OR_RETURN(
        const Pruner pruner,
        Pruner::Create(space, budget, {"all at once", [](double /*progress*/) { return 0.; }}));
    LivingTable living = ReadLiving(line.at("living"), space);
    const Json& weights = line.at("mixing_weights").at(space.cells.front().name);
    NAP_RETURN_IF_ERROR(
        pruner.Prune(ReadMagnitudes(weights, space), /*progress=*/1, &living).status());
    cells.push_back(GenotypeOf(search_space, space, living).cells.front());
    return absl::OkStatus();
  }));
  return cells;
}

}  // namespace nap
