// Early return for absl::Status, which Abseil itself leaves to its users.
#ifndef NAP_BASE_STATUS_MACROS_H_
#define NAP_BASE_STATUS_MACROS_H_

#include <absl/status/status.h>

#include <utility>

#define NAP_CONCAT_INNER(a, b) a##b
#define NAP_CONCAT(a, b) NAP_CONCAT_INNER(a, b)

// Returns `expression`'s status from the enclosing function unless it is OK.
#define NAP_RETURN_IF_ERROR(expression)      \
  do {                                       \
    absl::Status nap_status = (expression);  \
    if (!nap_status.ok()) return nap_status; \
  } while (false)

// NAP_ASSIGN_OR_RETURN(auto file, Open(path)): unwraps a StatusOr or returns its status.
#define NAP_ASSIGN_OR_RETURN(declaration, expression) \
  NAP_ASSIGN_OR_RETURN_INNER(NAP_CONCAT(nap_status_or_, __LINE__), declaration, expression)
#define NAP_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                       \
  if (!result.ok()) return result.status();                         \
  declaration = *std::move(result)

#endif  // NAP_BASE_STATUS_MACROS_H_
