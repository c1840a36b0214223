#!/usr/bin/python3
"""Times one search step of DARTS's supernet in Python, to measure ours against on one machine.

The supernet, the operations and the first-order step are those of Liu, Simonyan, Yang, "DARTS:
Differentiable Architecture Search" (2019): 14 edges of 8 operations a cell, softmax, a strength step
(Adam) and a weight step (SGD with momentum, clipping). Prints the median seconds a step and the peak
memory. Needs PyTorch: `tools/setup`, then tools/darts_step_yardstick.py
"""

import argparse
import contextlib
import json
import os
import resource
import statistics
import sys
import time

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    sys.exit('%s has no PyTorch: run tools/setup, then /usr/bin/python3 %s' % (
        sys.executable, sys.argv[0]))

NODES = 4
INPUTS = 2
EDGES = sum(INPUTS + node for node in range(NODES))


def norm(channels):
    return nn.BatchNorm2d(channels, affine=False)


class FactorizedReduce(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.even = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.odd = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.norm = norm(outputs)

    def forward(self, x):
        x = functional.relu(x)
        return self.norm(torch.cat([self.even(x), self.odd(x[:, :, 1:, 1:])], 1))


def separable(channels, kernel, stride, dilation=1):
    """ReLU, depthwise, pointwise, batch norm."""
    return [
        nn.ReLU(),
        nn.Conv2d(channels, channels, kernel, stride, dilation * (kernel // 2), dilation,
                  groups=channels, bias=False),
        nn.Conv2d(channels, channels, 1, bias=False),
        norm(channels),
    ]


class Zero(nn.Module):
    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        return x[:, :, ::self.stride, ::self.stride] * 0.0


def candidates(channels, stride):
    skip = nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)
    average = nn.AvgPool2d(3, stride, 1, count_include_pad=False)
    return nn.ModuleList([
        Zero(stride),
        nn.Sequential(nn.MaxPool2d(3, stride, 1), norm(channels)),
        nn.Sequential(average, norm(channels)),
        skip,
        nn.Sequential(*separable(channels, 3, stride), *separable(channels, 3, 1)),
        nn.Sequential(*separable(channels, 5, stride), *separable(channels, 5, 1)),
        nn.Sequential(*separable(channels, 3, stride, 2)),
        nn.Sequential(*separable(channels, 5, stride, 2)),
    ])


class Cell(nn.Module):
    def __init__(self, before, last, channels, reduce, last_reduce):
        super().__init__()
        pointwise = lambda inputs: nn.Sequential(
            nn.ReLU(), nn.Conv2d(inputs, channels, 1, bias=False), norm(channels))
        self.before = FactorizedReduce(before, channels) if last_reduce else pointwise(before)
        self.last = pointwise(last)
        self.edges = nn.ModuleList(
            candidates(channels, 2 if reduce and source < INPUTS else 1)
            for node in range(NODES) for source in range(INPUTS + node))

    def forward(self, before, last, weights):
        states = [self.before(before), self.last(last)]
        edge = 0
        for _ in range(NODES):
            total = 0
            for state in states[:]:
                total = total + sum(
                    weight * op(state) for weight, op in zip(weights[edge], self.edges[edge]))
                edge += 1
            states.append(total)
        return torch.cat(states[INPUTS:], 1)


class Supernet(nn.Module):
    def __init__(self, channels, cells, classes=10):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 3 * channels, 3, padding=1, bias=False), nn.BatchNorm2d(3 * channels))
        before = last = 3 * channels
        self.cells = nn.ModuleList()
        self.reduces = []
        last_reduce = False
        for index in range(cells):
            reduce = index in (cells // 3, 2 * cells // 3)
            if reduce:
                channels *= 2
            self.cells.append(Cell(before, last, channels, reduce, last_reduce))
            self.reduces.append(reduce)
            before, last, last_reduce = last, NODES * channels, reduce
        self.classifier = nn.Linear(last, classes)
        self.strengths = [
            (1e-3 * torch.randn(EDGES, 8)).requires_grad_() for _ in range(2)]

    def forward(self, x):
        weights = [functional.softmax(table, 1) for table in self.strengths]
        before = last = self.stem(x)
        for cell, reduce in zip(self.cells, self.reduces):
            before, last = last, cell(before, last, weights[reduce])
        return self.classifier(last.mean((2, 3)))


def positive(text):
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--batch_size', type=positive, default=16)
    parser.add_argument('--channels', type=positive, default=16)
    parser.add_argument('--cells', type=positive, default=8)
    parser.add_argument('--threads', type=positive, default=len(os.sched_getaffinity(0)))
    parser.add_argument('--channels_last', action='store_true', help='instead of NCHW')
    parser.add_argument('--device', default='cpu', help='cpu or cuda')
    parser.add_argument('--bfloat16', action='store_true', help='by autocast')
    parser.add_argument('--compile', action='store_true', help='torch.compile of the supernet')
    parser.add_argument('--warmup', type=positive, default=1, help='steps before those timed')
    parser.add_argument('--steps', type=positive, default=5, help='timed')
    parser.add_argument('--json', action='store_true')
    options = parser.parse_args()

    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    net = Supernet(options.channels, options.cells)
    images = [torch.randn(options.batch_size, 3, 32, 32) for _ in range(2)]
    labels = [torch.randint(10, (options.batch_size,)) for _ in range(2)]
    if options.channels_last:
        net = net.to(memory_format=torch.channels_last)
        images = [image.contiguous(memory_format=torch.channels_last) for image in images]
    net = net.to(options.device)
    net.strengths = [
        table.detach().to(options.device).requires_grad_() for table in net.strengths]
    images = [image.to(options.device) for image in images]
    labels = [label.to(options.device) for label in labels]
    forward = torch.compile(net) if options.compile else net
    synchronize = torch.cuda.synchronize if options.device != 'cpu' else lambda: None

    def loss(which):
        with torch.autocast(options.device, torch.bfloat16) if options.bfloat16 else (
                contextlib.nullcontext()):
            logits = forward(images[which])
        return functional.cross_entropy(logits.float(), labels[which])

    weight_optimizer = torch.optim.SGD(net.parameters(), 0.025, momentum=0.9, weight_decay=3e-4)
    strength_optimizer = torch.optim.Adam(
        net.strengths, 3e-4, betas=(0.5, 0.999), weight_decay=1e-3)

    seconds = []
    for _ in range(options.warmup + options.steps):
        synchronize()
        begin = time.perf_counter()
        strength_optimizer.zero_grad()
        loss(1).backward()
        strength_optimizer.step()
        weight_optimizer.zero_grad()
        loss(0).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5)
        weight_optimizer.step()
        synchronize()
        seconds.append(time.perf_counter() - begin)
    seconds = seconds[options.warmup:]
    if options.device == 'cpu':
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    else:
        peak = torch.cuda.max_memory_allocated()
    result = {
        'layout': 'channels-last' if options.channels_last else 'NCHW',
        'precision': 'bfloat16' if options.bfloat16 else 'float32',
        'compiled': options.compile, 'device': options.device,
        'batch_size': options.batch_size, 'channels': options.channels, 'cells': options.cells,
        'threads': options.threads, 'seconds_per_step': statistics.median(seconds),
        'seconds': seconds, 'peak_memory_bytes': peak, 'torch': torch.__version__,
    }
    if options.json:
        print(json.dumps(result))
    else:
        print('{layout}, {precision}{how}, {device}, batch {batch_size}, {channels} channels, '
              '{cells} cells, {threads} threads: '
              '{seconds_per_step:.3f} s a step (median of {count}), peak memory {peak:.2f} GB'.format(
                  count=len(seconds), peak=peak / 1e9,
                  how=', compiled' if options.compile else '', **result))


if __name__ == '__main__':
    main()
