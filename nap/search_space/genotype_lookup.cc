#include "nap/search_space/genotype_lookup.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/string_view.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "nap/architecture/genotype_json.h"
#include "nap/architecture/genotype_texts.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/search_space/published_genotypes.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

bool IsJson(absl::string_view text) {
  return absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "{");
}

// A part of a text that looks like a genotype.
struct Part {
  const SearchSpace* space;  // null: genotype.json's format
  absl::string_view text;
  std::string name;  // that it is assigned; empty: none
  int64_t line;      // of the whole text, from 1
};

struct Parts {
  std::vector<std::unique_ptr<SearchSpace>> spaces;  // that the parts point to
  std::vector<Part> parts;                           // in their order
};

Parts PartsOf(absl::string_view text) {
  Parts all;
  for (const std::string& name : SearchSpaceRegistry::Global().Names()) {
    absl::StatusOr<std::unique_ptr<SearchSpace>> space = MakeSearchSpace(name);
    if (!space.ok()) continue;
    for (const absl::string_view part : (*space)->TextsIn(text)) {
      all.parts.push_back({space->get(), part, "", 1});
    }
    all.spaces.push_back(*std::move(space));
  }
  std::sort(all.parts.begin(), all.parts.end(),
            [](const Part& a, const Part& b) { return a.text.data() < b.text.data(); });
  // What stands somewhere in a JSON object is for its reader to find.
  const absl::string_view begin = absl::StripLeadingAsciiWhitespace(text);
  if (IsJson(text) && (all.parts.empty() || all.parts[0].text.data() != begin.data())) {
    all.parts = {{nullptr, text, "", 1}};
  }
  size_t seen = 0;
  int64_t line = 1;
  for (Part& part : all.parts) {
    const size_t position = std::max<size_t>(seen, part.text.data() - text.data());
    part.name = std::string(NameOf(part.text, text, seen));
    line += std::count(text.begin() + seen, text.begin() + position, '\n');
    part.line = line;
    seen = position;
  }
  return all;
}

// Files may hold any bytes; genotype.json, and what people see, cannot.
absl::Status CheckNames(const Genotype& genotype) {
  for (const CellGenotype& cell : genotype.cells) {
    for (const auto& node : cell.nodes) {
      for (const GenotypeInput& input : node) {
        const std::string& name = input.operation;
        if (std::all_of(name.begin(), name.end(), absl::ascii_isprint)) continue;
        return absl::InvalidArgumentError(
            absl::StrCat("the operation '", absl::CEscape(name), "' has bytes that no name has"));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Genotype> Read(const Part& part) {
  NAP_ASSIGN_OR_RETURN(Genotype genotype, part.space != nullptr ? part.space->FromText(part.text)
                                                                : GenotypeFromJson(part.text));
  if (part.space != nullptr) NAP_RETURN_IF_ERROR(CheckNames(genotype));
  const auto name = SearchSpaceRegistry::Global().ShortText(genotype.search_space);
  if (name.ok()) genotype.search_space = *name;
  return genotype;
}

absl::Status NoGenotype() {
  return absl::InvalidArgumentError(absl::StrCat(
      "it is no genotype and has none: neither in genotype.json's format nor in that of a search "
      "space (",
      absl::StrJoin(SearchSpaceRegistry::Global().Names(), ", "), ")"));
}

// The genotype of this name in the text; of several, or without a name, the last one. `origin`:
// where the text came from, a file or not, for errors and the note.
absl::StatusOr<Genotype> ReadOneOf(const std::string& origin, bool is_file, absl::string_view text,
                                   const std::string& wanted, std::string* note) {
  const auto error = [&](const auto&... what) {
    return absl::InvalidArgumentError(absl::StrCat(origin, what...));
  };
  const Parts all = PartsOf(text);
  if (all.parts.empty()) return error(": ", NoGenotype().message());
  std::vector<std::string> names;
  std::vector<const Part*> candidates;
  for (const Part& part : all.parts) {
    if (wanted.empty() || part.name == wanted) candidates.push_back(&part);
    if (!part.name.empty() && std::find(names.begin(), names.end(), part.name) == names.end()) {
      names.push_back(part.name);
    }
  }
  if (candidates.empty()) {
    return error(" has no genotype of the name '", wanted, "'; it has ",
                 absl::StrJoin(names, ", "));
  }
  if (wanted.empty() && names.size() > 1) {
    return error(" has ", candidates.size(), " genotypes: ", absl::StrJoin(names, ", "),
                 is_file ? absl::StrCat("; choose one as ", origin, ":", names.front())
                         : "; give one of them");
  }
  const Part& part = *candidates.back();
  absl::StatusOr<Genotype> genotype = Read(part);
  const std::string line = part.line > 1 ? absl::StrCat(", line ", part.line) : "";
  if (!genotype.ok()) return error(line, ": ", genotype.status().message());
  if (candidates.size() > 1 && note != nullptr) {
    *note = absl::StrCat(origin, " has ", candidates.size(), " genotypes; the last one is taken",
                         line.empty() ? "" : absl::StrCat(", that of line ", part.line));
  }
  return genotype;
}

// A text as a message of one line can name it.
std::string Shortened(absl::string_view text) {
  constexpr size_t kMost = 80;
  const std::string line = absl::CEscape(text.substr(0, kMost));
  return absl::StrCat("the genotype '", text.size() > kMost ? absl::StrCat(line, "...") : line,
                      "'");
}

}  // namespace

absl::StatusOr<Genotype> FindGenotype(const std::string& name_or_file, std::string* note) {
  if (const char* line = PublishedGenotype(name_or_file); line != nullptr) {
    return ParseGenotype(line);
  }
  if (LooksLikeGenotype(name_or_file)) {
    return ReadOneOf(Shortened(name_or_file), /*is_file=*/false, name_or_file, "", note);
  }
  std::string file = name_or_file;
  std::string wanted;
  absl::StatusOr<std::string> content = ReadFile(file);
  const size_t colon = file.rfind(':');
  if (absl::IsNotFound(content.status()) && colon != std::string::npos) {
    wanted = file.substr(colon + 1);
    file.resize(colon);
    content = ReadFile(file);
  }
  if (absl::IsNotFound(content.status())) {
    return absl::NotFoundError(absl::StrCat("the genotype '", name_or_file,
                                            "' is neither a file nor one of ",
                                            absl::StrJoin(PublishedGenotypes(), ", ")));
  }
  if (!content.ok()) return content.status();
  return ReadOneOf(file, /*is_file=*/true, *content, wanted, note);
}

absl::StatusOr<Genotype> ParseGenotype(absl::string_view text) {
  const Parts all = PartsOf(text);
  if (all.parts.empty()) return NoGenotype();
  if (all.parts.size() == 1) return Read(all.parts.front());
  return absl::InvalidArgumentError(
      absl::StrCat("there are ", all.parts.size(), " genotypes where one should be"));
}

bool LooksLikeGenotype(absl::string_view text) { return !PartsOf(text).parts.empty(); }

}  // namespace nap
