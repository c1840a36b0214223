#include "nap/engine/fused_plan.h"

#include <c10/util/Exception.h>

#include <utility>

namespace nap {

FusedPlan::FusedPlan(std::shared_ptr<const CellGraph> graph)
    : graph_(std::move(graph)), chains_(graph_->num_nodes) {
  Shared shared;
  for (const CellTerm& term : graph_->terms) AddTerm(term, &shared);
}

void FusedPlan::AddTerm(const CellTerm& term, Shared* shared) {
  TORCH_CHECK(term.norms.empty() || term.norms.size() == term.NumParts(),
              "a term needs a norm behind each of its ", term.NumParts(), " parts, not ",
              term.norms.size());
  const CellNorm norm = term.Norm(term.NumParts() - 1);
  TORCH_CHECK(term.weight == CellTerm::kUnweighted || norm.module.is_empty(),
              "a term with a mixing weight ends in a batch norm without scale, shift and running "
              "statistics, or in none");
  // One whose norm keeps statistics is nobody else's.
  const bool may_share = term.stages && norm.module.is_empty();
  const Shared::key_type key(term.source, norm.enabled, may_share ? *term.stages : StageList());
  const auto found = may_share ? shared->find(key) : shared->end();
  int last = -1;
  if (found != shared->end()) {
    last = found->second;
  } else {
    const size_t before = num_weights_;
    for (size_t part = 0; part < term.NumParts(); ++part) {
      const int index = static_cast<int>(runs_.size());
      Run run{&term, part, nullptr, term.stages ? nullptr : &term, term.source};
      if (term.stages && !term.stages->empty()) run.stage = (*term.stages)[part];
      run.previous = last;
      run.first_weight = num_weights_;
      num_weights_ += term.Weights(part).size();
      run.norm_weight = num_weights_ - term.Norm(part).Weights().size();
      run.packed = packed_size_;
      if (run.stage != nullptr) packed_size_ += run.stage->PackedSize();
      runs_.push_back(std::move(run));
      if (last >= 0) {
        runs_[last].next = index;
      } else {
        chains_[term.source].push_back(index);
      }
      last = index;
    }
    if (may_share && num_weights_ == before) (*shared)[key] = last;
  }
  runs_[last].uses.push_back({term.target, term.weight, term.drop_path});
}

std::vector<at::Tensor> FusedPlan::Weights() const {
  std::vector<at::Tensor> weights;
  for (const Run& run : runs_) {
    for (at::Tensor& weight : run.term->Weights(run.part)) weights.push_back(std::move(weight));
  }
  return weights;
}

}  // namespace nap
