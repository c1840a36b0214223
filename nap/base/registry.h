// The one registry mechanism behind everything that is swappable, from operations to executors.
//
// A plugin is a .cc file with a registration at its top and an `alwayslink` Bazel target:
//
//   static const bool registered = PruningScheduleRegistry::Global().Register("cubic", {...});
//
// A binary can use whatever it is linked with. An entry may declare parameters, which users set
// behind its name: --criterion=ablation:batches=8.
#ifndef NAP_BASE_REGISTRY_H_
#define NAP_BASE_REGISTRY_H_

#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>

#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nap/base/parameters.h"

namespace nap {

// Names to entries of one kind. `Entry` is what a plugin hands over (usually a factory), has a
// `std::string description` and names its kind for error messages:
// `static constexpr char kKind[] = "pruning criterion";`. Where users can set parameters it has
// `std::vector<Parameter> parameters` and a function `make` that takes their values last and
// returns a StatusOr.
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

  // What the entry makes that `text` names, "name" or "name:key=value,key=value". InvalidArgument
  // with the known names or parameters; else the entry's own errors, with `text` before them.
  template <typename E = Entry, typename... Arguments>
  auto Make(const std::string& text, const Arguments&... arguments) const
      -> decltype(std::declval<E>().make(arguments..., std::declval<ParameterValues>())) {
    const absl::StatusOr<Named> named = Read(text);
    if (!named.ok()) return named.status();
    auto made = named->entry->make(arguments..., named->values);
    if (!made.ok()) return Explained(text, made.status());
    return made;
  }

  // `text` with every parameter that the entry has, so that two texts that mean the same are the
  // same. InvalidArgument as Make's.
  absl::StatusOr<std::string> FullText(const std::string& text) const {
    const absl::StatusOr<Named> named = Read(text);
    if (!named.ok()) return named.status();
    return WithParameters(named->name, named->values.Text());
  }

  // The same without those that have their defaults.
  absl::StatusOr<std::string> ShortText(const std::string& text) const {
    const absl::StatusOr<Named> named = Read(text);
    if (!named.ok()) return named.status();
    return WithParameters(named->name, named->values.TextBeside(ParametersOf(*named->entry, 0)));
  }

  // A line an entry and one for each of its parameters.
  std::string Help() const {
    std::string help;
    for (const auto& [name, entry] : entries_) {
      absl::StrAppend(&help, name, ": ", entry.description, "\n");
      for (const Parameter& parameter : ParametersOf(entry, 0)) {
        absl::StrAppend(&help, "    ", parameter.name, "=", parameter.value, ": ", parameter.help,
                        "\n");
      }
    }
    return help;
  }

  // In alphabetical order.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) names.push_back(name);
    return names;
  }

 private:
  // What a text like Make's says.
  struct Named {
    std::string name;
    const Entry* entry;
    ParameterValues values;
  };
  absl::StatusOr<Named> Read(const std::string& text) const {
    const auto [name, settings] = SplitName(text);
    const absl::StatusOr<const Entry*> entry = Find(name);
    if (!entry.ok()) return entry.status();
    absl::StatusOr<ParameterValues> values = ReadParameters(ParametersOf(**entry, 0), settings);
    if (!values.ok()) return Explained(text, values.status());
    return Named{name, *entry, *std::move(values)};
  }

  static absl::Status Explained(const std::string& text, const absl::Status& status) {
    return absl::Status(status.code(),
                        absl::StrCat(Entry::kKind, " '", text, "': ", status.message()));
  }

  // Of entries that have some.
  template <typename E>
  static auto ParametersOf(const E& entry, int) -> decltype(entry.parameters) {
    return entry.parameters;
  }
  template <typename E>
  static std::vector<Parameter> ParametersOf(const E&, ...) {
    return {};
  }

  std::map<std::string, Entry> entries_;
};

}  // namespace nap

#endif  // NAP_BASE_REGISTRY_H_
