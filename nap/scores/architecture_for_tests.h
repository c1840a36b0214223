// An architecture and images for scores to look at.
#ifndef NAP_SCORES_ARCHITECTURE_FOR_TESTS_H_
#define NAP_SCORES_ARCHITECTURE_FOR_TESTS_H_

#include <cstdint>
#include <string>

#include "nap/scores/score.h"

namespace nap {

// Two cells of NAS-Bench-201, the second one smaller.
inline constexpr char kCellForTests[] =
    "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|";
inline constexpr char kSmallerCellForTests[] =
    "|nor_conv_1x1~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_1x1~2|";

// In a network of 3 cells and 4 channels, beside 130 of the built-in images.
ScoredArchitecture ArchitectureForTests(const std::string& genotype, uint64_t seed = 0,
                                        const std::string& backend = "fused");

}  // namespace nap

#endif  // NAP_SCORES_ARCHITECTURE_FOR_TESTS_H_
