#include <absl/status/status.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/tiny_images_for_tests.h"
#include "nap/pruning/criterion.h"
#include "nap/search/optimization.h"
#include "nap/search/searcher.h"
#include "nap/search/tiny_search_for_tests.h"
#include "nap/training/checkpoint.h"

namespace nap {
namespace {

// Saves after every step, scoring and epoch, `most` times before it ends the search.
class Saver final : public SearchObserver {
 public:
  explicit Saver(const Searcher* searcher, size_t most = SIZE_MAX)
      : searcher_(searcher), most_(most) {}

  absl::Status OnStep(const SearchStepReport& report) override {
    return Note({report.train_loss, report.train_accuracy, report.strength_loss});
  }
  absl::Status OnEpoch(const SearchEpochReport& report) override {
    std::vector<double> values = {report.train_loss,         report.strength_loss,
                                  report.valid_loss,         report.valid_accuracy,
                                  report.learning_rate,      static_cast<double>(report.parameters),
                                  1.0 * report.pruned.size()};
    for (const Removal& removal : report.removals) {
      for (const double value : {removal.score, removal.next, 1.0 * removal.scoring}) {
        values.push_back(value);
      }
    }
    for (const Scoring& scoring : report.scorings) {
      values.push_back(scoring.number);
      scoring.scores.ForEach([&](double score) { values.push_back(score); });
    }
    // Before the first epoch there are no losses, and no number equals itself.
    for (double& value : values) value = std::isnan(value) ? -1 : value;
    for (size_t cell = 0; cell < searcher_->space().cell_types.size(); ++cell) {
      const auto& strengths = report.strengths.Values(static_cast<int>(cell));
      values.insert(values.end(), strengths.begin(), strengths.end());
      const auto& weights = report.mixing_weights.Values(static_cast<int>(cell));
      values.insert(values.end(), weights.begin(), weights.end());
    }
    for (const auto& strengths : report.edge_strengths) {
      values.insert(values.end(), strengths.begin(), strengths.end());
    }
    return Note(values);
  }

  absl::Status OnPruning(const PruningReport& report) override {
    return Note({1.0 * report.operations_alive, 1.0 * report.removed.size()});
  }

  std::vector<Checkpoint> saved;
  std::vector<std::vector<double>> traces;  // what was reported, save by save

 private:
  absl::Status Note(std::vector<double> values) {
    saved.push_back(searcher_->Save());
    traces.push_back(std::move(values));
    return saved.size() < most_ ? absl::OkStatus() : absl::CancelledError("far enough");
  }

  const Searcher* const searcher_;
  const size_t most_;
};

std::vector<double> NumbersOf(const std::vector<FrontPoint>& front) {
  std::vector<double> numbers;
  for (const FrontPoint& point : front) {
    numbers.push_back(point.limit);
    numbers.push_back(point.quality);
    for (const CellGenotype& cell : point.genotype.cells) {
      for (const auto& node : cell.nodes) {
        for (const GenotypeInput& input : node) {
          numbers.push_back(input.source);
          for (const char letter : input.operation) numbers.push_back(letter);
        }
      }
    }
  }
  return numbers;
}

class SearcherResumeTest : public testing::Test {
 protected:
  std::unique_ptr<Dataset> images_ = TinyImages(64);
};

// All that a search knows but how long it took.
std::string BytesOf(Checkpoint checkpoint) {
  for (auto number = checkpoint.numbers.begin(); number != checkpoint.numbers.end();) {
    const bool is_time = absl::StrContains(number->first, "seconds");
    number = is_time ? checkpoint.numbers.erase(number) : std::next(number);
  }
  return EncodeCheckpoint(checkpoint);
}

// Goes on from every place of a search, in a new searcher, to the same bits at the next one, and so
// to the same end.
TEST_F(SearcherResumeTest, GoesOnFromEveryStepAsIfNeverInterrupted) {
  const auto expect_exact = [&](const SearchOptions& options, const std::string& what) {
    const auto whole = *Searcher::Create(options, images_.get());
    Saver saver(whole.get());
    const auto genotype = whole->Run(&saver);
    ASSERT_TRUE(genotype.ok()) << genotype.status();
    ASSERT_GE(saver.saved.size(), 12u) << what;
    for (size_t place = 0; place < saver.saved.size(); ++place) {
      SCOPED_TRACE(absl::StrCat(what, place));
      const auto rest = *Searcher::Create(options, images_.get());
      const absl::Status loaded = rest->Load(saver.saved[place]);
      ASSERT_TRUE(loaded.ok()) << loaded;
      Saver again(rest.get(), /*most=*/1);
      const auto end = rest->Run(&again);
      if (place + 1 < saver.saved.size()) {
        ASSERT_EQ(end.status(), absl::CancelledError("far enough"));
        EXPECT_EQ(again.traces[0], saver.traces[place + 1]);
        EXPECT_TRUE(BytesOf(again.saved[0]) == BytesOf(saver.saved[place + 1]));
      } else {
        ASSERT_TRUE(end.ok()) << end.status();
        EXPECT_EQ(*end, *genotype);
        EXPECT_EQ(NumbersOf(rest->Front()), NumbersOf(whole->Front()));
      }
    }
  };
  SearchOptions tiny = TinySearch();
  tiny.epochs = 3;
  tiny.milestones = {2, 3, 1};
  tiny.train_fraction = 0.7;  // strengths begin to go through their part anew within an epoch
  {
    SearchOptions options = tiny;
    options.criterion = "activation_kernel:images=8,initialisations=1,removals=40,cells=3";
    expect_exact(options, "scored anew ");
    options.milestones = {0, 3, 1};
    options.criterion =
        "activation_kernel:images=8,initialisations=1,removals=40,cells=3,trained=1";
    expect_exact(options, "from before the first epoch ");
  }
  {
    SearchOptions options = tiny;
    options.criterion =
        "rank_sum:of=expected_score:score=activation_kernel:images=8/samples=2/removals=40+taylor";
    expect_exact(options, "drawn anew ");
  }
  // Of several points each has what its criterion knows.
  for (const char* criterion :
       {"activation_kernel:images=8,initialisations=1,removals=60,cells=3,trained=1",
        "ablation:batches=1",
        "rank_sum:of=expected_score:score=activation_kernel:images=8/samples=2/"
        "removals=60+taylor"}) {
    SearchOptions options = tiny;
    options.points = 3;
    options.criterion = criterion;
    options.relaxation = "softmax";
    expect_exact(options, absl::StrCat("the front of ", criterion, " "));
  }
  for (const std::string& name : PruningCriterionRegistry::Global().Names()) {
    SearchOptions options = tiny;
    options.criterion = QuickCriterion(name);
    expect_exact(options, name);
  }
  tiny.criterion = "magnitude";
  for (const std::string& name : OptimizationRegistry::Global().Names()) {
    SearchOptions options = tiny;
    options.optimization = name;
    expect_exact(options, name);
  }
  SearchOptions options = tiny;
  options.relaxation = "edge_softmax:partial_channels=2";
  expect_exact(options, "edge_softmax");
  tiny.search_space = "nas_bench_201";
  tiny.budget.operations_per_cell = 0;
  expect_exact(tiny, "nas_bench_201");
}

TEST_F(SearcherResumeTest, RefusesACheckpointOfAnotherSearch) {
  const auto searcher = *Searcher::Create(TinySearch(), images_.get());
  const Checkpoint checkpoint = searcher->Save();
  const auto message = [&](const auto& change, const Dataset& images) {
    SearchOptions options = TinySearch();
    change(&options);
    const auto other = *Searcher::Create(options, &images);
    const absl::Status status = other->Load(checkpoint);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    return std::string(status.message());
  };
  EXPECT_EQ(message([](auto* o) { o->network.channels = 4; }, *images_),
            "the checkpoint does not fit: 'weights.stem.conv0.weight' is [6, 3, 3, 3] Float, not "
            "[12, 3, 3, 3] Float");
  EXPECT_EQ(message([](auto* o) { o->operations = {"skip_connect"}; }, *images_),
            "the checkpoint does not fit: 'living.normal' is of 112 candidates, not 14");
  EXPECT_EQ(message([](auto* o) { o->relaxation = "edge_softmax"; }, *images_),
            "the checkpoint does not fit: it has no 'edge_strengths.0'");
  EXPECT_EQ(message([](auto* o) { o->criterion = "taylor"; }, *images_),
            "the checkpoint does not fit: it has no 'criterion.0'");
  EXPECT_EQ(message([](auto*) {}, *TinyImages(32)),
            "the images are not those of the checkpoint: 64 there, 32 here");
  // As many, one of them with another label.
  class Relabelled final : public ForwardingDataset {
   public:
    using ForwardingDataset::ForwardingDataset;
    int Label(int64_t index) const override {
      return index == 5 ? 1 - ForwardingDataset::Label(index) : ForwardingDataset::Label(index);
    }
    uint32_t Checksum() const override { return Dataset::Checksum(); }
  };
  EXPECT_EQ(
      message([](auto*) {}, Relabelled(images_.get())),
      "the images are not those of the checkpoint: 64, but with other pixels, labels, classes "
      "or names");
}

// A stranger's checkpoint must not make the records read what is not there.
TEST_F(SearcherResumeTest, RefusesCandidatesAndScoresThatThereAreNot) {
  const SearchOptions options = TinySearch();
  const Checkpoint checkpoint = (*Searcher::Create(options, images_.get()))->Save();
  const auto load = [&](const std::string& name, const std::string& rows) {
    Checkpoint changed = checkpoint;
    changed.strings[name] = rows;
    return (*Searcher::Create(options, images_.get()))->Load(changed);
  };
  for (const char* name : {"valid_pass", "valid_batch", "strength_steps", "epoch", "step"}) {
    Checkpoint changed = checkpoint;
    changed.integers[name] = -1;
    EXPECT_EQ((*Searcher::Create(options, images_.get()))->Load(changed).code(),
              absl::StatusCode::kFailedPrecondition)
        << name;
  }
  EXPECT_TRUE(load("pruned", "0 0 1").ok());
  for (const char* row : {"2 0 1", "0 14 1", "0 0 8", "-1 0 1", "0 0.5 1", "0 nan 1", "inf 0 1"}) {
    EXPECT_EQ(load("pruned", row).code(), absl::StatusCode::kFailedPrecondition) << row;
    EXPECT_EQ(load("removals", absl::StrCat(row, " 0 0 0")).code(),
              absl::StatusCode::kFailedPrecondition)
        << row;
  }
  EXPECT_TRUE(load("removals", "0 0 1 0 0 0").ok());
  EXPECT_FALSE(load("removals", "0 0 1 0 0 1e300").ok());
  std::string architecture;
  for (int candidate = 0; candidate < 224; ++candidate) absl::StrAppend(&architecture, " 1");
  EXPECT_TRUE(load("samples", "0" + architecture).ok());
  for (const std::string& rows : {std::string("0 1"), "1" + architecture, "nan" + architecture,
                                  "0" + architecture + " 0.5"}) {
    EXPECT_EQ(load("samples", rows).code(), absl::StatusCode::kFailedPrecondition) << rows;
  }
}

TEST_F(SearcherResumeTest, RefusesAFrontThatWasNotJudged) {
  SearchOptions options = TinySearch();
  options.front = CostKind::kParameters;
  options.points = 2;
  Checkpoint checkpoint = (*Searcher::Create(options, images_.get()))->Save();
  const auto load = [&] { return (*Searcher::Create(options, images_.get()))->Load(checkpoint); };
  EXPECT_TRUE(load().ok());
  checkpoint.integers["epoch"] = options.epochs + 1;
  EXPECT_EQ(load().message(), "the checkpoint does not fit: it has 0 qualities of 2 networks");
  checkpoint.strings["front_qualities"] = "0.5;0.25";
  EXPECT_TRUE(load().ok());
  checkpoint.strings["front_qualities"] = "0.5;0.25;0.125";
  EXPECT_FALSE(load().ok());
}

}  // namespace
}  // namespace nap
