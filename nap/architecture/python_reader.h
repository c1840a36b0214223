// A reader of the few Python expressions that genotypes are written as, from the front to the back.
#ifndef NAP_ARCHITECTURE_PYTHON_READER_H_
#define NAP_ARCHITECTURE_PYTHON_READER_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <initializer_list>
#include <string>

namespace nap {

// White space and comments stand anywhere. Errors are InvalidArgument with the byte (from 0) at
// which something else was expected.
class PythonReader {
 public:
  explicit PythonReader(absl::string_view text) : text_(text) {}

  // Of what comes next; the text's size: nothing does.
  size_t Position();
  void GoTo(size_t position) { position_ = position; }
  bool AtEnd() { return Position() == text_.size(); }

  bool NextIsOneOf(absl::string_view characters);
  bool NextIsName();

  // Reads the character if it comes next.
  bool Accept(char wanted);
  absl::Status Expect(char wanted);

  // `[` or `(`; returns what closes it.
  absl::StatusOr<char> Open();

  absl::StatusOr<std::string> Name();

  // "key=".
  absl::Status ExpectKey(const std::string& key);

  // A call of one of these functions, of whatever module, up to behind its parenthesis: what NumPy
  // writes around a number, say. Reads nothing where there is none.
  bool AcceptCall(std::initializer_list<absl::string_view> functions);

  // 0 .. end-1, also as np.int64(2). `what` is for the error.
  absl::StatusOr<int> Number(absl::string_view what, int end);

  // Any number, whose value nobody needs; also as np.float32(0.5).
  absl::Status SkipNumber();

  // In quotes, without quotes and backslashes in it; also as np.str_('skip_connect').
  absl::StatusOr<std::string> OperationName();

  absl::Status ErrorAt(size_t position, absl::string_view what) const;
  // At what comes next.
  absl::Status Error(absl::string_view what) const { return ErrorAt(position_, what); }

 private:
  absl::StatusOr<std::string> QuotedName();

  const absl::string_view text_;
  size_t position_ = 0;
};

}  // namespace nap

#endif  // NAP_ARCHITECTURE_PYTHON_READER_H_
