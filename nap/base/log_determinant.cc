#include "nap/base/log_determinant.h"

#include <cmath>
#include <cstdint>

namespace nap {

double LogDeterminant(std::vector<double> matrix) {
  const auto size = static_cast<int64_t>(std::lround(std::sqrt(matrix.size())));
  double sum = 0;
  for (int64_t row = 0; row < size; ++row) {
    double* const at_row = matrix.data() + row * size;
    for (int64_t column = 0; column <= row; ++column) {
      const double* const at_column = matrix.data() + column * size;
      double value = at_row[column];
      for (int64_t i = 0; i < column; ++i) value -= at_row[i] * at_column[i];
      at_row[column] = column == row ? std::sqrt(value) : value / at_column[column];
    }
    sum += std::log(at_row[row]);
  }
  return 2 * sum;
}

}  // namespace nap
