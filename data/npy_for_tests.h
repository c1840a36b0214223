#ifndef DATA_NPY_FOR_TESTS_H_
#define DATA_NPY_FOR_TESTS_H_

#include <absl/strings/str_cat.h>

#include <string>

namespace nap {

// A file as NumPy writes it, but for the spaces at its header's end.
inline std::string NpyFile(const std::string& type, const std::string& shape,
                           const std::string& items, const std::string& fortran = "False",
                           int version = 1) {
  const std::string header = absl::StrCat("{'descr': '", type, "', 'fortran_order': ", fortran,
                                          ", 'shape': ", shape, ", }\n");
  std::string file = absl::StrCat("\x93NUMPY", std::string{static_cast<char>(version), '\0'},
                                  std::string{static_cast<char>(header.size()), '\0'});
  if (version > 1) file += std::string(2, '\0');
  return absl::StrCat(file, header, items);
}

}  // namespace nap

#endif  // DATA_NPY_FOR_TESTS_H_
