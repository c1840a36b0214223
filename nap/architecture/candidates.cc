#include "nap/architecture/candidates.h"

#include <algorithm>

namespace nap {

std::vector<CandidateId> LivingOperations(const CandidateSpace& space, const LivingTable& living) {
  std::vector<CandidateId> all;
  for (int cell = 0; cell < space.NumCellTypes(); ++cell) {
    for (const CandidateId& id : LivingOperations(space, living, cell)) all.push_back(id);
  }
  return all;
}

std::vector<CandidateId> LivingOperations(const CandidateSpace& space, const LivingTable& living,
                                          int cell) {
  std::vector<CandidateId> all;
  for (int edge = 0; edge < space.NumEdges(cell); ++edge) {
    for (const CandidateId& id : LivingOperations(space, living, cell, edge)) all.push_back(id);
  }
  return all;
}

std::vector<CandidateId> LivingOperations(const CandidateSpace& space, const LivingTable& living,
                                          int cell, int edge) {
  std::vector<CandidateId> found;
  for (int operation = 0; operation < space.NumOperations(); ++operation) {
    const CandidateId id{cell, edge, operation};
    if (living[id] && !space.operations[operation].is_zero) found.push_back(id);
  }
  return found;
}

bool IsLastOfNode(const CandidateSpace& space, const LivingTable& living, const CandidateId& id) {
  const std::vector<Edge>& edges = space.cell_types[id.cell_type].edges;
  const std::vector<CandidateId> all = LivingOperations(space, living, id.cell_type);
  return std::count_if(all.begin(), all.end(), [&](const CandidateId& other) {
           return edges[other.edge].target == edges[id.edge].target;
         }) == 1;
}

Genotype GenotypeOf(const std::string& search_space, const CandidateSpace& space,
                    const LivingTable& living) {
  Genotype genotype;
  genotype.search_space = search_space;
  for (int cell = 0; cell < space.NumCellTypes(); ++cell) {
    const CellTopology& topology = space.cell_types[cell];
    CellGenotype found{topology.name, {}, topology.concat};
    found.nodes.resize(topology.num_nodes);
    for (const CandidateId& id : LivingOperations(space, living, cell)) {
      const Edge& edge = topology.edges[id.edge];
      found.nodes[edge.target - topology.FirstNode()].push_back(
          {space.operations[id.operation].name, edge.source});
    }
    genotype.cells.push_back(found);
  }
  return genotype;
}

}  // namespace nap
