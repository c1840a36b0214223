// Every (cell type, edge, operation) that a search chooses between, and tables over them.
#ifndef NAP_ARCHITECTURE_CANDIDATES_H_
#define NAP_ARCHITECTURE_CANDIDATES_H_

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/architecture/topology.h"

namespace nap {

struct CandidateOperation {
  std::string name;
  bool is_zero = false;  // contributes nothing: never ranked, counted or named in a genotype
};

// The same operations are candidates on every edge of every cell type.
struct CandidateSpace {
  std::vector<CellTopology> cell_types;
  std::vector<CandidateOperation> operations;

  int NumCellTypes() const { return static_cast<int>(cell_types.size()); }
  int NumEdges(int cell_type) const { return static_cast<int>(cell_types[cell_type].edges.size()); }
  int NumOperations() const { return static_cast<int>(operations.size()); }
};

struct CandidateId {
  int cell_type;  // index in CandidateSpace::cell_types
  int edge;       // index in CellTopology::edges
  int operation;  // index in CandidateSpace::operations

  friend bool operator==(const CandidateId& a, const CandidateId& b) { return a.Key() == b.Key(); }
  friend bool operator<(const CandidateId& a, const CandidateId& b) { return a.Key() < b.Key(); }

 private:
  std::tuple<int, int, int> Key() const { return {cell_type, edge, operation}; }
};

// A value for each candidate.
template <typename T>
class CandidateTable {
 public:
  explicit CandidateTable(const CandidateSpace& space, T value = T())
      : num_operations_(space.NumOperations()) {
    for (const CellTopology& cell : space.cell_types) {
      values_.emplace_back(cell.edges.size() * space.operations.size(), value);
    }
  }

  typename std::vector<T>::reference operator[](const CandidateId& id) {
    return values_[id.cell_type][id.edge * num_operations_ + id.operation];
  }
  typename std::vector<T>::const_reference operator[](const CandidateId& id) const {
    return values_[id.cell_type][id.edge * num_operations_ + id.operation];
  }

  friend bool operator==(const CandidateTable& a, const CandidateTable& b) {
    return a.values_ == b.values_;
  }

  // Edge after edge, each with all its operations.
  const std::vector<T>& Values(int cell_type) const { return values_[cell_type]; }
  std::vector<T>& Values(int cell_type) { return values_[cell_type]; }

  // Calls visit with each value, cell type after cell type.
  template <typename Visit>
  void ForEach(const Visit& visit) {
    for (std::vector<T>& values : values_) std::for_each(values.begin(), values.end(), visit);
  }
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (const std::vector<T>& values : values_) {
      std::for_each(values.begin(), values.end(), visit);
    }
  }

 private:
  int num_operations_;
  std::vector<std::vector<T>> values_;
};

// Scores, strengths, costs: a number for each candidate.
using NumberTable = CandidateTable<double>;

// Which candidates are left. A zero operation lives as long as its edge has another living one.
using LivingTable = CandidateTable<bool>;

// The living operations of all cell types, of one, or of one of its edges, zero operations left
// out; in order of cell type, edge, then operation.
std::vector<CandidateId> LivingOperations(const CandidateSpace& space, const LivingTable& living);
std::vector<CandidateId> LivingOperations(const CandidateSpace& space, const LivingTable& living,
                                          int cell_type);
std::vector<CandidateId> LivingOperations(const CandidateSpace& space, const LivingTable& living,
                                          int cell_type, int edge);

// Whether no other operation leads to the same node.
bool IsLastOfNode(const CandidateSpace& space, const LivingTable& living, const CandidateId& id);

// What is left when a search ends.
Genotype GenotypeOf(const std::string& search_space, const CandidateSpace& space,
                    const LivingTable& living);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_CANDIDATES_H_
