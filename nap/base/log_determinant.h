#ifndef NAP_BASE_LOG_DETERMINANT_H_
#define NAP_BASE_LOG_DETERMINANT_H_

#include <vector>

namespace nap {

// Of a symmetric, positive definite matrix, row by row, by its Cholesky decomposition. Not a number
// if it is not positive definite.
double LogDeterminant(std::vector<double> matrix);

}  // namespace nap

#endif  // NAP_BASE_LOG_DETERMINANT_H_
