// For authors of datasets: whether one keeps the promises of data/dataset.h.
#ifndef DATA_DATASET_CONFORMANCE_H_
#define DATA_DATASET_CONFORMANCE_H_

#include <string>

#include "data/dataset.h"

namespace nap {

// Of what `text` names, "name" or "name:key=value,key=value", opened with these options, which lead
// to a few images: expects of either part that its classes, labels, names, mean and spread are in
// order; that images are read whole, the same by each thread and for the same random numbers; that
// opened again it is the same, and with options that ask for fewer images or another size does as
// they say or refuses them; and that its parameters can be given.
void ExpectDatasetConforms(const std::string& text, const DatasetOptions& options);

}  // namespace nap

#endif  // DATA_DATASET_CONFORMANCE_H_
