// Compares search methods: searches with each, trains what they find, and puts it into a table.
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <gflags/gflags.h>
#include <glog/logging.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/open_dataset.h"
#include "data/split.h"
#include "experiments/comparison_child.h"
#include "experiments/comparison_folder.h"
#include "experiments/comparison_trials.h"
#include "experiments/data_flags.h"
#include "experiments/linked_plugins.h"
#include "experiments/run.h"
#include "nap/base/file_lock.h"
#include "nap/base/files.h"
#include "nap/base/interrupt.h"
#include "nap/base/option_checks.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/report/accuracy_table.h"
#include "nap/report/compared_run.h"
#include "nap/report/comparison.h"
#include "nap/report/run_schema.h"
#include "nap/runtime/launch.h"
#include "nap/search_space/search_space.h"

DEFINE_string(preset, "quick", "the flag file that sets the defaults");
DEFINE_string(methods, "nap,darts,random",
              "search methods, comma-separated: flag files in experiments/methods");
DEFINE_string(seeds, "2",
              "seeds that each method is searched and trained with: how many (from 0), or a list "
              "('3,5', or '3,' for one)");
DEFINE_string(out_dir, "", "folder to write, or to go on in; empty: runs/method_comparison-<time>");
DEFINE_bool(collect_only, false,
            "run nothing: make the table of all finished runs that are in --out_dir");

DEFINE_string(search_space, "", "search space of all searches; empty: the search preset's");
DEFINE_string(
    nas_bench_201_table, "",
    "CSV of published accuracies (docs/nas_bench_201.md): what is found is looked up there "
    "instead of trained");
DEFINE_string(search_preset, "comparison_quick", "cifar_search's --preset");
DEFINE_string(search_flags, "",
              "more flags for each search, separated by spaces; they win over preset and method");
DEFINE_string(train_preset, "comparison_quick", "cifar_train's --preset");
DEFINE_string(train_flags, "", "more flags for each training, separated by spaces");

DEFINE_int32(threads, 0, "threads that compute; 0: all cores");

namespace nap {
namespace {

absl::StatusOr<std::vector<std::string>> Methods() {
  const std::vector<std::string> methods = absl::StrSplit(FLAGS_methods, ',', absl::SkipEmpty());
  if (methods.empty()) return absl::InvalidArgumentError("--methods names none");
  for (const std::string& method : methods) {
    if (std::count(methods.begin(), methods.end(), method) > 1) {
      return absl::InvalidArgumentError(absl::StrCat("--methods names '", method, "' twice"));
    }
  }
  return methods;
}

absl::StatusOr<std::vector<uint64_t>> Seeds() {
  std::vector<uint64_t> seeds;
  for (absl::string_view part : absl::StrSplit(FLAGS_seeds, ',', absl::SkipEmpty())) {
    uint64_t seed = 0;
    if (!absl::SimpleAtoi(part, &seed)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--seeds=", FLAGS_seeds, ": '", part, "' is not a whole number from 0"));
    }
    seeds.push_back(seed);
  }
  if (seeds.size() == 1 && !absl::StrContains(FLAGS_seeds, ",")) {
    NAP_RETURN_IF_ERROR(CheckOption(seeds[0] >= 1 && seeds[0] <= 1000, "seeds",
                                    static_cast<double>(seeds[0]),
                                    "must be from 1 to 1000, or a list of seeds"));
    seeds.resize(seeds[0]);
    std::iota(seeds.begin(), seeds.end(), 0);
  }
  if (seeds.empty()) return absl::InvalidArgumentError("--seeds names none");
  if (std::set<uint64_t>(seeds.begin(), seeds.end()).size() != seeds.size()) {
    return absl::InvalidArgumentError(absl::StrCat("--seeds=", FLAGS_seeds, " names one twice"));
  }
  return seeds;
}

// The words of --search_flags or --train_flags, which may not say what the comparison itself does.
absl::StatusOr<std::vector<std::string>> MoreFlags(const char* name, const std::string& value) {
  static const std::set<std::string> kOwn = {"flagfile", "genotype",     "max_images", "method",
                                             "nostrict", "out_dir",      "preset",     "resume",
                                             "seed",     "search_space", "strict",     "threads"};
  const std::vector<std::string>& image_flags = ImageFlags();
  std::vector<std::string> words =
      absl::StrSplit(value, absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
  for (const std::string& word : words) {
    const std::vector<std::string> parts = absl::StrSplit(word, absl::MaxSplits('=', 1));
    const std::string flag =
        parts[0].substr(std::min(parts[0].size(), parts[0].find_first_not_of('-')));
    if (kOwn.count(flag) == 0 &&
        std::find(image_flags.begin(), image_flags.end(), flag) == image_flags.end()) {
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat("--", name, " may not set --", flag,
                                                   ": the comparison sets it for every run"));
  }
  return words;
}

// All of a child's command line but its folder. `more`: MoreFlags'.
std::vector<std::string> CommandLine(const std::string& preset, uint64_t seed,
                                     const std::vector<std::string>& more) {
  std::vector<std::string> flags = {
      absl::StrCat("--preset=", preset), absl::StrCat("--threads=", FLAGS_threads),
      absl::StrCat("--seed=", seed), absl::StrCat("--max_images=", FLAGS_max_images),
      absl::StrCat("--strict=", FLAGS_strict)};
  for (const std::string& name : ImageFlags()) {
    flags.push_back(absl::StrCat("--", name, "=",
                                 gflags::GetCommandLineFlagInfoOrDie(name.c_str()).current_value));
  }
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

// The trials of a comparison, seed after seed, so that methods can be compared early.
absl::StatusOr<std::vector<Trial>> Trials(const std::vector<std::string>& methods,
                                          const std::vector<uint64_t>& seeds,
                                          const std::string& out_dir) {
  NAP_ASSIGN_OR_RETURN(const auto search_flags, MoreFlags("search_flags", FLAGS_search_flags));
  NAP_ASSIGN_OR_RETURN(const auto train_flags, MoreFlags("train_flags", FLAGS_train_flags));
  std::vector<Trial> trials;
  for (uint64_t seed : seeds) {
    for (const std::string& method : methods) {
      Trial trial = MakeTrial(method, seed, out_dir);
      trial.search_flags = CommandLine(FLAGS_search_preset, seed, search_flags);
      trial.search_flags.push_back(absl::StrCat("--method=", method));
      if (!FLAGS_search_space.empty()) {
        trial.search_flags.push_back(absl::StrCat("--search_space=", FLAGS_search_space));
      }
      trial.train_flags = CommandLine(FLAGS_train_preset, seed, train_flags);
      trial.train_flags.push_back(
          absl::StrCat("--genotype=", trial.search, "/", run_file::kGenotype));
      trials.push_back(std::move(trial));
    }
  }
  return trials;
}

std::string CommandToGoOn(const std::vector<std::string>& arguments, const std::string& out_dir) {
  std::string command = BazelRun("//experiments:method_comparison", kLinkedPlugins);
  for (const std::string& argument : arguments) absl::StrAppend(&command, " ", ShellWord(argument));
  if (FLAGS_out_dir.empty()) absl::StrAppend(&command, " --out_dir=", ShellWord(out_dir));
  return command;
}

void PrintResult(const std::vector<ComparedRun>& runs, const MissingRuns& missing,
                 const ComparisonFolder& folder) {
  if (!runs.empty()) {
    absl::PrintF("\n%s\nWritten to %s: report.html, comparison.txt, comparison.json\n",
                 ComparisonToText(runs, missing), folder.path());
  }
  const std::vector<std::string> at_work = folder.AtWork();
  if (at_work.empty()) return;
  absl::PrintF("Others are still at work on %s; the last to end writes the whole table\n",
               absl::StrJoin(at_work, "; "));
}

// That every training and every search has images enough, before the first of them runs.
absl::Status CheckImages(const AgreedFlags& flags) {
  NAP_ASSIGN_OR_RETURN(const DatasetPair data,
                       OpenDataset(DatasetName(), DatasetOptionsFromFlags()));
  const auto number = [](const RunFlags& of, const char* name) {
    double value = 0;
    CHECK(absl::SimpleAtod(of.at(name).value, &value)) << name;
    return value;
  };
  const int64_t images = data.train->size();
  for (const auto& [method, search] : flags.search) {
    const absl::Status status =
        SplitForSearch(*data.train,
                       {number(search, "train_fraction"), search.at("valid_file").value,
                        /*seed=*/0, static_cast<int64_t>(number(search, "batch_size"))})
            .status();
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the search with ", method, ": ", status.message()));
    }
  }
  if (flags.train.empty()) return absl::OkStatus();  // a table says what trainings would
  const absl::Status status = CheckTrainingParts(
      images, data.test->size(), static_cast<int64_t>(number(flags.train, "batch_size")));
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("the training: ", status.message()));
}

absl::Status RunAll(const Programs& programs, const std::vector<std::string>& arguments) {
  NAP_ASSIGN_OR_RETURN(const std::vector<std::string> methods, Methods());
  NAP_ASSIGN_OR_RETURN(const std::vector<uint64_t> seeds, Seeds());
  // Wrong flags and wrong images leave no folder.
  NAP_ASSIGN_OR_RETURN(const std::vector<Trial> asked, Trials(methods, seeds, FLAGS_out_dir));
  NAP_ASSIGN_OR_RETURN(const AgreedFlags flags, AskForAgreedFlags(programs, asked));
  if (!AreFinished(asked, programs)) NAP_RETURN_IF_ERROR(CheckImages(flags));
  NAP_ASSIGN_OR_RETURN(const std::string out_dir,
                       OutDir(FLAGS_out_dir, {"method_comparison", {}, ""}));
  NAP_ASSIGN_OR_RETURN(const std::vector<Trial> trials, Trials(methods, seeds, out_dir));
  NAP_RETURN_IF_ERROR(MakeFolder(out_dir));
  absl::PrintF("Comparing %s, each with seeds %s; writing to %s\n", absl::StrJoin(methods, ", "),
               absl::StrJoin(seeds, ", "), out_dir);
  std::fflush(stdout);

  CatchInterrupts();
  ComparisonFolder folder(&programs, out_dir);
  const std::string command = CommandToGoOn(arguments, out_dir);
  const absl::Status status = RunTrials(programs, trials, flags, command, &folder);
  if (absl::IsFailedPrecondition(status)) return status;  // going on with the same would not help
  if (!status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat(status.message(), "; all is kept, go on with: ", command));
  }
  PrintResult(folder.Finished(trials), {folder.Missing(trials, /*own=*/nullptr), command}, folder);
  return absl::OkStatus();
}

// Of what the comparison was asked for when its files were written last, and of what was begun.
MissingRuns StillMissing(const ComparisonFolder& folder) {
  const absl::StatusOr<std::string> before = ReadFile(folder.path() + "/comparison.json");
  MissingRuns missing = MissingInJson(before.ok() ? *before : "");
  std::vector<Trial> trials;
  for (const MissingRun& run : missing.runs) {
    trials.push_back(MakeTrial(run.method, run.seed, folder.path()));
  }
  missing.runs = folder.Missing(trials, /*own=*/nullptr);
  return missing;
}

absl::Status Collect(const Programs& programs) {
  if (FLAGS_out_dir.empty()) {
    return absl::InvalidArgumentError("--collect_only needs --out_dir, the folder of the runs");
  }
  ComparisonFolder folder(&programs, FLAGS_out_dir);
  NAP_RETURN_IF_ERROR(folder.Look());
  if (folder.Finished({}).empty()) {
    const std::string file = programs.table != nullptr
                                 ? absl::StrCat(kSearchFolder, "/", programs.search.kind.result)
                                 : absl::StrCat(kTrainFolder, "/", programs.train.kind.result);
    return absl::NotFoundError(
        absl::StrCat("no finished run in ", FLAGS_out_dir, ": no METHOD-SEED/", file));
  }
  NAP_ASSIGN_OR_RETURN(const FileLock lock, folder.Lock());
  NAP_RETURN_IF_ERROR(folder.Look());  // what others have finished before they wrote their table
  const std::vector<ComparedRun> runs = folder.Finished({});
  const MissingRuns missing = StillMissing(folder);
  NAP_RETURN_IF_ERROR(WriteComparison(runs, missing, FLAGS_out_dir));
  PrintResult(runs, missing, folder);
  return absl::OkStatus();
}

ProgramOptions Program() {
  ProgramOptions options{"method_comparison",
                         "compares search methods: searches with each over several seeds, trains "
                         "what they find, and writes a table",
                         __FILE__};
  options.flag_files = {{"preset", "experiments/presets/method_comparison"}};
  options.others_flag_files = {{"methods", "experiments/methods"},
                               {"search_preset", "experiments/presets/cifar_search"},
                               {"train_preset", "experiments/presets/cifar_train"}};
  options.groups = {{"What is compared", {"preset", "methods", "seeds"}},
                    {"Searches", {"search_preset", "search_space", "search_flags"}},
                    {"What judges them", {"train_preset", "train_flags", "nas_bench_201_table"}}};
  AddDataFlags(&options);
  options.groups.push_back({"Machine, folder", {"threads", "out_dir", "collect_only"}});
  options.choices.push_back(ChoicesOf<SearchSpaceDefinition>("search_space"));
  return options;
}

absl::Status Main(Programs programs, const std::vector<std::string>& arguments) {
  NAP_RETURN_IF_ERROR(CheckRange("threads", FLAGS_threads, 0, kMostThreads));
  NAP_RETURN_IF_ERROR(CheckDataFlags());
  std::optional<AccuracyTable> table;
  if (!FLAGS_nas_bench_201_table.empty()) {
    NAP_ASSIGN_OR_RETURN(table, AccuracyTable::Read(FLAGS_nas_bench_201_table));
    programs.table = &*table;
  }
  return FLAGS_collect_only ? Collect(programs) : RunAll(programs, arguments);
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  // One of several that srun or mpirun has started is a worker; what it runs is not theirs
  // together.
  nap::ForgetLaunch();
  const auto search = nap::FindProgram(argv[0], "experiments/cifar_search");
  const auto train = nap::FindProgram(argv[0], "experiments/cifar_train");
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return nap::RunProgram(argc, argv, nap::Program(), [&]() -> absl::Status {
    if (!search.ok()) return search.status();
    if (!train.ok()) return train.status();
    return nap::Main({{*search, nap::ComparedSearch()}, {*train, nap::ComparedTraining()}},
                     arguments);
  });
}
