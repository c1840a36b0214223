#include "nap/report/versions.h"

#include <ATen/Version.h>
#include <absl/strings/match.h>
#include <absl/strings/str_join.h>
#include <link.h>
#include <torch/version.h>

#include <algorithm>
#include <filesystem>

namespace nap {
namespace {

// The names, without folders and with links followed, of the shared libraries in this process.
std::vector<std::string> LoadedLibraries() {
  std::vector<std::string> names;
  const auto add = [](dl_phdr_info* info, size_t, void* data) {
    std::error_code error;
    const auto file = std::filesystem::canonical(info->dlpi_name, error);
    if (!error) static_cast<std::vector<std::string>*>(data)->push_back(file.filename());
    return 0;
  };
  ::dl_iterate_phdr(add, &names);
  return names;
}

std::vector<std::string> LoadedOf(bool (*wanted)(const std::string& name)) {
  std::vector<std::string> names = LoadedLibraries();
  names.erase(std::remove_if(names.begin(), names.end(),
                             [&](const std::string& name) { return !wanted(name); }),
              names.end());
  return names;
}

}  // namespace

std::string LibTorchVersion() { return TORCH_VERSION; }

std::string MatrixProductLibrary() {
  const std::vector<std::string> loaded = LoadedOf([](const std::string& name) {
    return (absl::StrContains(name, "blas") && !absl::StartsWith(name, "libcublas")) ||
           absl::StartsWith(name, "libmkl");
  });
  if (!loaded.empty()) return absl::StrJoin(loaded, ", ");
  const std::string settings = at::show_config();
  const std::string key = "BLAS_INFO=";
  const size_t begin = settings.find(key);
  if (begin == std::string::npos) return "unknown";
  return settings.substr(begin + key.size(), settings.find(',', begin) - begin - key.size());
}

std::vector<std::string> OpenMpRuntimes() {
  return LoadedOf([](const std::string& name) {
    return absl::StartsWith(name, "libgomp") || absl::StartsWith(name, "libomp") ||
           absl::StartsWith(name, "libiomp");
  });
}

}  // namespace nap
