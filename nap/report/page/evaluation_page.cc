#include "nap/report/page/evaluation_page.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "nap/report/page/page.h"

namespace nap {
namespace {

// Of more classes neither a matrix nor a table can be seen at once.
constexpr size_t kMostClassesAtOnce = 30;
constexpr size_t kMostConfusions = 50;

std::string Percent(double share) { return absl::StrFormat("%.2f", 100 * share); }

double Share(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

void AddNumbers(const EvaluatedModel& model, const Evaluation& evaluation, Page* page) {
  std::vector<Tile> tiles = {{"Accuracy", Percent(evaluation.accuracy()) + " %",
                              absl::StrCat(evaluation.correct(), " of ", evaluation.images())}};
  if (model.class_names.size() > 5) {
    tiles.push_back({"Top-5 accuracy", Percent(evaluation.top5_accuracy()) + " %", ""});
  }
  tiles.push_back(
      {"Cross entropy", absl::StrFormat("%.4f", evaluation.cross_entropy()), "nats an image"});
  tiles.push_back({"Calibration error", Percent(evaluation.calibration_error()) + " %",
                   absl::StrCat(Evaluation::kBins, " bins")});
  tiles.push_back(
      {"Images", absl::StrCat(evaluation.images()),
       model.broken_images == 0 ? "" : absl::StrCat("broken, left out: ", model.broken_images)});
  tiles.push_back({"Classes", absl::StrCat(model.class_names.size()), ""});
  page->AddTiles(tiles);
}

void AddClasses(const EvaluatedModel& model, const Evaluation& evaluation,
                const std::vector<Evaluation::Confusion>& confusions, Page* page) {
  std::map<int, Evaluation::Confusion> most_frequent;
  for (const Evaluation::Confusion& confusion : confusions) {
    most_frequent.emplace(confusion.label, confusion);  // unless an earlier one is there
  }
  Table table{{"class", "images", "accuracy (%)", "most often taken for"}, {}};
  for (size_t i = 0; i < model.class_names.size(); ++i) {
    const Evaluation::ClassResult& result = evaluation.classes()[i];
    const auto confusion = most_frequent.find(static_cast<int>(i));
    table.rows.push_back(
        {Escaped(model.class_names[i]), absl::StrCat(result.images),
         result.images > 0 ? Percent(Share(result.correct, result.images)) : "–",
         confusion == most_frequent.end()
             ? "–"
             : absl::StrCat(Escaped(model.class_names[confusion->second.predicted]), ", ",
                            confusion->second.images)});
  }
  const std::string markup = TableMarkup(table);
  page->AddSection("Classes", "",
                   table.rows.size() <= kMostClassesAtOnce
                       ? markup
                       : Folded(absl::StrCat(table.rows.size(), " classes"), markup));
}

std::string ConfusionMatrix(const EvaluatedModel& model, const Evaluation& evaluation,
                            const std::vector<Evaluation::Confusion>& confusions) {
  const size_t classes = model.class_names.size();
  std::vector<std::vector<int64_t>> counts(classes, std::vector<int64_t>(classes));
  for (size_t i = 0; i < classes; ++i) counts[i][i] = evaluation.classes()[i].correct;
  for (const Evaluation::Confusion& confusion : confusions) {
    counts[confusion.label][confusion.predicted] = confusion.images;
  }
  std::string markup =
      "<div class=\"scroll\"><table class=\"confusion\">\n<thead><tr><th scope=\"col\">is ↓ "
      "taken for →</th>";
  for (const std::string& name : model.class_names) {
    absl::StrAppend(&markup, "<th scope=\"col\"><span>", Escaped(name), "</span></th>");
  }
  absl::StrAppend(&markup, "</tr></thead>\n<tbody>\n");
  for (size_t i = 0; i < classes; ++i) {
    absl::StrAppend(&markup, "<tr><th scope=\"row\">", Escaped(model.class_names[i]), "</th>");
    for (size_t j = 0; j < classes; ++j) {
      if (counts[i][j] == 0) {
        absl::StrAppend(&markup, "<td></td>");
        continue;
      }
      absl::StrAppendFormat(&markup, "<td class=\"%s\" style=\"--share:%.3f\">%d</td>",
                            i == j ? "right" : "wrong",
                            Share(counts[i][j], evaluation.classes()[i].images), counts[i][j]);
    }
    absl::StrAppend(&markup, "</tr>\n");
  }
  return markup + "</tbody></table></div>\n";
}

std::string ConfusionTable(const EvaluatedModel& model, const Evaluation& evaluation,
                           const std::vector<Evaluation::Confusion>& confusions) {
  Table table{{"is", "is taken for", "images", "of its class (%)"}, {}};
  for (size_t i = 0; i < std::min(confusions.size(), kMostConfusions); ++i) {
    const Evaluation::Confusion& confusion = confusions[i];
    table.rows.push_back(
        {Escaped(model.class_names[confusion.label]),
         Escaped(model.class_names[confusion.predicted]), absl::StrCat(confusion.images),
         Percent(Share(confusion.images, evaluation.classes()[confusion.label].images))});
  }
  return TableMarkup(table);
}

void AddConfusions(const EvaluatedModel& model, const Evaluation& evaluation,
                   const std::vector<Evaluation::Confusion>& confusions, Page* page) {
  if (model.class_names.size() <= kMostClassesAtOnce) {
    page->AddSection("Confusion matrix",
                     "Images by their class (rows) and by what they are taken for (columns). The "
                     "shade is the share of the row.",
                     ConfusionMatrix(model, evaluation, confusions));
  } else if (!confusions.empty()) {
    page->AddSection("Most frequent confusions",
                     absl::StrCat("Of ", confusions.size(), " pairs of classes the first ",
                                  std::min(confusions.size(), kMostConfusions), "."),
                     ConfusionTable(model, evaluation, confusions));
  }
}

// Where confidence is what it says, accuracy lies on the diagonal.
Chart ReliabilityChart(const Evaluation& evaluation) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  Chart chart;
  chart.title = "Accuracy against confidence";
  chart.x_title = "confidence (%)";
  chart.y_title = "accuracy (%)";
  chart.y_min = 0;
  chart.y_max = 100;
  Series accuracy{"answers", StyleOf(0), {}}, diagonal{"well calibrated", {0, 1}, {}};
  const auto add = [&](double confidence, double value) {
    chart.x.push_back(absl::StrFormat("%.2f", 100 * confidence));
    accuracy.values.push_back(100 * value);
    diagonal.values.push_back(100 * confidence);
  };
  add(0, kNone);
  for (const Evaluation::Bin& bin : evaluation.bins()) {
    if (bin.images > 0) add(bin.confidence(), bin.accuracy());
  }
  add(1, kNone);
  chart.series = {accuracy, diagonal};
  return chart;
}

Chart ConfidenceChart(const Evaluation& evaluation) {
  Chart chart;
  chart.kind = Chart::Kind::kStackedBars;
  chart.title = "Images by confidence";
  chart.x_title = "confidence (%)";
  chart.y_title = "images";
  Series right{"right", StyleOf(0), {}}, wrong{"wrong", StyleOf(1), {}};
  for (int i = 0; i < Evaluation::kBins; ++i) {
    const Evaluation::Bin& bin = evaluation.bins()[i];
    chart.x.push_back(absl::StrFormat("%.0f to %.0f", 100.0 * i / Evaluation::kBins,
                                      100.0 * (i + 1) / Evaluation::kBins));
    right.values.push_back(static_cast<double>(bin.correct));
    wrong.values.push_back(static_cast<double>(bin.images - bin.correct));
  }
  chart.series = {right, wrong};
  return chart;
}

void AddReliability(const Evaluation& evaluation, Page* page) {
  page->AddSection(
      "Reliability",
      absl::StrCat("The confidence of an answer is the probability that the model gives the class "
                   "it takes the image for. The calibration error is the mean distance between "
                   "confidence and accuracy, over ",
                   Evaluation::kBins,
                   " bins of equal width that weigh as many images as they "
                   "have (Guo et al. 2017)."),
      Page::Grid(
          {page->Place(ReliabilityChart(evaluation)), page->Place(ConfidenceChart(evaluation))}));
}

void AddMistakes(const EvaluatedModel& model, const Evaluation& evaluation,
                 const std::vector<MistakenImage>& images, Page* page) {
  if (images.empty()) return;
  std::vector<std::string> figures;
  for (size_t i = 0; i < images.size(); ++i) {
    const Evaluation::Mistake& mistake = evaluation.mistakes()[i];
    const std::string is = Escaped(model.class_names[mistake.label]);
    const std::string taken_for = Escaped(model.class_names[mistake.predicted]);
    figures.push_back(absl::StrCat(
        "<figure class=\"picture\"><img alt=\"", is, "\" src=\"data:image/png;base64,",
        absl::Base64Escape(images[i].png), "\"><figcaption><b>", is, "</b> taken for <b>",
        taken_for, "</b>, ", Percent(mistake.probability), "&nbsp;%<small>",
        Escaped(images[i].name), "</small></figcaption></figure>\n"));
  }
  page->AddSection("Most confident mistakes",
                   "As the model sees them, with their class, what they are taken for, and the "
                   "probability that the model gives that.",
                   Page::Grid(figures, /*is_small=*/true));
}

}  // namespace

std::string EvaluationPage(const EvaluatedModel& model, const Evaluation& evaluation,
                           const std::vector<MistakenImage>& mistakes) {
  Page page(model.title, model.subtitle);
  AddNumbers(model, evaluation, &page);
  const std::vector<Evaluation::Confusion> confusions = evaluation.Confusions();
  AddClasses(model, evaluation, confusions, &page);
  AddConfusions(model, evaluation, confusions, &page);
  AddReliability(evaluation, &page);
  AddMistakes(model, evaluation, mistakes, &page);
  return page.Html();
}

}  // namespace nap
