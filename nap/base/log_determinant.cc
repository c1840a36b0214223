#include "nap/base/log_determinant.h"

#include <cmath>
#include <cstdint>
#include <utility>

namespace nap {
namespace {

int64_t SizeOf(const std::vector<double>& matrix) {
  return std::lround(std::sqrt(static_cast<double>(matrix.size())));
}

}  // namespace

double LogDeterminant(std::vector<double> matrix) {
  const int64_t size = SizeOf(matrix);
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

double LogDeterminantPlusOne(std::vector<double> kernel) {
  const int64_t size = SizeOf(kernel);
  for (int64_t i = 0; i < size; ++i) kernel[i * size + i] += 1;
  return LogDeterminant(std::move(kernel));
}

}  // namespace nap
