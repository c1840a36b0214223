#include "nap/training/learning_rate.h"

#include <cmath>

namespace nap {

double CosineAnnealing(double initial, double final, double progress) {
  return final + (initial - final) * 0.5 * (1 + std::cos(M_PI * progress));
}

}  // namespace nap
