#!/usr/bin/python3
"""Trains a genotype on CIFAR-10 in plain PyTorch, to measure NAP's training against on one machine.

DARTS's recipe: SGD with momentum, the learning rate falling as a cosine to 0 an epoch at a time,
weight decay, clipped gradients, random crops and flips, cutout, drop path that rises linearly, an
auxiliary head. Prints a line an epoch. Needs PyTorch (tools/setup) and CIFAR-10's binary files
(bazel run //tools:download_cifar10).
"""

import argparse
import json
import math
import os
import sys
import time

try:
    import numpy
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    sys.exit('%s has no PyTorch: run tools/setup, then /usr/bin/python3 %s' % (
        sys.executable, sys.argv[0]))

import darts_network

MEAN = (0.4914, 0.4822, 0.4465)
STDDEV = (0.2470, 0.2435, 0.2616)
SIZE = 32
RECORD = 1 + 3 * SIZE * SIZE
PADDING = 4


def read_cifar10(folder, train, max_images):
    """Images [N, 3, 32, 32] of 0..255, labels [N]."""
    names = ['data_batch_%d.bin' % i for i in range(1, 6)] if train else ['test_batch.bin']
    records = []
    for name in names:
        for path in (os.path.join(folder, name), os.path.join(folder, 'cifar-10-batches-bin', name)):
            if os.path.exists(path):
                records.append(numpy.fromfile(path, numpy.uint8).reshape(-1, RECORD))
                break
        else:
            sys.exit('%s holds no %s of CIFAR-10\'s binary version' % (folder, name))
    records = torch.from_numpy(numpy.concatenate(records)[:max_images])
    return records[:, 1:].reshape(-1, 3, SIZE, SIZE), records[:, 0].long()


def normalise(images):
    mean = torch.tensor(MEAN).view(1, 3, 1, 1)
    stddev = torch.tensor(STDDEV).view(1, 3, 1, 1)
    return (images.float() / 255 - mean) / stddev


def augment(images, cutout, generator):
    """Random crops after padding with black, flips, a normalised square set to 0."""
    count = len(images)
    offsets = torch.randint(2 * PADDING + 1, (count, 2), generator=generator).tolist()
    flips = (torch.rand(count, generator=generator) < 0.5).tolist()
    centres = torch.randint(SIZE, (count, 2), generator=generator).tolist()
    padded = functional.pad(images, (PADDING,) * 4)
    batch = normalise(torch.stack(
        [padded[i, :, y:y + SIZE, x:x + SIZE] for i, (y, x) in enumerate(offsets)]))
    for i, (y, x) in enumerate(centres):
        if flips[i]:
            batch[i] = batch[i].flip(2)
        top, left = max(y - cutout // 2, 0), max(x - cutout // 2, 0)
        batch[i, :, top:y - cutout // 2 + cutout, left:x - cutout // 2 + cutout] = 0
    return batch


class Meter:
    """Mean loss and accuracy (%) over images."""

    def __init__(self):
        self.images = self.losses = self.correct = 0

    def add(self, loss, logits, labels):
        self.images += len(labels)
        self.losses += loss.item() * len(labels)
        self.correct += (logits.argmax(1) == labels).sum().item()

    def loss(self):
        return self.losses / self.images

    def accuracy(self):
        return 100 * self.correct / self.images


def train_epoch(network, optimizer, images, labels, epoch, options, layout, generator):
    network.train()
    meter = Meter()
    drop_probability = options.drop_path * epoch / options.epochs
    order = torch.randperm(len(images), generator=generator)
    for chosen in order.split(options.batch_size):
        batch = augment(images[chosen], options.cutout, generator).contiguous(memory_format=layout)
        optimizer.zero_grad()
        logits, auxiliary_logits = network(batch, drop_probability)
        loss = total = functional.cross_entropy(logits, labels[chosen])
        if options.auxiliary > 0:
            total = loss + options.auxiliary * functional.cross_entropy(
                auxiliary_logits, labels[chosen])
        total.backward()
        nn.utils.clip_grad_norm_(network.parameters(), options.clip)
        optimizer.step()
        meter.add(loss, logits, labels[chosen])
    return meter


@torch.no_grad()
def evaluate(network, images, labels, options, layout):
    network.eval()
    meter = Meter()
    for chosen in torch.arange(len(images)).split(options.batch_size):
        batch = normalise(images[chosen]).contiguous(memory_format=layout)
        logits, _ = network(batch)
        meter.add(functional.cross_entropy(logits, labels[chosen]), logits, labels[chosen])
    return meter


def find_genotype(name_or_file):
    if name_or_file in darts_network.GENOTYPES:
        return darts_network.parse_genotype(darts_network.GENOTYPES[name_or_file])
    try:
        with open(name_or_file) as file:
            return darts_network.parse_genotype(file.read())
    except (OSError, KeyError, StopIteration, SyntaxError, ValueError) as error:
        sys.exit('--genotype=%s is neither %s nor a file with a genotype: %r' % (
            name_or_file, ' nor '.join(darts_network.GENOTYPES), error))


def positive(text):
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data_dir', required=True, help='folder of CIFAR-10\'s binary files')
    parser.add_argument('--genotype', default='DARTS_V2',
                        help='DARTS_V1, DARTS_V2, or a file: genotype.json or DARTS\'s line')
    parser.add_argument('--channels', type=positive, default=36)
    parser.add_argument('--cells', type=positive, default=20)
    parser.add_argument('--epochs', type=positive, default=600)
    parser.add_argument('--batch_size', type=positive, default=96)
    parser.add_argument('--max_images', type=positive, help='of each of train and test')
    parser.add_argument('--learning_rate', type=float, default=0.025)
    parser.add_argument('--momentum', type=float, default=0.9)
    parser.add_argument('--weight_decay', type=float, default=3e-4)
    parser.add_argument('--clip', type=float, default=5.0, help='norm of the gradients')
    parser.add_argument('--cutout', type=int, default=16, help='pixels; 0: none')
    parser.add_argument('--drop_path', type=float, default=0.2, help='probability at the end')
    parser.add_argument('--auxiliary', type=float, default=0.4, help='weight of that loss; 0: none')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--threads', type=positive, default=len(os.sched_getaffinity(0)))
    parser.add_argument('--channels_last', action='store_true', help='instead of NCHW')
    parser.add_argument('--out', help='also append a JSON object an epoch to this file')
    return parser.parse_args()


def main():
    options = parse_arguments()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    generator = torch.Generator().manual_seed(options.seed)
    layout = torch.channels_last if options.channels_last else torch.contiguous_format
    network = darts_network.Network(
        find_genotype(options.genotype), options.channels, options.cells, classes=10,
        auxiliary=options.auxiliary > 0).to(memory_format=layout)
    train_images, train_labels = read_cifar10(options.data_dir, True, options.max_images)
    test_images, test_labels = read_cifar10(options.data_dir, False, options.max_images)
    optimizer = torch.optim.SGD(network.parameters(), options.learning_rate,
                                momentum=options.momentum, weight_decay=options.weight_decay)
    print('%d parameters with the auxiliary head, %d + %d images, %d threads' % (
        darts_network.parameter_count(network), len(train_images), len(test_images),
        options.threads), flush=True)
    for epoch in range(options.epochs):
        rate = options.learning_rate * (1 + math.cos(math.pi * epoch / options.epochs)) / 2
        optimizer.param_groups[0]['lr'] = rate
        begin = time.perf_counter()
        train = train_epoch(
            network, optimizer, train_images, train_labels, epoch, options, layout, generator)
        train_seconds = time.perf_counter() - begin
        begin = time.perf_counter()
        test = evaluate(network, test_images, test_labels, options, layout)
        result = {
            'epoch': epoch + 1, 'learning_rate': rate, 'train_loss': train.loss(),
            'train_accuracy': train.accuracy(), 'test_loss': test.loss(),
            'test_accuracy': test.accuracy(), 'train_seconds': train_seconds,
            'test_seconds': time.perf_counter() - begin,
        }
        print('epoch %d/%d: train loss %.3f, accuracy %.1f %%; test loss %.3f, accuracy %.1f %%; '
              '%.1f s + %.1f s' % (epoch + 1, options.epochs, train.loss(), train.accuracy(),
                                   test.loss(), test.accuracy(), train_seconds,
                                   result['test_seconds']), flush=True)
        if options.out:
            with open(options.out, 'a') as file:
                file.write(json.dumps(result) + '\n')


if __name__ == '__main__':
    main()
