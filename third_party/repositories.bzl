"""External repositories, all of them found on this machine: nothing is downloaded. See MODULE.bazel."""

load("//third_party:system_libraries.bzl", "system_libraries_repository")
load("//third_party/chart_js:chart_js.bzl", "chart_js_repository")
load("//third_party/libtorch:libtorch.bzl", "libtorch_repository")

# Debian's Bazel reports no version; any other reports one and brings these three itself when it can.
def _bazel_has_no_network_rules():
    return native.bazel_version in ("", "no_version") or native.bazel_version.startswith("4.")

def nap_repositories():
    """Declares every external repository that the build reads."""
    chart_js_repository(name = "chart_js")
    libtorch_repository(name = "libtorch")
    system_libraries_repository(name = "system_libraries")
    native.local_repository(name = "rules_cc", path = "third_party/rules_cc")
    native.local_repository(name = "rules_shell", path = "third_party/rules_shell")
    if _bazel_has_no_network_rules():
        native.local_repository(name = "rules_java", path = "third_party/rules_java")
        native.local_repository(name = "remote_coverage_tools", path = "third_party/remote_coverage_tools")
