#ifndef EXPERIMENTS_LINKED_PLUGINS_H_
#define EXPERIMENTS_LINKED_PLUGINS_H_

namespace nap {

// The label that --//:plugins had when this program was built; empty: none.
extern const char kLinkedPlugins[];

}  // namespace nap

#endif  // EXPERIMENTS_LINKED_PLUGINS_H_
