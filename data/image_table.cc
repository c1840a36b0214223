// csv: image files whose labels a table says, one in a row. --data_dir is the table, or a folder
// with one called labels.csv; the files' paths are relative to its folder.
//
// The first line has the columns' names; in any case of letters:
//   path, file, filename, file_name, image, image_path, filepath    the file
//   label, class, class_name, category, target                      its class, in any words
//   split, set, subset, part                                        perhaps: train, val or test
// or as the parameters say. Without such names the first column is the file, the second its class.
// Other columns are not looked at. Parts are called as those of folders (image_folder_listing.h),
// and of val and test together val is taken; where no row has one that tests, some are held out
// (hold_out.h). Classes are those of the rows that train, in byte order, or in that of numbers if
// all are whole numbers.
#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/class_names.h"
#include "data/dataset.h"
#include "data/hold_out.h"
#include "data/image_files.h"
#include "data/part_names.h"
#include "data/picture_files.h"
#include "nap/base/csv.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

constexpr char kUsualName[] = "labels.csv";

const std::vector<std::string> kFileColumns = {"path",  "file",       "filename", "file_name",
                                               "image", "image_path", "filepath"};
const std::vector<std::string> kClassColumns = {"label", "class", "class_name", "category",
                                                "target"};
const std::vector<std::string> kPartColumns = {"split", "set", "subset", "part"};

struct ColumnNames {
  // Of which the column has one; in small letters.
  std::vector<std::string> file = kFileColumns, label = kClassColumns, part = kPartColumns;
  bool given = false;  // some of them, by the user
  bool part_given = false;
};

ColumnNames NamesFrom(const ParameterValues& values) {
  ColumnNames names;
  const std::vector<std::pair<std::string, std::vector<std::string>*>> columns = {
      {"file", &names.file}, {"class", &names.label}, {"part", &names.part}};
  std::set<std::string> given;
  for (const auto& [parameter, column] : columns) {
    const std::string name = absl::AsciiStrToLower(values.Text(parameter));
    if (name.empty()) continue;
    *column = {name};
    given.insert(name);
  }
  // A column that is said to be one thing is nothing else.
  for (const auto& [parameter, column] : columns) {
    if (!values.Text(parameter).empty()) continue;
    column->erase(std::remove_if(column->begin(), column->end(),
                                 [&](const std::string& name) { return given.count(name) > 0; }),
                  column->end());
  }
  names.given = !given.empty();
  names.part_given = !values.Text("part").empty();
  return names;
}

struct Columns {
  int file = 0, label = 1, part = -1;
  bool named = false;  // by the first row, which is no image
};

// The number of the column that has one of the names; -1: none has.
int Find(const CsvRow& header, const std::vector<std::string>& names) {
  for (size_t i = 0; i < header.fields.size(); ++i) {
    const std::string name = absl::AsciiStrToLower(header.fields[i]);
    if (std::count(names.begin(), names.end(), name) > 0) return static_cast<int>(i);
  }
  return -1;
}

struct Table {
  std::string path;    // of the file
  std::string folder;  // with a slash at its end
  std::vector<CsvRow> rows;

  template <typename... What>
  absl::Status Fail(const CsvRow& row, const What&... what) const {
    return absl::InvalidArgumentError(absl::StrCat(path, ", line ", row.line, ": ", what...));
  }
};

absl::StatusOr<Table> ReadTable(const std::string& data_dir) {
  Table table;
  table.path = IsFolder(data_dir) ? (fs::path(data_dir) / kUsualName).string() : data_dir;
  auto content = ReadFile(table.path);
  if (absl::IsNotFound(content.status()) && IsFolder(data_dir)) {
    return absl::NotFoundError(absl::StrCat("--data_dir=", data_dir, " holds no ", kUsualName,
                                            "; the table itself may be given, too"));
  }
  NAP_RETURN_IF_ERROR(content.status());
  auto rows = ParseCsv(*content);
  if (!rows.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(table.path, ", ", rows.status().message()));
  }
  table.rows = *std::move(rows);
  table.folder = (fs::path(table.path).parent_path() / "").string();
  return table;
}

absl::StatusOr<Columns> ColumnsOf(const Table& table, const ColumnNames& names) {
  if (table.rows.empty()) return absl::InvalidArgumentError(table.path + " is empty");
  const CsvRow& first = table.rows.front();
  const Columns columns{Find(first, names.file), Find(first, names.label), Find(first, names.part),
                        /*named=*/true};
  const auto missing = [&](const std::vector<std::string>& wanted, const char* what) {
    return table.Fail(first, "none of its columns is called ", absl::StrJoin(wanted, ", "),
                      " (the ", what, "); it has ", absl::StrJoin(first.fields, ", "));
  };
  std::error_code ignored;
  if (!names.given && columns.file < 0 && columns.label < 0 && first.fields.size() >= 2 &&
      fs::exists(table.folder + first.fields[0], ignored)) {
    return Columns{};
  }
  if (columns.file < 0) return missing(names.file, "image's file");
  if (columns.label < 0) return missing(names.label, "class");
  if (columns.part < 0 && names.part_given) return missing(names.part, "part");
  return columns;
}

struct Row {
  std::string path, name;
  Part part;
};

absl::StatusOr<std::vector<Row>> ReadRows(const Table& table, const ColumnNames& names) {
  NAP_ASSIGN_OR_RETURN(const Columns columns, ColumnsOf(table, names));
  std::vector<Row> rows;
  std::map<std::string, int> lines;
  for (size_t i = columns.named ? 1 : 0; i < table.rows.size(); ++i) {
    const CsvRow& row = table.rows[i];
    const auto needed =
        static_cast<size_t>(std::max({columns.file, columns.label, columns.part})) + 1;
    if (row.fields.size() < needed) {
      return table.Fail(row, "it has ", row.fields.size(), " of ", needed, " columns");
    }
    const std::string& file = row.fields[static_cast<size_t>(columns.file)];
    const std::string& name = row.fields[static_cast<size_t>(columns.label)];
    if (file.empty()) return table.Fail(row, "it names no file");
    if (name.empty()) return table.Fail(row, "'", file, "' has no class");
    // One that is gone is found out now, not when it is read hours later.
    const std::string path = file[0] == '/' ? file : table.folder + file;
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) {
      return table.Fail(row, "there is no file ", path);
    }
    const auto [earlier, is_new] =
        lines.emplace(fs::path(path).lexically_normal().string(), row.line);
    if (!is_new) return table.Fail(row, "'", file, "' stands in line ", earlier->second, ", too");
    Part part = Part::kTrain;
    if (columns.part >= 0) {
      const std::string& word = row.fields[static_cast<size_t>(columns.part)];
      const auto known = PartCalled(word);
      if (!known.has_value()) {
        return table.Fail(row, "'", word, "' is no part; known: ", AllPartNames());
      }
      part = *known;
    }
    rows.push_back({path, name, part});
  }
  return rows;
}

// Of the rows that train.
std::vector<std::string> ClassNamesOf(const std::vector<Row>& rows) {
  std::vector<std::string> names;
  for (const Row& row : rows) {
    if (row.part == Part::kTrain) names.push_back(row.name);
  }
  const bool by_number = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    int64_t number = 0;
    return absl::SimpleAtoi(name, &number);
  });
  return ClassNames(std::move(names), by_number);
}

absl::StatusOr<LabelledFiles> ListFiles(const Table& table, const ColumnNames& names,
                                        const DatasetOptions& options) {
  NAP_ASSIGN_OR_RETURN(std::vector<Row> rows, ReadRows(table, names));
  LabelledFiles files;
  files.class_names = ClassNamesOf(rows);
  if (files.class_names.size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat(table.path, ": the rows that train have ",
                                                   files.class_names.size(),
                                                   " classes; there must be two or more"));
  }
  const std::map<std::string, int> labels = LabelsByName(files.class_names);
  const auto has = [&](Part part) {
    return std::any_of(rows.begin(), rows.end(),
                       [part](const Row& row) { return row.part == part; });
  };
  const bool has_validation = has(Part::kValidation), has_test = has(Part::kTest);
  if (has_validation && has_test) {
    LOG(WARNING) << table.path << ": rows of train are trained on and those of val tested on; not "
                 << "read: those of test";
  }
  const Part tested = has_validation ? Part::kValidation : Part::kTest;
  for (Row& row : rows) {
    if (row.part != Part::kTrain && row.part != tested) continue;
    const auto label = labels.find(row.name);
    if (label == labels.end()) {
      return absl::InvalidArgumentError(absl::StrCat(table.path, ": ", row.path,
                                                     ", which tests, is of the class '", row.name,
                                                     "', of which no row trains"));
    }
    (row.part == Part::kTrain ? files.train : files.test)
        .push_back({std::move(row.path), label->second});
  }
  std::stable_sort(files.train.begin(), files.train.end(),
                   [](const LabelledFile& a, const LabelledFile& b) { return a.label < b.label; });
  if (!files.test.empty()) {
    NAP_RETURN_IF_ERROR(CheckNothingHeldOut(options));
  } else {
    NAP_RETURN_IF_ERROR(HoldOut(options, &files));
  }
  return files;
}

absl::StatusOr<DatasetPair> Open(const DatasetOptions& given, const ParameterValues& values) {
  NAP_ASSIGN_OR_RETURN(const Table table, ReadTable(given.data_dir));
  DatasetOptions options = given;
  options.data_dir = table.folder;  // by which images are named
  NAP_ASSIGN_OR_RETURN(LabelledFiles files, ListFiles(table, NamesFrom(values), options));
  return MakePictureFiles(options, std::move(files));
}

const bool registered = DatasetRegistry::Global().Register(
    "csv", {"image files whose labels a table says",
            /*needs_data_dir=*/true,
            Open,
            {Parameter::Text("file", "", "column of the image's file; empty: one of the usual"),
             Parameter::Text("class", "", "column of its class; empty: one of the usual"),
             Parameter::Text("part", "",
                             "column that says train, val or test; empty: one of the usual")}});

}  // namespace
}  // namespace nap
