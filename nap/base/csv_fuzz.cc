// Comma-separated values of any bytes, read and written again.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>

#include <cstdint>

#include "nap/base/csv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto rows = nap::ParseCsv({reinterpret_cast<const char*>(data), size});
  if (!rows.ok()) return 0;
  std::string text = "a,b\n";  // so that commas separate
  for (const nap::CsvRow& row : *rows) {
    absl::StrAppend(&text,
                    absl::StrJoin(row.fields, ",",
                                  [](std::string* out, const std::string& field) {
                                    absl::StrAppend(out, nap::CsvField(field));
                                  }),
                    "\n");
  }
  const auto again = nap::ParseCsv(text);
  CHECK(again.ok()) << again.status();
  CHECK_EQ(again->size(), rows->size() + 1);
  for (size_t i = 0; i < rows->size(); ++i) CHECK((*again)[i + 1].fields == (*rows)[i].fields);
  return 0;
}
