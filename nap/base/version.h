// Which release this is; docs/CHANGELOG.md says what is in it.
#ifndef NAP_BASE_VERSION_H_
#define NAP_BASE_VERSION_H_

namespace nap {

inline constexpr char kVersion[] = "0.4.0-dev";

}  // namespace nap

#endif  // NAP_BASE_VERSION_H_
