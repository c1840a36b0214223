#!/usr/bin/env python3
"""Opens pages in headless Chromium as a user would, and fails where one is not as it should be.

usage: open_pages.py [--screenshots FOLDER] [--actions FILE] PAGE...

Each page is opened at desktop and phone width, light and dark. It must write nothing to the
console, ask for nothing from the network, draw every chart and need no scrolling sideways. The
browser is told what to do over DevTools' protocol, through a pipe. --actions: JavaScript that does
in each page what its user does, before all this is looked at, and gives a list of what was wrong.
"""

import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SIZES = {'desktop': (1280, 900), 'phone': (390, 844)}

# Counts pixels that differ in colour among those that were painted: an axis alone has few, and a
# chart without a line lacks its line's colour.
CHECK = """(async (pageWidth) => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const problems = [];
  const rgb = (colour) => {
    const context = document.createElement('canvas').getContext('2d');
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data;
  };
  const canvases = [...document.querySelectorAll('canvas')];
  for (const canvas of canvases) {
    const name = canvas.getAttribute('aria-label');
    const chart = typeof Chart === 'undefined' ? null : Chart.getChart(canvas);
    if (!chart) { problems.push(`${name}: no chart`); continue; }
    if (!canvas.width || !canvas.height) { problems.push(`${name}: no size`); continue; }
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    for (const dataset of chart.data.datasets) {
      const values = dataset.data.map((item) => item && item.y !== undefined ? item.y : item);
      if (!values.some((value) => value !== null && value !== 0)) continue;
      const wanted = rgb(dataset.borderColor || dataset.backgroundColor);
      let found = 0;
      for (let i = 0; i < data.length && found < 3; i += 4) {
        if (data[i + 3] > 40 && [0, 1, 2].every((c) => Math.abs(data[i + c] - wanted[c]) < 24)) {
          ++found;
        }
      }
      // One line may lie on another.
      dataset.isSeen = found >= 3;
    }
    const shown = chart.data.datasets.filter((dataset) => dataset.isSeen !== undefined);
    const unseen = shown.filter((dataset) => !dataset.isSeen);
    if (!shown.length) problems.push(`${name}: holds no data`);
    if (unseen.length * 2 > shown.length) {
      problems.push(`${name}: not drawn: ${unseen.map((dataset) => dataset.label)}`);
    }
  }
  const drawings = [...document.querySelectorAll('.cell svg')];
  for (const svg of drawings) {
    const box = svg.getBoundingClientRect();
    if (box.width < 100 || box.height < 50 || !svg.querySelector('.edge path')) {
      problems.push('a cell is not drawn');
    }
  }
  const root = document.documentElement;
  // A phone's browser makes its window as wide as the page, so the window's width says nothing.
  if (root.scrollWidth > pageWidth) {
    const wide = [...document.querySelectorAll('main *')].find(
        (element) => element.getBoundingClientRect().right > pageWidth &&
        !element.parentElement.closest('.scroll'));
    problems.push(`is ${root.scrollWidth} pixels wide of ${pageWidth}: ` +
                  (wide ? wide.outerHTML.slice(0, 80) : ''));
  }
  return {problems, charts: canvases.length, drawings: drawings.length,
          background: getComputedStyle(document.body).backgroundColor};
})"""


class Browser:
    """Chromium with one tab."""

    def __init__(self, folder):
        chromium = shutil.which('chromium')
        if chromium is None:
            sys.exit('Chromium is missing: tools/setup installs it')
        to_browser, ours = os.pipe()
        theirs, from_browser = os.pipe()
        # DevTools reads from descriptor 3 and writes to 4.
        command = [
            'bash', '-c', f'exec "$@" 3<&{to_browser} 4>&{from_browser}', 'chromium', chromium,
            '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
            '--no-first-run', '--disable-extensions', '--disable-background-networking',
            '--remote-debugging-pipe', f'--user-data-dir={folder}/profile'
        ]
        self.log = open(f'{folder}/log', 'w+')
        self.process = subprocess.Popen(
            command, pass_fds=(to_browser, from_browser), env={**os.environ, 'HOME': folder},
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        os.close(to_browser)
        os.close(from_browser)
        self.output, self.input = os.fdopen(ours, 'wb', 0), os.fdopen(theirs, 'rb')
        self.pending, self.id, self.session, self.events = b'', 0, None, []
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        attached = self.call('Target.attachToTarget', targetId=target, flatten=True)
        self.session = attached['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(domain + '.enable')

    def message(self):
        """The next that the browser sends."""
        while b'\0' not in self.pending:
            block = os.read(self.input.fileno(), 1 << 16)
            if not block:
                self.log.seek(0)
                sys.exit('Chromium ended: ' + self.log.read())
            self.pending += block
        text, self.pending = self.pending.split(b'\0', 1)
        return json.loads(text)

    def call(self, method, **params):
        self.id += 1
        request = {'id': self.id, 'method': method, 'params': params}
        if self.session:
            request['sessionId'] = self.session
        self.output.write(json.dumps(request).encode() + b'\0')
        while True:
            message = self.message()
            if message.get('id') != self.id:
                self.events.append(message)
            elif 'error' in message:
                sys.exit(f'{method}: {message["error"]["message"]}')
            else:
                return message['result']

    def evaluate(self, expression):
        result = self.call('Runtime.evaluate', expression=expression, awaitPromise=True,
                           returnByValue=True)
        if 'exceptionDetails' in result:
            sys.exit('the check itself failed: ' + json.dumps(result['exceptionDetails']))
        return result['result']['value']

    def open(self, url, size, scheme, actions):
        """Returns what the page says of itself and what went wrong."""
        width, height = size
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call('Emulation.setEmulatedMedia',
                  features=[{'name': 'prefers-color-scheme', 'value': scheme}])
        self.events = []
        self.call('Page.navigate', url=url)
        while not any(event.get('method') == 'Page.loadEventFired' for event in self.events):
            self.events.append(self.message())
        done = self.evaluate(actions)
        found = self.evaluate(f'{CHECK}({width})')
        found['problems'] += done
        for event in self.events:
            kind, params = event.get('method'), event.get('params', {})
            if kind == 'Runtime.exceptionThrown':
                details = params['exceptionDetails']
                thrown = details.get('exception', {}).get('description', details['text'])
                found['problems'].append('throws: ' + thrown)
            elif kind in ('Runtime.consoleAPICalled', 'Log.entryAdded'):
                found['problems'].append('console: ' + json.dumps(params)[:300])
            elif kind == 'Network.requestWillBeSent':
                asked = params['request']['url']
                if asked != url and not asked.startswith('data:'):
                    found['problems'].append('asks for ' + asked)
        return found

    def screenshot(self, file):
        image = self.call('Page.captureScreenshot', captureBeyondViewport=True, format='png')
        pathlib.Path(file).write_bytes(base64.b64decode(image['data']))

    def close(self):
        self.process.kill()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--screenshots')
    parser.add_argument('--actions', type=pathlib.Path)
    parser.add_argument('pages', nargs='+', type=pathlib.Path)
    arguments = parser.parse_args()
    actions = arguments.actions.read_text() if arguments.actions else '[]'
    failures = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(folder)
        for page in arguments.pages:
            backgrounds = set()
            for size, pixels in SIZES.items():
                for scheme in ('light', 'dark'):
                    found = browser.open(page.resolve().as_uri(), pixels, scheme, actions)
                    backgrounds.add(found['background'])
                    print(f'{page}, {size}, {scheme}: {found["charts"]} charts, '
                          f'{found["drawings"]} cells drawn')
                    for problem in found['problems']:
                        failures += 1
                        print(f'PROBLEM: {problem}')
                    if arguments.screenshots:
                        browser.screenshot(
                            f'{arguments.screenshots}/{page.parent.name}-{page.stem}-{size}-{scheme}.png')
            if len(backgrounds) != 2:
                failures += 1
                print(f'PROBLEM: {page} looks the same in light and dark')
        browser.close()
    sys.exit(1 if failures else 0)


main()
