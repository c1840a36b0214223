// The classes of images that are labelled by names.
#ifndef DATA_CLASS_NAMES_H_
#define DATA_CLASS_NAMES_H_

#include <map>
#include <string>
#include <vector>

namespace nap {

// Each of the images' classes once: in byte order, or, if they are whole numbers and `by_number`,
// in that of numbers.
std::vector<std::string> ClassNames(std::vector<std::string> of_images, bool by_number);

// The label of each class.
std::map<std::string, int> LabelsByName(const std::vector<std::string>& class_names);

}  // namespace nap

#endif  // DATA_CLASS_NAMES_H_
