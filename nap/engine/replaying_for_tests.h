// Holds step bodies to what StepRunner asks of them, where there is no GPU to record them.
#ifndef NAP_ENGINE_REPLAYING_FOR_TESTS_H_
#define NAP_ENGINE_REPLAYING_FOR_TESTS_H_

namespace nap {

// A backend that computes as `reference` does. Its steps are the first body of their kind, again
// and again, on copies of the inputs that stay where they are, with results that do, as a
// recording's; each call spoils the results of all others.
inline constexpr char kReplaying[] = "replaying";

// To be called before it is named.
void RegisterReplaying();

}  // namespace nap

#endif  // NAP_ENGINE_REPLAYING_FOR_TESTS_H_
