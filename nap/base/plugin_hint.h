#ifndef NAP_BASE_PLUGIN_HINT_H_
#define NAP_BASE_PLUGIN_HINT_H_

namespace nap {

// For the end of errors about names that a genotype, or an earlier run, has from a plugin.
inline constexpr char kPluginHint[] =
    "; a plugin's are known to programs that are built with its label, "
    "--//:plugins=//PACKAGE:TARGET (docs/adding_an_operation.md)";

}  // namespace nap

#endif  // NAP_BASE_PLUGIN_HINT_H_
