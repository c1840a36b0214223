// built_in: 32 x 32 images drawn by a seeded procedure, for trying things out without a download.
//
// Ten classes of pattern and shape in two colours. The colours, which of them is the background,
// the position, phase, size and slant are random and independent of the class: the mean image of
// every class is the same grey, so that a linear model has nothing to hold on to.
#include <algorithm>
#include <array>
#include <cmath>

#include "data/memory_dataset.h"
#include "nap/base/option_checks.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr int kSide = 32;
constexpr ImageShape kShape{3, kSide, kSide};
constexpr int64_t kTrainSize = 10000;
constexpr int64_t kTestSize = 2000;
constexpr int64_t kMostDrawings = 1000000;  // 3 GB
constexpr uint64_t kStream = 0x6275696c74;
constexpr double kNoise = 24;  // grey levels, either way

// What varies within a class.
struct Variation {
  double x, y;   // of the centre, pixels
  double scale;  // period of a pattern is 4 * scale pixels, radius of a shape 7 * scale
  double slant;  // radians
  double phase;  // of a pattern
};

// Whether the figure covers the point (u, v), in pixels from the centre.
using Figure = bool (*)(double u, double v, const Variation& how);

bool Wave(double t, const Variation& how) {
  return std::sin(2 * M_PI * t / (4.5 * how.scale) + how.phase) > 0;
}

struct Class {
  const char* name;
  Figure covers;
};

constexpr std::array<Class, 10> kClasses = {{
    {"horizontal stripes", [](double, double v, const Variation& how) { return Wave(v, how); }},
    {"vertical stripes", [](double u, double, const Variation& how) { return Wave(u, how); }},
    {"rising stripes",
     [](double u, double v, const Variation& how) { return Wave((u + v) * M_SQRT1_2, how); }},
    {"falling stripes",
     [](double u, double v, const Variation& how) { return Wave((u - v) * M_SQRT1_2, how); }},
    {"checkerboard",
     [](double u, double v, const Variation& how) { return Wave(u, how) != Wave(v, how); }},
    {"rings", [](double u, double v, const Variation& how) { return Wave(std::hypot(u, v), how); }},
    {"disk",
     [](double u, double v, const Variation& how) { return std::hypot(u, v) < 9 * how.scale; }},
    {"ring",
     [](double u, double v, const Variation& how) {
       return std::abs(std::hypot(u, v) - 8.5 * how.scale) < 1.8;
     }},
    {"cross",
     [](double u, double v, const Variation& how) {
       return std::min(std::abs(u), std::abs(v)) < 2 &&
              std::max(std::abs(u), std::abs(v)) < 11 * how.scale;
     }},
    {"triangle",
     [](double u, double v, const Variation& how) {
       return v < 6 * how.scale && v > 1.9 * std::abs(u) - 10 * how.scale;
     }},
}};

void Draw(RandomStream* random, const Class& kind, uint8_t* pixels) {
  const Variation how{kSide / 2.0 + random->Uniform(-8, 8), kSide / 2.0 + random->Uniform(-8, 8),
                      random->Uniform(0.8, 1.3), random->Uniform(-0.2, 0.2),
                      random->Uniform(0, 2 * M_PI)};
  std::array<double, 3> figure, ground;
  double contrast = 0;
  do {
    contrast = 0;
    for (int c = 0; c < 3; ++c) {
      figure[c] = random->Uniform(24, 232);
      ground[c] = random->Uniform(24, 232);
      contrast += std::abs(figure[c] - ground[c]);
    }
  } while (contrast < 150);
  const double cosine = std::cos(how.slant), sine = std::sin(how.slant);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double u = cosine * (x - how.x) + sine * (y - how.y);
      const double v = cosine * (y - how.y) - sine * (x - how.x);
      const std::array<double, 3>& colour = kind.covers(u, v, how) ? figure : ground;
      // One draw a pixel serves the three channels: a byte each.
      const uint64_t bits = random->Bits();
      for (int c = 0; c < 3; ++c) {
        const double noise = static_cast<double>((bits >> (8 * c)) & 255) / 127.5 - 1;
        pixels[(y * kSide + x) * 3 + c] =
            static_cast<uint8_t>(std::clamp(colour[c] + kNoise * noise, 0.0, 255.0));
      }
    }
  }
}

std::unique_ptr<Dataset> Make(uint64_t seed, uint64_t split, int64_t size) {
  MemoryDataset::Description description{
      kShape, {}, {0.502F, 0.502F, 0.502F}, {0.241F, 0.241F, 0.241F}};
  for (const Class& kind : kClasses) description.class_names.emplace_back(kind.name);
  std::vector<uint8_t> pixels(static_cast<size_t>(size * kShape.Size()));
  std::vector<int> labels;
  for (int64_t i = 0; i < size; ++i) {
    const auto label = static_cast<size_t>(i) % kClasses.size();
    RandomStream random({seed, kStream, split, static_cast<uint64_t>(i)});
    Draw(&random, kClasses[label], pixels.data() + i * kShape.Size());
    labels.push_back(static_cast<int>(label));
  }
  return std::make_unique<MemoryDataset>(std::move(description), std::move(pixels),
                                         std::move(labels));
}

absl::StatusOr<DatasetPair> Open(const DatasetOptions& options, const ParameterValues&) {
  NAP_RETURN_IF_ERROR(CheckImageSize(options, kShape));
  NAP_RETURN_IF_ERROR(
      CheckRange("max_images", static_cast<double>(options.train_size), 0, kMostDrawings));
  const int64_t train_size = options.train_size > 0 ? options.train_size : kTrainSize;
  return DatasetPair{Make(options.seed, 0, train_size), Make(options.seed, 1, kTestSize)};
}

const bool registered = DatasetRegistry::Global().Register(
    "built_in", {"drawings of ten patterns and shapes", /*needs_data_dir=*/false, Open});

}  // namespace
}  // namespace nap
