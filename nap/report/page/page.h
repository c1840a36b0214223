// One HTML file that needs nothing else: markup, style, charts and the library that draws them.
#ifndef NAP_REPORT_PAGE_PAGE_H_
#define NAP_REPORT_PAGE_PAGE_H_

#include <absl/strings/string_view.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace nap {

// How a line is told from others: in colour and, for those who see no colours, in its dashes.
struct LineStyle {
  int colour;    // --c0, --c1, ... of report.css
  int dash = 0;  // 0: solid, 1: dashed, 2: dotted
};

// The same for the same operation on every page.
LineStyle OperationStyle(const std::string& operation);

// For the `index`-th of things that have no style of their own.
LineStyle StyleOf(int index);

struct Series {
  std::string label;
  LineStyle style;
  std::vector<double> values;  // one for each of Chart::x; not a number: none
};

struct Chart {
  enum class Kind {
    kLines,        // x is a number
    kSteps,        // the same, with values that stay until they change
    kPoints,       // x is a number; the first series' points are joined, others are not
    kStackedBars,  // x is a name
    kRanges,       // x is a name; the series are the middle, half of the height, and single points
  };
  Kind kind = Kind::kLines;
  std::string title;  // plain text; says what is drawn to those who do not see it
  std::string x_title;
  std::string y_title;  // with the unit
  std::vector<std::string> x;
  std::vector<Series> series;
  std::vector<std::string> labels;  // of kPoints: one for each of x, beside its points
  bool is_small = false;            // without a legend of its own
  // What the axis shows at least.
  double y_min = std::numeric_limits<double>::quiet_NaN();
  double y_max = std::numeric_limits<double>::quiet_NaN();
};

struct Tile {
  std::string name;
  std::string value;
  std::string note;  // may be empty
};

// Plain text as markup.
std::string Escaped(absl::string_view text);

// A swatch and a name for each.
std::string LegendOfOperations(const std::vector<std::string>& operations);

struct Table {
  std::vector<std::string> header;             // plain text; empty: none
  std::vector<std::vector<std::string>> rows;  // markup; the first of a row is its heading
};
std::string TableMarkup(const Table& table);

// A block that can be opened; all arguments but the title are markup.
std::string Folded(const std::string& title, const std::string& content);

class Page {
 public:
  // Plain text.
  Page(std::string title, std::string subtitle);

  // The numbers at the top.
  void AddTiles(const std::vector<Tile>& tiles);

  // title: plain text; content, explanation: markup.
  void AddSection(const std::string& title, const std::string& explanation,
                  const std::string& content);

  // The place of a chart, for a section's content.
  std::string Place(const Chart& chart);

  // Charts or figures beside each other, as many as fit. is_small: more of them.
  static std::string Grid(const std::vector<std::string>& items, bool is_small = false);

  // What the page can do beyond its charts: `script` runs after the page's own and finds `data` in
  // the element #data, `style` counts after the page's own. Both are assets.
  void AddBehaviour(const char* style, const char* script, const nlohmann::ordered_json& data);

  // The whole file.
  std::string Html() const;

 private:
  const std::string title_;
  const std::string subtitle_;
  std::string body_;
  std::string style_;
  std::string scripts_;  // markup
  nlohmann::ordered_json charts_ = nlohmann::ordered_json::array();
};

}  // namespace nap

#endif  // NAP_REPORT_PAGE_PAGE_H_
