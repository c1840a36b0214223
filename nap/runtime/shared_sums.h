// Sums over the processes of one machine, in memory that they share: in microseconds, where a
// message between them takes hundreds.
#ifndef NAP_RUNTIME_SHARED_SUMS_H_
#define NAP_RUNTIME_SHARED_SUMS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nap {

class SharedSums {
 public:
  // New memory, which is gone when the last process that uses it is; null if there is none to be
  // had.
  static std::unique_ptr<SharedSums> Create(int rank, int size);

  // Where other processes of the same user find it: Open there. Null if they do not.
  std::string path() const;
  static std::unique_ptr<SharedSums> Open(const std::string& path, int rank, int size);

  ~SharedSums();

  SharedSums(const SharedSums&) = delete;
  SharedSums& operator=(const SharedSums&) = delete;

  // Adds up over all processes, in the order of their ranks. Waits for as long as it takes.
  void Sum(std::vector<double>* values);

 private:
  struct Place;

  SharedSums(int file, int rank, int size, void* memory)
      : file_(file), rank_(rank), size_(size), memory_(memory) {}

  // Of an open file that has the size, which it takes.
  static std::unique_ptr<SharedSums> Map(int file, int rank, int size);

  Place* PlaceOf(int rank) const;
  void SumPart(double* values, int64_t count);

  const int file_;
  const int rank_, size_;
  void* const memory_;
  uint64_t sums_ = 0;  // so far
};

}  // namespace nap

#endif  // NAP_RUNTIME_SHARED_SUMS_H_
