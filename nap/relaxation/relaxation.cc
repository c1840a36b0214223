#include "nap/relaxation/relaxation.h"

#include <limits>
#include <utility>

namespace nap {

std::vector<Parameter> RelaxationParameters(double initial_strength) {
  return {Parameter::Number("initial_strength", initial_strength,
                            -std::numeric_limits<double>::infinity(), "where strengths start"),
          Parameter::Integer("partial_channels", 1, 1,
                             "of each source one channel in so many goes through an edge's "
                             "operations (PC-DARTS: 4); 1: all")};
}

Relaxation RelaxationOf(const ParameterValues& parameters,
                        std::function<at::Tensor(const Strengths& strengths)> mixing_weights,
                        bool edge_strengths) {
  return {std::move(mixing_weights), parameters.Number("initial_strength"),
          parameters.Integer("partial_channels"), edge_strengths};
}

}  // namespace nap
