#include "nap/report/page/page.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <utility>

#include "nap/base/json.h"
#include "nap/base/utf8.h"
#include "nap/report/page/assets.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDashes = 3;
// Colours that no operation of ours has, for those of others; see report.css.
constexpr int kFirstFreeColour = 10;
constexpr int kFreeColours = 4;

// In SVG's terms, as Chart.js has them in report.js.
constexpr const char* kDashPatterns[kDashes] = {"none", "5 2", "2 2"};

// Four significant digits: more cannot be seen, and would fill the file.
Json Rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  if (value == 0) return 0;
  const double scale = std::pow(10, 3 - std::floor(std::log10(std::abs(value))));
  return std::isfinite(scale) ? Json(std::round(value * scale) / scale) : Json(0);
}

Json RoundedAll(const std::vector<double>& values) {
  Json json = Json::array();
  for (double value : values) json.push_back(Rounded(value));
  return json;
}

const char* KindName(Chart::Kind kind) {
  switch (kind) {
    case Chart::Kind::kLines:
      return "lines";
    case Chart::Kind::kSteps:
      return "steps";
    case Chart::Kind::kPoints:
      return "points";
    case Chart::Kind::kStackedBars:
      return "bars";
    case Chart::Kind::kRanges:
      return "ranges";
  }
  return "";
}

// For the page's scripts. "<" must not end it.
std::string DataMarkup(const char* id, const Json& data) {
  return absl::StrCat("<script id=\"", id, "\" type=\"application/json\">",
                      absl::StrReplaceAll(JsonText(data), {{"<", "\\u003c"}}), "</script>\n");
}

// FNV-1a: the same on every machine, unlike std::hash.
uint32_t Hash(const std::string& text) {
  uint32_t hash = 2166136261u;
  for (unsigned char byte : text) hash = (hash ^ byte) * 16777619u;
  return hash;
}

}  // namespace

LineStyle OperationStyle(const std::string& operation) {
  // A family has a hue, its larger kernels are dashed.
  static const auto* const known = new std::map<std::string, LineStyle>{
      {"none", {0, 2}},         {"skip_connect", {8, 0}}, {"sep_conv_3x3", {1, 0}},
      {"sep_conv_5x5", {2, 1}}, {"sep_conv_7x7", {3, 2}}, {"dil_conv_3x3", {4, 0}},
      {"dil_conv_5x5", {5, 1}}, {"max_pool_3x3", {6, 0}}, {"avg_pool_3x3", {7, 1}},
      {"conv_7x1_1x7", {9, 0}}, {"nor_conv_3x3", {1, 0}}, {"nor_conv_1x1", {2, 1}}};
  const auto found = known->find(operation);
  if (found != known->end()) return found->second;
  const uint32_t hash = Hash(operation);
  return {kFirstFreeColour + static_cast<int>(hash % kFreeColours),
          static_cast<int>(hash / kFreeColours % kDashes)};
}

LineStyle StyleOf(int index) {
  constexpr int kOrder[] = {1, 8, 6, 4, 9, 2, 5, 7};
  constexpr int kCount = sizeof kOrder / sizeof *kOrder;
  return {kOrder[index % kCount], index / kCount % kDashes};
}

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(
      ToUtf8(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string LegendOfOperations(const std::vector<std::string>& operations) {
  std::string markup = "<ul class=\"legend\">";
  for (const std::string& operation : operations) {
    const LineStyle style = OperationStyle(operation);
    absl::StrAppend(&markup,
                    "<li><svg viewBox=\"0 0 26 8\" aria-hidden=\"true\"><path d=\"M0 4h26\" ",
                    "style=\"stroke:var(--c", style.colour, ")\" stroke-dasharray=\"",
                    kDashPatterns[style.dash], "\"/></svg>", Escaped(operation), "</li>");
  }
  return markup + "</ul>\n";
}

std::string TableMarkup(const Table& table) {
  std::string markup = "<div class=\"scroll\"><table>\n";
  if (!table.header.empty()) {
    absl::StrAppend(&markup, "<thead><tr>");
    for (const std::string& cell : table.header) {
      absl::StrAppend(&markup, "<th scope=\"col\">", Escaped(cell), "</th>");
    }
    absl::StrAppend(&markup, "</tr></thead>\n");
  }
  absl::StrAppend(&markup, "<tbody>\n");
  for (const auto& row : table.rows) {
    absl::StrAppend(&markup, "<tr><th scope=\"row\">",
                    absl::StrJoin(row.begin(), row.begin() + 1, ""), "</th>");
    for (size_t i = 1; i < row.size(); ++i) absl::StrAppend(&markup, "<td>", row[i], "</td>");
    absl::StrAppend(&markup, "</tr>\n");
  }
  return markup + "</tbody></table></div>\n";
}

std::string Folded(const std::string& title, const std::string& content) {
  return absl::StrCat("<details><summary>", Escaped(title), "</summary>\n", content,
                      "</details>\n");
}

Page::Page(std::string title, std::string subtitle)
    : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

void Page::AddTiles(const std::vector<Tile>& tiles) {
  absl::StrAppend(&body_, "<dl class=\"tiles\">\n");
  for (const Tile& tile : tiles) {
    absl::StrAppend(&body_, "<div><dt>", Escaped(tile.name), "</dt><dd>", Escaped(tile.value));
    if (!tile.note.empty()) absl::StrAppend(&body_, "<small>", Escaped(tile.note), "</small>");
    absl::StrAppend(&body_, "</dd></div>\n");
  }
  absl::StrAppend(&body_, "</dl>\n");
}

void Page::AddSection(const std::string& title, const std::string& explanation,
                      const std::string& content) {
  absl::StrAppend(&body_, "<section>\n<h2>", Escaped(title), "</h2>\n");
  if (!explanation.empty()) absl::StrAppend(&body_, "<p>", explanation, "</p>\n");
  absl::StrAppend(&body_, content, "</section>\n");
}

std::string Page::Place(const Chart& chart) {
  Json series = Json::array();
  for (const Series& one : chart.series) {
    series.push_back({{"label", one.label},
                      {"colour", one.style.colour},
                      {"dash", one.style.dash},
                      {"values", RoundedAll(one.values)}});
  }
  charts_.push_back({{"kind", KindName(chart.kind)},
                     {"xTitle", chart.x_title},
                     {"yTitle", chart.y_title},
                     {"x", chart.x},
                     {"series", series},
                     {"small", chart.is_small},
                     {"yMin", Rounded(chart.y_min)},
                     {"yMax", Rounded(chart.y_max)}});
  if (!chart.labels.empty()) charts_.back()["labels"] = chart.labels;
  const std::string title = Escaped(chart.title);
  return absl::StrCat("<figure class=\"chart\"><figcaption>", title,
                      "</figcaption><div><canvas role=\"img\" aria-label=\"", title, ": ",
                      Escaped(chart.y_title), "\" data-chart=\"", charts_.size() - 1,
                      "\"></canvas></div></figure>\n");
}

std::string Page::Grid(const std::vector<std::string>& items, bool is_small) {
  return absl::StrCat("<div class=\"grid", is_small ? " small" : "", "\">\n",
                      absl::StrJoin(items, ""), "</div>\n");
}

void Page::AddBehaviour(const char* style, const char* script, const Json& data) {
  absl::StrAppend(&style_, style);
  absl::StrAppend(&scripts_, DataMarkup("data", data), "<script>", script, "</script>\n");
}

std::string Page::Html() const {
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
      Escaped(title_), " - NAP</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n", kPageStyle,
      style_, "</style>\n</head>\n<body>\n<main>\n<header><h1>", Escaped(title_), "</h1><p>",
      Escaped(subtitle_), "</p></header>\n", body_,
      "<noscript><p>The charts need JavaScript; nothing is loaded from anywhere.</p></noscript>\n",
      "<footer>",
      Folded("Licence of the chart library",
             absl::StrCat("<pre>", Escaped(kChartLicence), "</pre>")),
      "</footer>\n</main>\n", DataMarkup("charts", charts_), "<script>", kChartLibrary,
      "</script>\n<script>", kPageScript, "</script>\n", scripts_, "</body>\n</html>\n");
}

}  // namespace nap
