// Lets the table of runs_overview.cc be sorted and filtered, and compares two of its runs.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const element = (id) => document.getElementById(id);
  const table = document.querySelector('#runs table');
  const headings = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  const runs = data.runs.map((run, index) => ({...run, index, row: rows[index], name: run.keys[0]}));
  const texts = new Intl.Collator('en', {numeric: true});
  let chosen = [];  // at most two runs, in the order in which they were checked

  // What is not known stands last whichever way the others stand.
  function order(a, b, sign) {
    if (a === b) return 0;
    if (a === null || b === null) return a === null ? 1 : -1;
    return sign * (typeof a === 'string' ? texts.compare(a, b) : a - b);
  }

  function sort(column) {
    const isRising = headings[column].getAttribute('aria-sort') !== 'ascending';
    for (const heading of headings) heading.removeAttribute('aria-sort');
    headings[column].setAttribute('aria-sort', isRising ? 'ascending' : 'descending');
    runs.sort((a, b) => order(a.keys[column], b.keys[column], isRising ? 1 : -1));
    table.tBodies[0].append(...runs.map((run) => run.row));
  }

  function filter() {
    const wanted = element('filter').value.toLowerCase();
    for (const run of runs) run.row.hidden = !run.name.toLowerCase().includes(wanted);
    tell();
  }

  function tell() {
    const shown = runs.filter((run) => !run.row.hidden).length;
    element('shown').textContent = `${shown} of ${runs.length} shown.`;
    const hint = element('chosen');
    if (chosen.length < 2) {
      hint.textContent = chosen.length ? `Check one more to compare it with ${chosen[0].name}.` :
        'Check two to compare them.';
    } else {
      const link = document.createElement('a');
      link.href = '#comparison';
      link.textContent = chosen.map((run) => run.name).join(' and ');
      hint.replaceChildren('Compared below: ', link);
    }
  }

  function choose(run) {
    chosen = chosen.filter((one) => one !== run);
    if (run.box.checked) chosen.push(run);
    // A third takes the place of the first.
    if (chosen.length > 2) chosen.shift().box.checked = false;
    tell();
    element('comparison').hidden = chosen.length < 2;
    if (chosen.length === 2) compare();
  }

  function cell(kind, text) {
    const made = document.createElement(kind);
    if (kind === 'th') made.scope = 'row';
    made.textContent = text;
    return made;
  }

  function compare() {
    element('curves').hidden = chosen.every((run) => !run.accuracies.length);
    if (!element('curves').hidden) {
      const epochs = Math.max(...chosen.map((run) => run.accuracies.length));
      showChart(document.querySelector('#curves canvas'), {
        kind: 'lines', xTitle: 'epoch', yTitle: 'accuracy (%)',
        x: [...Array(epochs).keys()].map((i) => i + 1),
        // The first two styles of page.cc, the second dashed as well: the lines may lie on each other.
        series: chosen.map((run, i) => ({
          label: `${run.name}, ${run.part}`, colour: [1, 8][i], dash: i, values: run.accuracies,
        })),
      });
    }
    const flags = element('flags');
    chosen.forEach((run, i) => { flags.tHead.rows[0].cells[i + 1].textContent = run.name; });
    const differing = data.flags.filter((flag) =>
      flag.of[chosen[0].index] !== flag.of[chosen[1].index]);
    const text = (flag, run) => {
      const value = flag.of[run.index];
      return value === null ? '–' : flag.values[value];
    };
    flags.tBodies[0].replaceChildren(...differing.map((flag) => {
      const row = document.createElement('tr');
      row.append(cell('th', '--' + flag.name), ...chosen.map((run) => cell('td', text(flag, run))));
      return row;
    }));
    flags.hidden = !differing.length;
    element('equal').hidden = differing.length > 0;
  }

  headings.forEach((heading, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...heading.childNodes);
    button.addEventListener('click', () => sort(column));
    heading.append(button);
  });
  headings[0].setAttribute('aria-sort', 'ascending');  // as the table comes
  for (const run of runs) {
    run.box = document.createElement('input');
    run.box.type = 'checkbox';
    run.box.autocomplete = 'off';  // a page that is loaded again has chosen none
    run.box.setAttribute('aria-label', 'compare ' + run.name);
    run.box.addEventListener('change', () => choose(run));
    run.row.cells[0].prepend(run.box);
  }
  element('filter').addEventListener('input', filter);
  element('controls').hidden = false;
  filter();
})();
