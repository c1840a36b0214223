#ifndef TOOLS_DARTS_NETWORK_SOURCE_H_
#define TOOLS_DARTS_NETWORK_SOURCE_H_

namespace nap {

// darts_network.py.
extern const char kDartsNetworkSource[];

}  // namespace nap

#endif  // TOOLS_DARTS_NETWORK_SOURCE_H_
