// Several processes compute what one computes.
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/tiny_images_for_tests.h"
#include "nap/architecture/genotype_json.h"
#include "nap/runtime/processes_for_tests.h"
#include "nap/search/candidate_space.h"
#include "nap/search/searcher.h"
#include "nap/search/supernet_trainer.h"
#include "nap/search/tiny_search_for_tests.h"
#include "nap/training/checkpoint.h"

namespace nap {
namespace {

using Group = std::shared_ptr<ProcessGroup>;

// Between a genotype and the numbers on the way to it.
constexpr char kNumbers[] = "numbers: ";

// All numbers that are reported.
class Recorder final : public SearchObserver {
 public:
  explicit Recorder(const Searcher* searcher) : searcher_(searcher) {}

  absl::Status OnStep(const SearchStepReport& report) override {
    Add(report.train_loss);
    Add(report.train_accuracy);
    Add(report.strength_loss);
    return absl::OkStatus();
  }
  absl::Status OnEpoch(const SearchEpochReport& report) override {
    report.strengths.ForEach([this](double value) { Add(value); });
    for (const auto& strengths : report.edge_strengths) {
      for (const double value : strengths) Add(value);
    }
    Add(report.valid_loss);
    Add(report.valid_accuracy);
    for (const Removal& removal : report.removals) Add(removal.score);
    if (checkpoint_ == nullptr) return absl::OkStatus();
    *checkpoint_ = searcher_->Save();
    checkpoint_ = nullptr;
    return absl::CancelledError("enough");
  }

  // Stops after the first epoch, and saves.
  void StopWith(Checkpoint* checkpoint) { checkpoint_ = checkpoint; }

  const std::vector<std::string>& numbers() const { return numbers_; }

 private:
  void Add(double value) {
    if (!std::isnan(value)) numbers_.push_back(absl::StrFormat("%.17g", value));
  }

  const Searcher* const searcher_;
  Checkpoint* checkpoint_ = nullptr;
  std::vector<std::string> numbers_;
};

// `damage`: every such image is broken, so that shares of a batch are of several sizes; 0: none.
std::string Search(SearchOptions options, const Group& group, int64_t damage = 0) {
  options.processes = group;
  const std::unique_ptr<Dataset> whole = TinyImages(40);
  const DamagedDataset broken(whole.get(), damage);
  const Dataset* const images = damage > 0 ? &broken : whole.get();
  auto searcher = Searcher::Create(options, images);
  EXPECT_TRUE(searcher.ok()) << searcher.status();
  if (!searcher.ok()) return "";
  Recorder recorder(searcher->get());
  const auto genotype = (*searcher)->Run(&recorder);
  EXPECT_TRUE(genotype.ok()) << genotype.status();
  std::string genotypes = GenotypeToJson(*genotype);
  for (const FrontPoint& point : (*searcher)->Front()) {
    absl::StrAppend(&genotypes, GenotypeToJson(point.genotype), point.quality);
  }
  return absl::StrCat(genotypes, kNumbers, absl::StrJoin(recorder.numbers(), " "));
}

// What all of so many processes say.
std::string Agreed(int processes, const std::function<std::string(const Group& group)>& body) {
  const auto ends = RunProcesses(processes, body);
  for (const ProcessEnd& end : ends) {
    EXPECT_EQ(end.exit_code, 0) << end.text;
    EXPECT_EQ(end.text, ends[0].text);
  }
  return ends[0].text;
}

void ExpectNear(const std::string& found, const std::string& wanted, double tolerance) {
  const std::vector<std::string> a = absl::StrSplit(found, kNumbers);
  const std::vector<std::string> b = absl::StrSplit(wanted, kNumbers);
  EXPECT_EQ(a[0], b[0]);
  const std::vector<std::string> numbers = absl::StrSplit(a.back(), ' ');
  const std::vector<std::string> others = absl::StrSplit(b.back(), ' ');
  ASSERT_EQ(numbers.size(), others.size());
  double worst = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    double x = 0, y = 0;
    ASSERT_TRUE(absl::SimpleAtod(numbers[i], &x) && absl::SimpleAtod(others[i], &y));
    worst = std::max(worst, std::abs(x - y) / std::max(1.0, std::abs(y)));
  }
  EXPECT_LE(worst, tolerance);
}

SearchOptions Options() {
  SearchOptions options = TinySearch();
  // What rounding has made different grows with every step.
  options.learning_rate = 0.01;
  options.strength_learning_rate = 0.01;
  return options;
}

void ExpectSame(const SearchOptions& options, double tolerance, int64_t damage = 0) {
  const auto search = [&](const Group& group) { return Search(options, group, damage); };
  const std::string alone = Agreed(1, search);
  for (const int processes : {2, 4}) {
    SCOPED_TRACE(absl::StrCat(processes, " processes"));
    const std::string together = Agreed(processes, search);
    ExpectNear(together, alone, tolerance);
    EXPECT_EQ(Agreed(processes, search), together);
  }
}

constexpr double kRounding = 1e-4;

TEST(ProcessesTest, DartsByAblation) { ExpectSame(Options(), kRounding); }

TEST(ProcessesTest, ReferenceBackend) {
  SearchOptions options = Options();
  options.backend = "reference";
  options.criterion = "taylor";
  options.epochs = 2;
  options.milestones = {2, 2, 1};
  ExpectSame(options, kRounding);
}

TEST(ProcessesTest, NasBench201WithSoftmaxAndMagnitude) {
  SearchOptions options = Options();
  options.search_space = "nas_bench_201";
  options.relaxation = "softmax";
  options.criterion = "magnitude";
  options.budget.operations_per_cell = 0;
  options.network.channels = 4;
  ExpectSame(options, kRounding);
}

TEST(ProcessesTest, SecondOrderPartialChannelsAndEdgeStrengths) {
  SearchOptions options = Options();
  options.optimization = "bilevel_second_order";
  options.relaxation = "edge_softmax:partial_channels=2";
  options.network.channels = 4;
  options.criterion = "taylor";
  options.epochs = 2;
  options.milestones = {2, 2, 1};
  ExpectSame(options, kRounding);
}

TEST(ProcessesTest, OperationDropoutAuxiliarySkipAndStrengthLoss) {
  SearchOptions options = Options();
  options.operation_dropout = 0.3;
  options.auxiliary_skip = 1;
  options.strength_loss = "zero_one";
  options.optimization = "joint";
  options.epochs = 2;
  options.milestones = {2, 2, 1};
  ExpectSame(options, kRounding);
}

TEST(ProcessesTest, AFrontOfSeveralPoints) {
  SearchOptions options = Options();
  options.points = 3;
  options.criterion = "taylor";
  options.epochs = 2;
  options.milestones = {2, 2, 1};
  ExpectSame(options, kRounding);
  options.criterion = QuickCriterion("activation_kernel");
  options.warmup_epochs = options.epochs = 0;
  options.milestones = {0, 0, 1};
  ExpectSame(options, /*tolerance=*/0);
}

// Nothing is trained: each number is one process's alone.
TEST(ProcessesTest, CriteriaThatAreSharedOutToTheBit) {
  for (const char* criterion :
       {"activation_kernel", "best_of_random", "expected_score", "shapley", "ablation"}) {
    SCOPED_TRACE(criterion);
    SearchOptions options = Options();
    options.criterion = QuickCriterion(criterion);
    options.epochs = 1;
    options.warmup_epochs = 0;
    options.milestones = {1, 1, 1};
    options.learning_rate = 1e-30;  // what is lost in rounding
    options.strength_learning_rate = 1e-30;
    options.weight_decay = options.strength_weight_decay = 0;
    const auto removals = [&options](const Group& group) { return Search(options, group); };
    const std::string alone = Agreed(1, removals), together = Agreed(3, removals);
    const auto last = [](const std::string& text) {
      const std::vector<std::string> numbers = absl::StrSplit(text, ' ');
      return std::vector<std::string>(numbers.end() - 30, numbers.end());
    };
    EXPECT_EQ(last(alone), last(together));
  }
}

TEST(ProcessesTest, UnequalShares) {
  SearchOptions options = Options();
  options.batch_size = 13;
  options.epochs = 2;
  options.milestones = {2, 2, 1};
  ExpectSame(options, kRounding, /*damage=*/8);
  options.criterion = "taylor";
  ExpectSame(options, kRounding);
}

// docs/scaling.md has the formula.
TEST(ProcessesTest, SendsWhatTheFormulaSays) {
  SearchOptions options = Options();
  options.search_space = "nas_bench_201";
  options.operations = {"skip_connect", "nor_conv_1x1", "nor_conv_3x3"};
  options.budget.operations_per_cell = 0;
  options.network.channels = 16;  // a multiple of what kernels pad to
  const auto sent = [&options](const Group& group, bool global_norms) {
    SearchOptions own = options;
    own.processes = group;
    own.global_norms = global_norms;
    const auto space = *MakeSearchSpace(own.search_space);
    const CandidateSpace candidates = *MakeCandidateSpace(*space, own.operations);
    SupernetTrainer trainer(own, *space->Plan(own.network), candidates,
                            *RelaxationRegistry::Global().Make("softmax"));
    Batch batch{at::randn({3, 3, 8, 8}).contiguous(at::MemoryFormat::ChannelsLast),
                at::zeros({3}, at::kLong), 3 * group->rank(), 3 * group->size()};
    const int64_t before = group->bytes_sent();
    trainer.Backward(batch, GradientsOf::kBoth);
    return std::make_pair(group->bytes_sent() - before, trainer.NumParameters());
  };
  const std::string said = Agreed(2, [&sent](const Group& group) {
    const auto [local, weights] = sent(group, false);
    const auto [global, same] = sent(group, true);
    EXPECT_EQ(weights, same);
    return absl::StrCat(local - 4 * weights, " ", global - local);
  });
  // Beside the weights' gradients: those of 6 edges' mixing weights, and the loss, once more for
  // shared memory. 2 (N - 1) / N is 1.
  const int64_t mixing = 6 * 3;
  // Channels that are normalised: three stages of a cell, whose 6 edges have two convolutions each
  // and whose 3 sources a skip-connection for all edges that leave them; LibTorch's norms at the
  // stem and at the end, and the residual blocks' two.
  const int64_t cells = (2 * 6 + 3) * (16 + 32 + 64);
  const int64_t others = 16 + 64 + 2 * (32 + 64);
  EXPECT_EQ(said, absl::StrCat(4 * mixing + 8, " ", 2 * 16 * (cells + others)));
}

// A checkpoint of two goes on with two to the same bits, with one to the same numbers.
TEST(ProcessesTest, ResumesWithAsManyAndWithFewer) {
  const SearchOptions options = Options();
  const std::string whole =
      Agreed(2, [&options](const Group& group) { return Search(options, group); });
  const auto interrupted = [&options](const Group& group) {
    SearchOptions own = options;
    own.processes = group;
    const std::unique_ptr<Dataset> images = TinyImages(40);
    const auto first = *Searcher::Create(own, images.get());
    Recorder recorder(first.get());
    Checkpoint checkpoint;
    recorder.StopWith(&checkpoint);
    EXPECT_TRUE(absl::IsCancelled(first->Run(&recorder).status()));
    return EncodeCheckpoint(*DecodeCheckpoint(group->Broadcast(EncodeCheckpoint(checkpoint)), ""));
  };
  const std::string bytes = Agreed(2, interrupted);
  const auto resume = [&](const Group& group) {
    SearchOptions own = options;
    own.processes = group;
    const std::unique_ptr<Dataset> images = TinyImages(40);
    const auto searcher = *Searcher::Create(own, images.get());
    EXPECT_TRUE(searcher->Load(*DecodeCheckpoint(bytes, "")).ok());
    Recorder recorder(searcher.get());
    const auto genotype = searcher->Run(&recorder);
    return absl::StrCat(GenotypeToJson(*genotype), kNumbers,
                        absl::StrJoin(recorder.numbers(), " "));
  };
  // The end of what was never interrupted.
  const auto end_of = [&](const std::string& text, const std::string& like) {
    const std::vector<std::string> parts = absl::StrSplit(text, kNumbers);
    const std::vector<std::string> all = absl::StrSplit(parts[1], ' ');
    const auto count = std::count(like.begin() + like.find(kNumbers), like.end(), ' ');
    return absl::StrCat(parts[0], kNumbers, absl::StrJoin(all.end() - count, all.end(), " "));
  };
  const std::string same = Agreed(2, resume);
  const std::string fewer = Agreed(1, resume);
  ExpectNear(same, end_of(whole, same), 0);
  ExpectNear(fewer, end_of(whole, fewer), kRounding);
}

}  // namespace
}  // namespace nap
