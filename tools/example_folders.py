#!/usr/bin/env python3
"""Writes what runs leave behind, for the test of their pages, into the current folder."""

import json
import math
import os
import random

OPERATIONS = ['none', 'max_pool_3x3', 'skip_connect', 'sep_conv_3x3', 'dil_conv_5x5', 'my <op> & "it"']
EDGES = [(source, target) for target in range(2, 6) for source in range(target)]
CELLS = ['normal', 'reduce']
MACHINE = {'versions': {'nap': '0.1.0'}, 'machine': {'processor': 'a <b>processor</b>', 'cores': 2}}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(text)


def lines(objects):
    return ''.join(json.dumps(item, separators=(',', ':')) + '\n' for item in objects)


def config(experiment, **flags):
    return json.dumps({'experiment': experiment, 'flags': flags, **MACHINE})


def softmax(values, lives):
    exponentials = [math.exp(value) if alive else 0 for value, alive in zip(values, lives)]
    return [value / (sum(exponentials) or 1) for value in exponentials]


def search(folder, epochs, relaxed):
    """A search of `epochs` epochs that prunes an operation a cell and edge in each from the third."""
    draw = random.Random(7)
    strengths = {cell: [[.5] * len(OPERATIONS) for _ in EDGES] for cell in CELLS}
    living = {(cell, *edge, name) for cell in CELLS for edge in EDGES for name in OPERATIONS[1:]}
    table, metrics = [], []
    for epoch in range(1, epochs + 1):
        pruned = []
        for cell in CELLS:
            for row, edge in zip(strengths[cell], EDGES):
                row[:] = [value + draw.gauss(0, .1) for value in row]
                alive = [name for name in OPERATIONS[1:] if (cell, *edge, name) in living]
                if epoch > 2 and len(alive) > 1:
                    pruned.append((cell, *edge, draw.choice(alive)))
        living -= set(pruned)
        weights = {cell: [relaxed(row, [i == 0 or (cell, *edge, name) in living
                                        for i, name in enumerate(OPERATIONS)])
                          for row, edge in zip(strengths[cell], EDGES)] for cell in CELLS}
        table.append({'epoch': epoch, 'operations': OPERATIONS, 'strengths': strengths,
                      'mixing_weights': weights, 'pruned': pruned, 'living': sorted(living)})
        table[-1] = json.loads(json.dumps(table[-1]))
        metrics.append({'kind': 'step', 'epoch': epoch, 'step': 10, 'train_loss': 2})
        metrics.append({
            'kind': 'epoch', 'epoch': epoch, 'train_loss': 2 / epoch, 'train_accuracy': 1 - .8 / epoch,
            'strength_loss': 0 if epoch < 2 else 2.2 / epoch, 'valid_loss': 2.5 / epoch,
            'valid_accuracy': 1 - .9 / epoch, 'seconds': 3600 - 300 * epoch,
            'operations_alive': {cell: sum(one[0] == cell for one in living) for cell in CELLS},
            'peak_memory_bytes': 10**9})
    write(f'{folder}/config.json', config('cifar_search', epochs='8', relaxation='softmax',
                                          data_dir='</script><script>console.log("escaped")</script>'))
    write(f'{folder}/metrics.jsonl', lines(metrics))
    write(f'{folder}/strengths.jsonl', lines(table))


def genotype(draw):
    def cell():
        return {'nodes': [[[draw.choice(OPERATIONS[1:]), source] for source in draw.sample(range(node), 2)]
                          for node in range(2, 6)], 'concat': [2, 3, 4, 5]}
    return {'search_space': 'darts', 'cells': {name: cell() for name in CELLS}}


draw = random.Random(1)
search('finished', 8, softmax)
write('finished/genotype.json', json.dumps(genotype(draw)))
search('first_epoch', 1, lambda row, lives: row)
# Killed in the middle of a write.
search('killed', 5, lambda row, lives: [value * alive for value, alive in zip(row, lives)])
for name in ('metrics', 'strengths'):
    with open(f'killed/{name}.jsonl', 'a') as file:
        file.write('{"kind":"epoch","epoch":6,"operations":["none","max')
write('begun/config.json', config('cifar_search', epochs='8'))
write('begun/metrics.jsonl', '')
write('begun/strengths.jsonl', '')

write('training/config.json', config('cifar_train', genotype='DARTS_V2', epochs='40'))
write('training/metrics.jsonl', lines(
    {'kind': 'epoch', 'epoch': epoch, 'learning_rate': .025 * (1 - epoch / 41), 'train_loss': 3 / epoch,
     'train_accuracy': 1 - .9 / epoch, 'test_loss': 2.8 / epoch if epoch != 3 else None,
     'test_accuracy': 1 - .7 / epoch, 'test_top5_accuracy': 1 - .1 / epoch, 'seconds': 60 + epoch % 3,
     'peak_memory_bytes': 2 * 10**9} for epoch in range(1, 41)))
write('training/model.pt', '')

methods = []
for name, accuracy, runs in (('nap', .72, 3), ('darts', .65, 3), ('darts_second_order', .66, 2),
                             ('random', .68, 1), ('pc_darts', None, 0)):
    methods.append({
        'name': name, 'accuracy_mean': accuracy, 'accuracy_spread': .01 if runs > 1 else None,
        'runs': [{'seed': seed, 'test_accuracy': accuracy + .01 * (seed - 1), 'skip_connections': 2,
                  'distinct_operations': 4, 'depth': 3, 'parameters': 123456, 'mult_adds': 12345678,
                  'search_seconds': 321.5 if name != 'random' else 0, 'search_peak_memory_bytes': 10**9,
                  'skip_connections_by_epoch': [] if name == 'random' else
                  [14 - (epoch if name == 'nap' else epoch / 2) for epoch in range(10 + seed)],
                  'genotype': genotype(draw)} for seed in range(runs)]})
write('comparison/comparison.json', json.dumps(
    {'settings': {'dataset': 'cifar10', 'seeds': '3', '<i>': '&'}, 'methods': methods, 'missing': {
        'runs': [{'method': 'darts_second_order', 'seed': 2, 'state': 'running (process 12 on node3)'},
                 {'method': 'random', 'seed': 1, 'state': 'not begun'}],
        'command': 'bazel run //experiments:method_comparison -- --methods=' + ','.join(['<b>'] * 40)}}))
write('empty_comparison/comparison.json', json.dumps({'settings': {}, 'methods': methods[-1:]}))
