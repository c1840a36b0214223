// Random streams that depend on nothing but their keys: not on the platform's distributions, on
// the order of calls elsewhere, or on the number of threads.
#ifndef NAP_BASE_RANDOM_H_
#define NAP_BASE_RANDOM_H_

#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace nap {

// RandomStream({seed, epoch, image}) is the same stream wherever and whenever it is made; streams
// of different keys are independent for every practical purpose.
class RandomStream {
 public:
  explicit RandomStream(std::initializer_list<uint64_t> keys) : engine_(Mix(keys)) {}

  uint64_t Bits() { return engine_(); }

  // Uniform in [0, 1), 53 bits.
  double Uniform() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }

  // Uniform in [low, high).
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }

  // Uniform in 0 .. n-1; n must be positive. The bias is below n / 2^53.
  int64_t Below(int64_t n) { return static_cast<int64_t>(Uniform() * static_cast<double>(n)); }

  // Fisher-Yates.
  template <typename T>
  void Shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[static_cast<size_t>(Below(static_cast<int64_t>(i)))]);
    }
  }

  // A random order of 0 .. n-1.
  std::vector<int64_t> Permutation(int64_t n) {
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    Shuffle(order);
    return order;
  }

 private:
  // SplitMix64's finaliser (Steele, Lea, Flood 2014), chained over the keys.
  static uint64_t Mix(std::initializer_list<uint64_t> keys) {
    uint64_t state = 0x6a09e667f3bcc909;
    for (uint64_t key : keys) {
      state += key + 0x9e3779b97f4a7c15;
      state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
      state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
      state ^= state >> 31;
    }
    return state;
  }

  std::mt19937_64 engine_;
};

}  // namespace nap

#endif  // NAP_BASE_RANDOM_H_
