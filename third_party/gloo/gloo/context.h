// The names of Gloo's that c10d's header uses, declared. LibTorch holds Gloo itself, but its
// packages come without Gloo's headers. Nothing here is defined: who makes a c10d::ProcessGroupGloo
// needs no more.
#ifndef NAP_THIRD_PARTY_GLOO_CONTEXT_H_
#define NAP_THIRD_PARTY_GLOO_CONTEXT_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace gloo {

class Context {
 public:
  virtual ~Context();
  void setTimeout(std::chrono::milliseconds timeout);
};

namespace rendezvous {

class Store {
 public:
  static const std::chrono::milliseconds kDefaultTimeout;

  virtual ~Store();
  virtual void set(const std::string& key, const std::vector<char>& data) = 0;
  virtual std::vector<char> get(const std::string& key) = 0;
  virtual void wait(const std::vector<std::string>& keys) = 0;
  virtual void wait(const std::vector<std::string>& keys,
                    const std::chrono::milliseconds& timeout) = 0;
};

}  // namespace rendezvous

namespace transport {

class Device;

class UnboundBuffer {
 public:
  virtual ~UnboundBuffer();
};

}  // namespace transport
}  // namespace gloo

#endif  // NAP_THIRD_PARTY_GLOO_CONTEXT_H_
