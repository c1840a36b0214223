#include "nap/report/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "nap/report/duration.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

TEST(FormatDurationTest, SaysWhatAPersonWould) {
  EXPECT_EQ(FormatDuration(0.2), "0 s");
  EXPECT_EQ(FormatDuration(59.4), "59 s");
  EXPECT_EQ(FormatDuration(59.6), "1 min 00 s");
  EXPECT_EQ(FormatDuration(754), "12 min 34 s");
  EXPECT_EQ(FormatDuration(3 * 3600 + 5 * 60 + 7), "3 h 05 min");
}

// What a file or a pipe gets of an epoch whose genotype is this.
std::string LinesOf(const std::string& search_space, const Genotype& genotype,
                    const std::vector<int>& tracks_alive = {}) {
  const CandidateSpace space{{CellTopology::Dense("normal", 2, 1, 1)},
                             {{"none", true}, {"a"}, {"b"}}};
  std::FILE* file = std::tmpfile();
  EXPECT_NE(file, nullptr);
  Progress progress(file);
  SearchStepReport step;
  step.epoch = 1;
  step.epochs = 2;
  step.step = 10;
  step.steps_per_epoch = 20;
  step.train_loss = 2.5;
  progress.Step(step);
  SearchEpochReport report{{}, NumberTable(space), NumberTable(space), {}};
  report.epoch = 1;
  report.epochs = 2;
  report.train_loss = 1.5;
  report.train_accuracy = 0.25;
  report.strength_loss = 1.25;
  report.valid_loss = 1.75;
  report.valid_accuracy = 0.5;
  report.seconds = 61;
  report.operations_alive = {2};
  report.broken_images = 3;
  report.images_passed_over = 1;
  report.pruned = {{0, 0, 0}, {0, 0, 1}, {0, 1, 1}, {0, 0, 2}};
  report.genotype = genotype;
  report.tracks_alive = tracks_alive;
  report.supernet_alive = 5;
  progress.Epoch(report, **MakeSearchSpace(search_space), space);
  std::rewind(file);
  std::string text(1000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

// Whole lines, and no step line at once.
TEST(ProgressTest, WritesPlainLinesToAFile) {
  EXPECT_EQ(LinesOf("darts", {}),
            "epoch 1/2 done in 1 min 01 s: train loss 1.500, accuracy 25.0 %; validation loss "
            "1.750, accuracy 50.0 %; 2 operations alive\n"
            "  broken images, left out: 3\n"
            "  whole images of batches that were too small without them, left out: 1\n"
            "  pruned: normal 2 a, 1 b\n");
}

TEST(ProgressTest, CountsWhatPointsOfAFrontHave) {
  EXPECT_NE(LinesOf("darts", {}, {2, 4, 3})
                .find("  pruned: normal 2 a, 1 b\n"
                      "  points of the front: 2, 4, 3 operations alive; 5 in the supernet\n"),
            std::string::npos);
}

// spaces_for_tests.cc.
TEST(ProgressTest, NamesTheCellWhereItHasAName) {
  const Genotype genotype{"three_inputs", {{"cell", {{{"a", 2}}, {{"b", 3}}}, {3, 4}}}};
  EXPECT_NE(LinesOf("three_inputs", genotype).find("\n  cell now: three: a from 2; b from 3\n"),
            std::string::npos);
  EXPECT_EQ(LinesOf("plain", genotype).find("cell now"), std::string::npos);
}

// What a terminal gets.
TEST(ProgressTest, RewritesATerminalsLineWithinAPhase) {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  ASSERT_EQ(::grantpt(terminal), 0);
  ASSERT_EQ(::unlockpt(terminal), 0);
  std::FILE* const file = std::fopen(::ptsname(terminal), "w");
  ASSERT_NE(file, nullptr);
  {
    Progress progress(file);
    progress.Phase({"scoring 196 operations", 3, 20, 0, 0, false, 0.2, 0});
    progress.Phase({"scoring 196 operations", 3, 20, 12, 197, false, 4, 65});
    progress.Phase({"scoring 151 operations", 0, 0, 3, 152, false, 31, 0.4});
    const CandidateSpace space{{CellTopology::Dense("normal", 2, 1, 1)}, {{"a"}}};
    progress.Pruning({3, {{{0, 1, 0}, 0.5, 1, 1}}, 9, 7, 1, 4}, space);
    progress.Busy("exporting model.pt");
    progress.Busy("");
    progress.Phase({"evaluating the test part", 20, 20, 5, 5, false, 2, 0});
  }
  const std::string last = "said next";
  std::fputs(last.c_str(), file);
  std::fflush(file);
  // A terminal passes on what it has so far.
  std::string text, part(1000, '\0');
  while (text.size() < last.size() || text.substr(text.size() - last.size()) != last) {
    const ssize_t size = ::read(terminal, part.data(), part.size());
    ASSERT_GT(size, 0);
    text += part.substr(0, static_cast<size_t>(size));
  }
  const std::string clear = "\r\033[K";
  EXPECT_EQ(text, clear + "epoch 3/20  scoring 196 operations  for 0 s" + clear +
                      "epoch 3/20  scoring 196 operations, 12/197  for 4 s  1 min 05 s left" +
                      clear + "before the first epoch  scoring 151 operations, 3/152  for 31 s" +
                      clear +
                      "pruning point 2 of 4 for 7 s  9 operations alive  last removed: a on edge "
                      "c_{k-1} -> 2 of the normal cell" +
                      clear + "exporting model.pt" + clear + clear +
                      "epoch 20/20  evaluating the test part, 5/5  for 2 s\r\n" + last);
  std::fclose(file);
  ::close(terminal);
}

}  // namespace
}  // namespace nap
