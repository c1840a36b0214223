#ifndef NAP_BASE_LOG_DETERMINANT_H_
#define NAP_BASE_LOG_DETERMINANT_H_

#include <vector>

namespace nap {

// Of a symmetric, positive definite matrix, row by row, by its Cholesky decomposition. Not a number
// if it is not positive definite.
double LogDeterminant(std::vector<double> matrix);

// Of K + 1, 1 the identity: of the kernel of activation patterns as if there were one more unit in
// which every image differs from all others, which tells images apart that are equal and would make
// K singular.
double LogDeterminantPlusOne(std::vector<double> kernel);

}  // namespace nap

#endif  // NAP_BASE_LOG_DETERMINANT_H_
