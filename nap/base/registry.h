// The one registry mechanism behind everything that is swappable: operations, search spaces,
// relaxations, criteria, schedules, datasets.
//
// A plugin is a .cc file with a registration at its top and an `alwayslink` Bazel target:
//
//   static const bool registered = Registry<Schedule>::Global().Register("cubic", Schedule{...});
//
// A binary can use whatever it is linked with.
#ifndef NAP_BASE_REGISTRY_H_
#define NAP_BASE_REGISTRY_H_

#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace nap {

// Names to entries of one kind. `Entry` is what a plugin hands over (usually a factory) and names
// its kind for error messages: `static constexpr char kKind[] = "pruning criterion";`
//
// Written to before main() only, read after: no locks.
template <typename Entry>
class Registry {
 public:
  static Registry& Global() {
    static auto* registry = new Registry;
    return *registry;
  }

  // Returns true so that it can initialise a static. A name taken twice is a programmer's mistake
  // and ends the program.
  bool Register(const std::string& name, Entry entry) {
    CHECK(entries_.emplace(name, std::move(entry)).second)
        << "two plugins register the " << Entry::kKind << " '" << name << "'";
    return true;
  }

  // InvalidArgument with the known names if there is no such entry. The pointer stays valid.
  absl::StatusOr<const Entry*> Find(const std::string& name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      return absl::InvalidArgumentError(absl::StrCat("unknown ", Entry::kKind, " '", name,
                                                     "'; known: ", absl::StrJoin(Names(), ", ")));
    }
    return &found->second;
  }

  // In alphabetical order.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) names.push_back(name);
    return names;
  }

 private:
  std::map<std::string, Entry> entries_;
};

}  // namespace nap

#endif  // NAP_BASE_REGISTRY_H_
