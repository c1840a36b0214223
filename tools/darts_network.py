"""DARTS's CIFAR and ImageNet networks in plain PyTorch, for any genotype of the darts space.

Written from Liu, Simonyan, Yang, "DARTS: Differentiable Architecture Search" (2019), as a reference
that shares no code with NAP's networks. Layers bear the names that NAP gives them, so that
parameters go over by name (state_dict). `load` makes a network of what
`tools/export_model --format=pytorch` has written.
"""

import ast
import json
import os

import torch
from torch import nn
from torch.nn import functional

INPUTS = 2

GENOTYPES = {
    'DARTS_V1':
        "Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), "
        "('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
        "('skip_connect', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
        "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), ('max_pool_3x3', 0), "
        "('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 0)], "
        "reduce_concat=[2, 3, 4, 5])",
    'DARTS_V2':
        "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
        "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
        "('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
        "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
        "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
        "reduce_concat=[2, 3, 4, 5])",
}


def parse_genotype(text):
    """genotype.json's text or DARTS's line -> {'normal': (nodes, concat), 'reduce': ...}.

    `nodes` lists, for each node, the pairs (operation, source) that it sums.
    """
    text = text.strip()
    if text.startswith('{'):
        cells = json.loads(text)['cells']
        return {kind: (cells[kind]['nodes'], cells[kind]['concat']) for kind in ('normal', 'reduce')}
    line = next(line for line in text.splitlines() if 'Genotype(' in line)
    call = ast.parse(line[line.index('Genotype('):], mode='eval').body
    parts = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    return {
        kind: ([parts[kind][2 * node:2 * node + 2] for node in range(len(parts[kind]) // 2)],
               list(parts[kind + '_concat'])) for kind in ('normal', 'reduce')
    }


def convolution(inputs, outputs, kernel, stride=1, dilation=1, groups=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, dilation * (kernel // 2), dilation, groups,
                     bias=False)


class FactorizedReduce(nn.Module):
    """ReLU, then every other pixel and those between, half of the channels each."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.even = convolution(inputs, outputs // 2, 1, stride=2)
        self.odd = convolution(inputs, outputs - outputs // 2, 1, stride=2)

    def forward(self, x):
        x = functional.relu(x)
        shifted = functional.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
        return torch.cat([self.even(x), self.odd(shifted)], 1)


class Input(nn.Module):
    """Brings an earlier output to the cell's channels and size."""

    def __init__(self, inputs, outputs, halve):
        super().__init__()
        if halve:
            self.reduce = FactorizedReduce(inputs, outputs)
        else:
            self.pointwise = convolution(inputs, outputs, 1)
        self.halve = halve
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.norm(self.reduce(x) if self.halve else self.pointwise(functional.relu(x)))


class Separable(nn.Module):
    """`repeats` times ReLU, depthwise, pointwise and batch norm; the last norm is the cell's."""

    def __init__(self, channels, kernel, stride, dilation, repeats):
        super().__init__()
        self.repeats = repeats
        for i in range(repeats):
            self.add_module('conv%d_0' % i, convolution(
                channels, channels, kernel, stride if i == 0 else 1, dilation, channels))
            self.add_module('conv%d_1' % i, convolution(channels, channels, 1))
            if i + 1 < repeats:
                self.add_module('norm%d' % i, nn.BatchNorm2d(channels))

    def forward(self, x):
        for i in range(self.repeats):
            x = getattr(self, 'conv%d_0' % i)(functional.relu(x))
            x = getattr(self, 'conv%d_1' % i)(x)
            if i + 1 < self.repeats:
                x = getattr(self, 'norm%d' % i)(x)
        return x


class Rectangles(nn.Module):
    """ReLU, 1 x 7, 7 x 1."""

    def __init__(self, channels, stride):
        super().__init__()
        self.conv0_0 = nn.Conv2d(channels, channels, (1, 7), (1, stride), (0, 3), bias=False)
        self.conv0_1 = nn.Conv2d(channels, channels, (7, 1), (stride, 1), (3, 0), bias=False)

    def forward(self, x):
        return self.conv0_1(self.conv0_0(functional.relu(x)))


class Skip(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.reduce = FactorizedReduce(channels, channels)

    def forward(self, x):
        return self.reduce(x)


def make_operation(name, channels, stride):
    if name == 'skip_connect':
        return nn.Identity() if stride == 1 else Skip(channels)
    if name == 'max_pool_3x3':
        return nn.MaxPool2d(3, stride, 1)
    if name == 'avg_pool_3x3':
        return nn.AvgPool2d(3, stride, 1, count_include_pad=False)
    if name == 'conv_7x1_1x7':
        return Rectangles(channels, stride)
    kind, _, size = name.rpartition('_')
    kernel = int(size.split('x')[0])
    if kind == 'sep_conv':
        return Separable(channels, kernel, stride, dilation=1, repeats=2)
    if kind == 'dil_conv':
        return Separable(channels, kernel, stride, dilation=2, repeats=1)
    raise ValueError('unknown operation: ' + name)


def drop_path(x, probability):
    """Drops whole images of the batch."""
    keep = 1 - probability
    return x * torch.bernoulli(torch.full((x.size(0), 1, 1, 1), keep, device=x.device)) / keep


class Cell(nn.Module):
    def __init__(self, genotype, inputs, halves, channels, reduce):
        super().__init__()
        nodes, self.concat = genotype
        self.terms = []  # source, target
        for node, terms in enumerate(nodes):
            for name, source in terms:
                operation = make_operation(name, channels, 2 if reduce and source < INPUTS else 1)
                self.add_module('op%d' % len(self.terms), operation)
                if any(True for _ in operation.parameters()):  # pooling and identity end in no norm
                    self.add_module('op%d_norm' % len(self.terms), nn.BatchNorm2d(channels))
                self.terms.append((source, INPUTS + node))
        self.reads = sorted({source for source, _ in self.terms if source < INPUTS})
        for i in self.reads:
            self.add_module('input%d' % i, Input(inputs[i], channels, halves[i]))

    def forward(self, inputs, drop_probability):
        """`drop_probability`: of drop path, in training."""
        states = {i: getattr(self, 'input%d' % i)(inputs[i]) for i in self.reads}
        for i, (source, target) in enumerate(self.terms):
            operation = getattr(self, 'op%d' % i)
            x = operation(states[source])
            if hasattr(self, 'op%d_norm' % i):
                x = getattr(self, 'op%d_norm' % i)(x)
            if self.training and drop_probability > 0 and not isinstance(operation, nn.Identity):
                x = drop_path(x, drop_probability)
            states[target] = states[target] + x if target in states else x
        # A node without inputs, as some published lists have them, is zero.
        zero = torch.zeros_like(x)
        return torch.cat([states.get(node, zero) for node in self.concat], 1)


class Stem(nn.Module):
    def __init__(self, widths, stride):
        super().__init__()
        self.count = len(widths) - 1
        for i in range(self.count):
            self.add_module('conv%d' % i, convolution(widths[i], widths[i + 1], 3, stride))
            self.add_module('norm%d' % i, nn.BatchNorm2d(widths[i + 1]))

    def forward(self, x):
        """The last two outputs."""
        early = None
        for i in range(self.count):
            early = x
            x = getattr(self, 'conv%d' % i)(functional.relu(x) if i > 0 else x)
            x = getattr(self, 'norm%d' % i)(x)
        return early, x


class AuxiliaryHead(nn.Module):
    def __init__(self, channels, classes, imagenet):
        super().__init__()
        self.narrow = nn.Conv2d(channels, 128, 1, bias=False)
        self.narrow_norm = nn.BatchNorm2d(128)
        self.whole = nn.Conv2d(128, 768, 2, bias=False)
        self.whole_norm = nn.Identity() if imagenet else nn.BatchNorm2d(768)
        self.classifier = nn.Linear(768, classes)

    def forward(self, x):
        x = functional.relu(x)
        if x.size(2) == x.size(3) and x.size(2) in (7, 8):  # what DARTS's networks have there
            x = functional.avg_pool2d(x, 5, stride=x.size(2) - 5)
        else:
            x = functional.adaptive_avg_pool2d(x, 2)
        x = functional.relu(self.narrow_norm(self.narrow(x)))
        x = functional.relu(self.whole_norm(self.whole(x)))
        return self.classifier(x.flatten(1))


class Network(nn.Module):
    """Cells that nothing reads are left out."""

    def __init__(self, genotype, channels, cells, classes, imagenet=False, auxiliary=False,
                 image_channels=3):
        super().__init__()
        self.cell_count = cells
        self.auxiliary_cell = 2 * cells // 3 if auxiliary else None
        stem = channels if imagenet else 3 * channels
        self.imagenet = imagenet
        self.stem = (Stem([image_channels, (channels + 1) // 2, channels, channels], 2) if imagenet
                     else Stem([image_channels, stem], 1))
        plans = []
        widths, halves = [stem, stem], [imagenet, False]
        for i in range(cells):
            reduce = i in (cells // 3, 2 * cells // 3)
            if reduce:
                channels *= 2
            genotype_of_cell = genotype['reduce' if reduce else 'normal']
            plans.append((genotype_of_cell, widths, halves, channels, reduce))
            widths = [widths[1], len(genotype_of_cell[1]) * channels]
            halves = [reduce, False]
        read = {cells - 1, self.auxiliary_cell}
        for i in reversed(range(cells)):
            if i in read:
                sources = {source for node in plans[i][0][0] for _, source in node}
                read |= {i - INPUTS + source for source in sources if source < INPUTS}
        for i in range(cells):
            if i in read:
                self.add_module('cell%d' % i, Cell(*plans[i]))
        if auxiliary:
            genotype_of_cell, _, _, channels_there, _ = plans[self.auxiliary_cell]
            self.auxiliary_head = AuxiliaryHead(
                len(genotype_of_cell[1]) * channels_there, classes, imagenet)
        self.classifier = nn.Linear(widths[1], classes)

    def forward(self, images, drop_probability=0.0):
        """Logits, and in training those of the auxiliary head (else None)."""
        early, last = self.stem(images)
        before = early if self.imagenet else last
        auxiliary_logits = None
        for i in range(self.cell_count):
            cell = getattr(self, 'cell%d' % i, None)
            before, last = last, cell([before, last], drop_probability) if cell else None
            if self.training and i == self.auxiliary_cell:
                auxiliary_logits = self.auxiliary_head(last)
        return self.classifier(last.mean((2, 3))), auxiliary_logits


def load(folder):
    """The network that tools/export_model --format=pytorch has written there, in evaluation mode.

    `network.train()` lets it be trained further. It reads [N, C, H, W], (pixel / 255 - mean) /
    stddev, and its `description` says by which, how large images are and what the classes are.
    """
    with open(os.path.join(folder, 'network.json'), encoding='utf-8') as file:
        description = json.load(file)
    shape = description['network']
    network = Network(parse_genotype(json.dumps(description['genotype'])), shape['channels'],
                      shape['cells'], shape['classes'], shape['stem'] == 'imagenet',
                      description['auxiliary_head'], shape['image_channels'])
    network.load_state_dict(torch.load(os.path.join(folder, 'network.pt'), weights_only=True))
    network.description = description
    return network.eval()


def parameter_count(network):
    return sum(parameter.numel() for parameter in network.parameters())
