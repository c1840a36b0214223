// What a user does on the page of runs_test.sh's runs. Gives what was not as it should be.
(() => {
  const problems = [];
  const expect = (what, found, wanted) => {
    const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (a !== b) problems.push(`${what}: ${a} instead of ${b}`);
  };
  const rows = () => [...document.querySelectorAll('#runs tbody tr')].filter((row) => !row.hidden);
  const names = () => rows().map((row) => row.cells[0].textContent);
  const heading = (column) => document.querySelectorAll('#runs thead th')[column];
  const press = (column) => {
    const button = heading(column).querySelector('button');
    button.focus();  // as with the keyboard
    if (document.activeElement !== button) problems.push(`heading ${column} takes no focus`);
    button.click();
  };
  const sorted = () => [...document.querySelectorAll('#runs thead th')].map((one) => one.ariaSort);
  const check = (name) => document.querySelector(`#runs input[aria-label="compare ${name}"]`).click();
  const text = (id) => document.getElementById(id).innerText;
  const type = (value) => {
    const field = document.getElementById('filter');
    field.value = value;
    field.dispatchEvent(new Event('input'));
  };
  const comparison = document.getElementById('comparison');

  const all = ['begun', 'broken', 'caf\uefe9 #1 <b>', 'finished', 'group/nap-0/search', 'killed', 'training'];
  expect('as it comes', names(), all);
  expect('sorted by', sorted(), ['ascending', null, null, null, null, null, null, null, null]);
  press(0);
  expect('names, falling', names(), [...all].reverse());
  press(4);
  expect('accuracy, rising', names(),
    ['group/nap-0/search', 'killed', 'finished', 'training', 'caf\uefe9 #1 <b>', 'broken', 'begun']);
  press(4);
  expect('accuracy, falling', names(),
    ['training', 'finished', 'killed', 'group/nap-0/search', 'caf\uefe9 #1 <b>', 'broken', 'begun']);
  expect('sorted by', sorted(), [null, null, null, null, 'descending', null, null, null, null]);
  press(7);
  expect('time, rising', names().slice(2),
    ['training', 'group/nap-0/search', 'killed', 'finished', 'broken']);

  type('In');
  expect('filtered', names(), ['training', 'finished']);
  expect('said of it', text('shown'), '2 of 7 shown.');
  type('');

  expect('before a choice', [comparison.hidden, text('chosen')], [true, 'Check two to compare them.']);
  check('training');
  expect('of one', [comparison.hidden, text('chosen')],
    [true, 'Check one more to compare it with training.']);
  check('killed');
  check('finished');
  expect('chosen', [...document.querySelectorAll('#runs :checked')].map((box) => box.ariaLabel).sort(),
    ['compare finished', 'compare killed']);
  // One that searched with the same flags has none to show.
  expect('flags of two alike', [comparison.hidden, text('equal')], [false, 'All flags are equal.']);
  check('finished');
  check('training');
  expect('compared', text('chosen'), 'Compared below: killed and training');
  expect('flags', [...document.getElementById('flags').rows].map((row) =>
    [...row.cells].map((cell) => cell.textContent)), [
    ['flag that differs', 'killed', 'training'],
    ['--data_dir', '</script><script>console.log("escaped")</script>', '–'],
    ['--epochs', '8', '40'],
    ['--genotype', '–', 'DARTS_V2'],
    ['--relaxation', 'softmax', '–'],
  ]);
  const chart = Chart.getChart(document.querySelector('#curves canvas'));
  expect('lines', chart.data.datasets.map((line) => [line.label, line.data.slice(0, 6).map((point) => point.y)]), [
    ['killed, validation', [10, 55, 70, 77.5, 82]],
    ['training, test', [30, 65, 76.67, 82.5, 86, 88.33]],
  ]);
  return problems;
})()
