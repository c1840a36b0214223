// The page of what a trained model makes of images.
#ifndef NAP_REPORT_PAGE_EVALUATION_PAGE_H_
#define NAP_REPORT_PAGE_EVALUATION_PAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "nap/report/evaluation.h"

namespace nap {

struct EvaluatedModel {
  std::string title;     // "Evaluation of runs/x/model.pt"
  std::string subtitle;  // which images these are
  std::vector<std::string> class_names;
  int64_t broken_images = 0;  // left out
};

struct MistakenImage {
  std::string name;
  std::string png;  // the file
};

// mistakes: those of `evaluation`, of the first ones at least.
std::string EvaluationPage(const EvaluatedModel& model, const Evaluation& evaluation,
                           const std::vector<MistakenImage>& mistakes);

}  // namespace nap

#endif  // NAP_REPORT_PAGE_EVALUATION_PAGE_H_
