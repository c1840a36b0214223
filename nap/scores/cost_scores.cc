// parameters, mult_adds: how large the network is. What every other score has to beat.
#include "nap/scores/score.h"

namespace nap {
namespace {

class CostScore final : public Score {
 public:
  explicit CostScore(int64_t Cost::*what) : what_(what) {}

  absl::StatusOr<double> Of(const ScoredArchitecture& architecture) const override {
    return static_cast<double>(architecture.cost().*what_);
  }

 private:
  int64_t Cost::*const what_;
};

bool Register(const char* name, const char* description, int64_t Cost::*what) {
  return ScoreRegistry::Global().Register(name, {description, [what](const ParameterValues&) {
                                                   return std::make_unique<CostScore>(what);
                                                 }});
}

const bool registered =
    Register("parameters", "the network's parameters", &Cost::parameters) &&
    Register("mult_adds", "the network's multiply-adds an image", &Cost::mult_adds);

}  // namespace
}  // namespace nap
