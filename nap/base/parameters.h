// What a registry entry lets users set: --criterion=name:key=value,key=value.
#ifndef NAP_BASE_PARAMETERS_H_
#define NAP_BASE_PARAMETERS_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace nap {

// Declared by the entry that it belongs to.
struct Parameter {
  enum class Kind { kInteger, kNumber, kText };

  static Parameter Integer(std::string name, int64_t value, int64_t least, std::string help);
  // `least` may be minus infinity; the value is finite all the same.
  static Parameter Number(std::string name, double value, double least, std::string help);
  // Any text without ',' that the entry checks itself.
  static Parameter Text(std::string name, std::string value, std::string help);

  std::string name;
  Kind kind;
  std::string value;  // unless the user sets another
  double least;       // of numbers
  std::string help;   // one line, without a full stop
};

// A value for each declared parameter. Asking for another one, or for another kind, is a
// programmer's mistake.
class ParameterValues {
 public:
  // The defaults.
  explicit ParameterValues(const std::vector<Parameter>& parameters = {});

  int64_t Integer(const std::string& name) const;
  double Number(const std::string& name) const;
  const std::string& Text(const std::string& name) const;

  // All of them, or those that are not the defaults of `parameters`, as ReadParameters reads them,
  // in alphabetical order. What means the same is the same.
  std::string Text() const;
  std::string TextBeside(const std::vector<Parameter>& parameters) const;

 private:
  friend absl::StatusOr<ParameterValues> ReadParameters(const std::vector<Parameter>& parameters,
                                                        const std::string& text);
  const std::string& Find(const std::string& name) const;

  std::map<std::string, std::string> values_;
};

// "key=value,key=value"; InvalidArgument that names the key at fault and the known ones.
absl::StatusOr<ParameterValues> ReadParameters(const std::vector<Parameter>& parameters,
                                               const std::string& text);

// What stands before the first ':', and what stands behind it.
struct NameAndParameters {
  std::string name, parameters;
};
NameAndParameters SplitName(const std::string& text);

// The other way round.
std::string WithParameters(const std::string& name, const std::string& parameters);

// Names of entries, with their parameters, between which '+' stands; empty ones are left out.
std::vector<std::string> SplitNames(const std::string& text);

// What an entry says within another one's parameters, where '/' stands for ','.
std::string NestedText(std::string text);

}  // namespace nap

#endif  // NAP_BASE_PARAMETERS_H_
