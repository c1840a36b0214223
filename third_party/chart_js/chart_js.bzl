"""Finds Chart.js: the script named by $CHART_JS, else the system's package."""

_DEFAULT = "/usr/share/javascript/chart.js/chart.min.js"

def _chart_js_repository_impl(ctx):
    named = ctx.os.environ.get("CHART_JS", "")
    script = ctx.path(named or _DEFAULT)
    if not script.exists:
        fail(("Chart.js was not found at %s. Run tools/setup, or set CHART_JS to the chart.min.js " +
              "of Chart.js 3.9, for example: export CHART_JS=$HOME/chart.min.js") % script)
    ctx.symlink(script, "chart.min.js")
    ctx.file("BUILD", 'exports_files(["chart.min.js"])\n')

chart_js_repository = repository_rule(
    implementation = _chart_js_repository_impl,
    environ = ["CHART_JS"],
    local = True,
    doc = "Chart.js, minified, as @chart_js//:chart.min.js.",
)
