#include "nap/model/search_space_conformance.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/architecture/genotype_json.h"
#include "nap/architecture/genotype_validation.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/model/derived_network.h"
#include "nap/model/network_cost.h"
#include "nap/model/supernet.h"
#include "nap/search_space/search_space.h"
#include "ops/operation.h"

namespace nap {
namespace {

template <typename... What>
absl::Status Broken(const What&... what) {
  return absl::FailedPreconditionError(absl::StrCat(what...));
}

absl::Status CheckCandidates(const SearchSpace& space) {
  std::set<std::string> operations;
  bool has_real = false;
  for (const std::string& name : space.operations()) {
    NAP_ASSIGN_OR_RETURN(const auto* definition, OperationRegistry::Global().Find(name));
    has_real |= !definition->is_zero;
    if (!operations.insert(name).second) return Broken("the operation ", name, " is there twice");
  }
  if (!has_real) return Broken("no operation is a candidate beside the zero operation");
  for (const CellTopology& cell : space.cell_types()) {
    if (space.operations_per_cell() < cell.num_nodes ||
        space.operations_per_cell() > static_cast<int>(cell.edges.size())) {
      return Broken("operations_per_cell is ", space.operations_per_cell(), ", but the cell type '",
                    cell.name, "' has ", cell.num_nodes, " nodes, each of which keeps one, and ",
                    cell.edges.size(), " edges (nap/search_space/search_space.h)");
    }
  }
  return absl::OkStatus();
}

// What a cell, or a stem, hands on.
struct Output {
  int64_t channels;
  int64_t halvings;  // of height and width, since the image
};

absl::Status CheckPlan(const std::vector<CellTopology>& types, const NetworkOptions& options,
                       const NetworkPlan& plan) {
  if (plan.stem != options.stem || plan.image_channels != options.image_channels ||
      plan.classes != options.classes || static_cast<int64_t>(plan.cells.size()) != options.cells) {
    return Broken("the plan has another stem, image channels, classes or number of cells");
  }
  const bool cifar = plan.stem == StemKind::kCifar;
  std::vector<Output> outputs;
  std::set<int> seen;
  for (size_t i = 0; i < plan.cells.size(); ++i) {
    const CellPlan& cell = plan.cells[i];
    const auto broken = [&](const auto&... what) {
      return Broken("cell ", i, " ", what..., " (CellPlan in nap/search_space/search_space.h)");
    };
    if (cell.type < 0 || cell.type >= static_cast<int>(types.size())) {
      return broken("is of type ", cell.type, ", which there is not");
    }
    seen.insert(cell.type);
    const CellTopology& type = types[cell.type];
    if (cell.channels < 1) return broken("has ", cell.channels, " channels");
    if (static_cast<int>(cell.inputs.size()) != type.num_inputs) {
      return broken("has ", cell.inputs.size(), " inputs, its type ", type.num_inputs);
    }
    std::set<int64_t> halvings;
    for (const CellInputPlan& input : cell.inputs) {
      Output output{plan.stem_channels, cifar ? 0 : 3};
      if (input.source == CellInputPlan::kEarlyStem && !cifar) {
        output.halvings = 2;
      } else if (input.source >= 0 && input.source < static_cast<int>(i)) {
        output = outputs[input.source];
      } else if (input.source != CellInputPlan::kStem) {
        return broken("reads ", input.source, ", which is no earlier cell and no stem");
      }
      if (input.channels != output.channels) {
        return broken("reads ", input.channels, " channels of source ", input.source,
                      ", which has ", output.channels);
      }
      const auto definition = CellInputRegistry::Global().Find(input.kind);
      if (!definition.ok()) return broken("has an ", definition.status().message());
      if ((*definition)->is_identity && input.channels != cell.channels) {
        return broken("reads source ", input.source, " as it is, whose channels are not its own");
      }
      halvings.insert(output.halvings + ((*definition)->stride == 2 ? 1 : 0));
    }
    if (halvings.size() != 1) return broken("has inputs of different sizes");
    for (const Edge& edge : type.edges) {
      if (edge.source < type.num_inputs && edge.stride != cell.stride) {
        return broken("has stride ", cell.stride, ", an edge from an input ", edge.stride);
      }
    }
    outputs.push_back({static_cast<int64_t>(type.concat.size()) * cell.channels,
                       *halvings.begin() + (cell.stride == 2 ? 1 : 0)});
  }
  if (seen.size() != types.size()) {
    return Broken("a cell type is in no place of a network of ", options.cells,
                  " cells, which "
                  "should be refused (SearchSpace::Plan in nap/search_space/search_space.h)");
  }
  if (plan.output_channels != outputs.back().channels) {
    return Broken("output_channels is ", plan.output_channels, ", the last cell has ",
                  outputs.back().channels);
  }
  return absl::OkStatus();
}

// The smallest network of each stem, if all plans are as they should be.
std::map<StemKind, NetworkOptions> CheckPlans(const SearchSpace& space) {
  std::map<StemKind, NetworkOptions> smallest;
  std::vector<NetworkOptions> sizes;
  for (const StemKind stem : {StemKind::kCifar, StemKind::kImageNet}) {
    for (int64_t cells = -1; cells <= 24; ++cells) {
      for (const int64_t channels : {0, 1, 4, 6}) sizes.push_back({channels, cells, 3, 10, stem});
    }
    sizes.push_back({4, 24, 0, 10, stem});
    sizes.push_back({4, 24, 3, 1, stem});
    const NetworkOptions usual = space.usual_network(stem);
    EXPECT_TRUE(usual.stem == stem && space.Plan(usual).ok())
        << "usual_network is of another stem, or Plan refuses it: "
        << space.Plan(usual).status().message() << " (nap/search_space/search_space.h)";
    sizes.push_back(usual);
  }
  for (const NetworkOptions& size : sizes) {
    const std::string what =
        absl::StrCat(size.cells, " cells, ", size.channels, " channels, ", size.image_channels,
                     " image channels, ", size.classes, " classes",
                     size.stem == StemKind::kCifar ? "" : ", ImageNet's stem");
    const absl::StatusOr<NetworkPlan> plan = space.Plan(size);
    if (!plan.ok()) {
      EXPECT_TRUE(plan.status().code() == absl::StatusCode::kInvalidArgument &&
                  !plan.status().message().empty())
          << "Plan refuses by InvalidArgument and says why: " << what;
      continue;
    }
    if (size.cells < 1 || size.channels < 1 || size.image_channels < 1 || size.classes < 2) {
      ADD_FAILURE() << "Plan must refuse " << what
                    << " (ValidateNetwork in nap/search_space/search_space.h)";
      return {};
    }
    const absl::Status status = CheckPlan(space.cell_types(), size, *plan);
    if (!status.ok()) {
      ADD_FAILURE() << "of " << what << ": " << status.message();
      return {};
    }
    smallest.emplace(size.stem, size);
  }
  EXPECT_EQ(smallest.size(), 2) << "Plan refuses every network of some stem";
  return smallest;
}

CandidateSpace CandidatesOf(const SearchSpace& space) {
  CandidateSpace candidates{space.cell_types(), {}};
  for (const std::string& name : space.operations()) {
    candidates.operations.push_back({name, (*OperationRegistry::Global().Find(name))->is_zero});
  }
  return candidates;
}

// One operation on each edge, by chance.
Genotype RandomGenotype(const std::string& name, const CandidateSpace& space) {
  RandomStream random({1});
  LivingTable living(space, false);
  for (int cell = 0; cell < space.NumCellTypes(); ++cell) {
    for (int edge = 0; edge < space.NumEdges(cell); ++edge) {
      std::vector<CandidateId> ids = LivingOperations(space, LivingTable(space, true), cell, edge);
      random.Shuffle(ids);
      living[ids[0]] = true;
    }
  }
  return GenotypeOf(name, space, living);
}

void ExpectLearns(torch::nn::Module* network, const at::Tensor& logits, int64_t classes) {
  ASSERT_EQ(logits.sizes(), (std::vector<int64_t>{2, classes}));
  EXPECT_TRUE(logits.isfinite().all().item<bool>());
  logits.square().sum().backward();
  for (const auto& parameter : network->named_parameters()) {
    EXPECT_TRUE(parameter->grad().defined()) << parameter.key() << " gets no gradient";
  }
}

void ExpectNetworks(const SearchSpace& space, const NetworkOptions& options) {
  const CandidateSpace candidates = CandidatesOf(space);
  const NetworkPlan plan = *space.Plan(options);
  const Genotype genotype = RandomGenotype(space.name(), candidates);
  const absl::Status valid = ValidateGenotype(genotype, space.cell_types(), space.operations());
  EXPECT_TRUE(valid.ok()) << valid.message();
  const auto read = GenotypeFromJson(GenotypeToJson(genotype));
  EXPECT_TRUE(read.ok() && *read == genotype)
      << "a genotype is another one when it is written and read again";
  const std::string text = space.ToText(genotype);
  const auto from_text = space.FromText(text);
  EXPECT_TRUE(from_text.ok() && *from_text == genotype)
      << "FromText does not read what ToText writes (nap/search_space/search_space.h): " << text
      << from_text.status().message();

  at::manual_seed(1);
  const at::Tensor images = at::randn({2, options.image_channels, 32, 32});
  std::vector<at::Tensor> mixing;
  for (const CellTopology& cell : space.cell_types()) {
    mixing.push_back(at::rand({static_cast<int64_t>(cell.edges.size()),
                               static_cast<int64_t>(space.operations().size())}));
  }
  Supernet supernet(plan, candidates);
  ExpectLearns(&supernet, supernet.Forward(images, mixing), options.classes);
  const auto network = DerivedNetwork::Create({genotype, options});
  ASSERT_TRUE(network.ok()) << network.status().message();
  ExpectLearns(network->get(), (*network)->Forward(images).logits, options.classes);
  int64_t parameters = 0;
  for (const at::Tensor& parameter : (*network)->parameters()) parameters += parameter.numel();
  const auto cost = NetworkCost(plan, space.cell_types(), genotype, {32, 32});
  ASSERT_TRUE(cost.ok()) << cost.status().message();
  EXPECT_EQ(cost->parameters, parameters) << "NetworkCost does not count what there is";
}

}  // namespace

void ExpectSearchSpaceConforms(const std::string& name) {
  SCOPED_TRACE(absl::StrCat("search space ", name));
  const auto made = MakeSearchSpace(name);
  ASSERT_TRUE(made.ok()) << made.status().message();
  const SearchSpace* const space = made->get();
  const absl::Status candidates = CheckCandidates(*space);
  ASSERT_TRUE(candidates.ok()) << candidates.message();
  try {
    for (const auto& [stem, options] : CheckPlans(*space)) ExpectNetworks(*space, options);
  } catch (const std::exception& error) {
    const std::string what = error.what();  // LibTorch's goes on with a stack
    ADD_FAILURE() << "a network cannot be built or trained: " << what.substr(0, what.find('\n'));
  }
}

}  // namespace nap
