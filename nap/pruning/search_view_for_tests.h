// A search that answers a criterion's questions without any network.
#ifndef NAP_PRUNING_SEARCH_VIEW_FOR_TESTS_H_
#define NAP_PRUNING_SEARCH_VIEW_FOR_TESTS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/random.h"
#include "nap/pruning/criterion.h"

namespace nap {

// Each operation has a worth of its own, by chance, that everything else follows from. A test
// overrides what it wants to say itself.
class SearchViewForTests : public SearchView {
 public:
  explicit SearchViewForTests(CandidateSpace space)
      : space_(std::move(space)), living_(space_, true) {}

  const CandidateSpace& space() const override { return space_; }
  const LivingTable& living() const override { return living_; }
  NumberTable MixingWeights() const override {
    AskTraining("MixingWeights");
    NumberTable weights(space_);
    for (const CandidateId& id : LivingOperations(space_, living_)) weights[id] = Worth(id) - 0.5;
    return weights;
  }
  double ValidationLoss(int64_t batches, std::optional<CandidateId> without) override {
    AskTraining("ValidationLoss");
    EXPECT_GE(batches, 1) << "a loss over no batches is asked (SearchView::ValidationLoss in "
                             "nap/pruning/criterion.h)";
    if (!without.has_value()) return 2;
    EXPECT_TRUE(living_[*without])
        << "the loss without an operation that does not live is asked (SearchView::ValidationLoss "
           "in nap/pruning/criterion.h)";
    return 2 + Worth(*without);
  }
  absl::StatusOr<std::unique_ptr<NetworkView>> Network(const NetworkChoice& choice) override {
    if (choice.weights == NetworkChoice::Weights::kTrained) AskTraining("a trained Network");
    if (Fails()) return absl::InternalError(kFailure);
    return std::make_unique<Fake>(this, choice);
  }
  absl::StatusOr<NumberTable> FinalParameters() override {
    if (Fails()) return absl::InternalError(kFailure);
    NumberTable parameters(space_);
    for (const CandidateId& id : LivingOperations(space_, LivingTable(space_, true))) {
      parameters[id] = static_cast<double>(static_cast<int64_t>(100 * Worth(id)));
    }
    return parameters;
  }
  // One operation an edge.
  absl::StatusOr<LivingTable> RandomArchitecture(uint64_t number) override {
    if (Fails()) return absl::InternalError(kFailure);
    RandomStream random({seed_, number});
    LivingTable architecture(space_, false);
    for (int cell = 0; cell < space_.NumCellTypes(); ++cell) {
      for (int edge = 0; edge < space_.NumEdges(cell); ++edge) {
        std::vector<CandidateId> ids = LivingOperations(space_, living_, cell, edge);
        if (ids.empty()) continue;
        random.Shuffle(ids);
        architecture[ids[0]] = true;
      }
    }
    architectures_.push_back(architecture);
    return architecture;
  }
  absl::StatusOr<double> ArchitectureScore(const std::string& score,
                                           const LivingTable& architecture) override {
    scores_asked_.insert(score);
    if (Fails()) return absl::InternalError(kFailure);
    return Worth(architecture);
  }
  uint64_t seed() const override { return seed_; }
  int milestone() const override { return milestone_; }

  // Between 0 and 1.
  static double Worth(const CandidateId& id) {
    return RandomStream({static_cast<uint64_t>(id.cell_type), static_cast<uint64_t>(id.edge),
                         static_cast<uint64_t>(id.operation)})
        .Uniform();
  }
  double Worth(const LivingTable& living) const {
    double sum = 0;
    for (const CandidateId& id : LivingOperations(space_, living)) sum += Worth(id);
    return sum;
  }

  static constexpr char kFailure[] = "what a search cannot answer";

  CandidateSpace space_;
  LivingTable living_;
  uint64_t seed_ = 1;
  int milestone_ = 0;
  bool trained_ = true;  // else it is a failure to ask for what has been trained
  bool fails_ = false;   // whether what can fail does
  bool has_failed_ = false;
  std::set<std::string> scores_asked_;
  std::vector<LivingTable> architectures_;  // that were drawn

 private:
  class Fake final : public NetworkView {
   public:
    Fake(const SearchViewForTests* view, const NetworkChoice& choice)
        : view_(view),
          images_(std::min<int64_t>(choice.images, 4)),
          shift_(RandomStream({static_cast<uint64_t>(choice.initialisation),
                               static_cast<uint64_t>(choice.batch)})
                     .Uniform()) {}

    double Loss(const LivingTable& living) override {
      Check(living);
      return 3 + shift_ - view_->Worth(living) / 10;
    }
    // Any two images agree in the same number of units, the fewer the more the network is worth.
    std::vector<double> ActivationKernel(const LivingTable& living) override {
      Check(living);
      const double agreement = 90 - shift_ - view_->Worth(living);
      std::vector<double> kernel(images_ * images_, agreement);
      for (int64_t i = 0; i < images_; ++i) kernel[i * images_ + i] = 100;
      return kernel;
    }

   private:
    void Check(const LivingTable& living) const {
      const CandidateSpace& space = view_->space_;
      for (int cell = 0; cell < space.NumCellTypes(); ++cell) {
        std::set<int> reached;
        for (const CandidateId& id : LivingOperations(space, living, cell)) {
          EXPECT_TRUE(view_->living_[id])
              << "a network with an operation that does not live is asked (NetworkView in "
                 "nap/pruning/criterion.h)";
          reached.insert(space.cell_types[cell].edges[id.edge].target);
        }
        EXPECT_EQ(static_cast<int>(reached.size()), space.cell_types[cell].num_nodes)
            << "a network is asked in which a node has no operation (NetworkView in "
               "nap/pruning/criterion.h)";
      }
    }

    const SearchViewForTests* const view_;
    const int64_t images_;
    const double shift_;
  };

  void AskTraining(const std::string& what) const {
    EXPECT_TRUE(trained_) << "it asks for " << what
                          << " though nothing has been trained: works_before_training should be "
                             "false (nap/pruning/criterion.h)";
  }
  bool Fails() {
    has_failed_ |= fails_;
    return fails_;
  }
};

}  // namespace nap

#endif  // NAP_PRUNING_SEARCH_VIEW_FOR_TESTS_H_
