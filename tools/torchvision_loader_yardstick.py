#!/usr/bin/python3
"""Times torchvision's ImageNet training transforms, to measure //data:loader_benchmark against.

ImageFolder, RandomResizedCrop, flip, ColorJitter, ToTensor, Normalize through a DataLoader. Needs
`tools/setup --yardstick`, then tools/torchvision_loader_yardstick.py --data_dir=FOLDER, where FOLDER
holds train/<class>/* or <class>/*.
"""

import argparse
import os
import sys
import time

try:
    import torch
    from torch.utils import data
    from torchvision import datasets, transforms
except ImportError:
    sys.exit('%s has no torchvision: run tools/setup --yardstick, then /usr/bin/python3 %s' % (
        sys.executable, sys.argv[0]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data_dir', required=True)
    parser.add_argument('--image_size', type=int, default=224)
    parser.add_argument('--workers', type=int, default=0, help='processes; 0: this one')
    parser.add_argument('--batch_size', type=int, default=32)
    parser.add_argument('--images', type=int, default=480, help='an epoch')
    parser.add_argument('--epochs', type=int, default=3)
    parser.add_argument('--no_color_jitter', action='store_true')
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(0)
    steps = [transforms.RandomResizedCrop(options.image_size), transforms.RandomHorizontalFlip()]
    if not options.no_color_jitter:
        steps.append(transforms.ColorJitter(0.4, 0.4, 0.4, 0.2))
    steps += [transforms.ToTensor(),
              transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
    folder = os.path.join(options.data_dir, 'train')
    images = datasets.ImageFolder(folder if os.path.isdir(folder) else options.data_dir,
                                  transforms.Compose(steps))
    repeated = data.Subset(images, [i % len(images) for i in range(options.images)])
    loader = data.DataLoader(repeated, options.batch_size, shuffle=True,
                             num_workers=options.workers)
    speeds = []
    for _ in range(options.epochs):
        begin, done = time.perf_counter(), 0
        for batch, _ in loader:
            done += len(batch)
        speeds.append(done / (time.perf_counter() - begin))
    print('torchvision, size %d, %d workers: %.1f images/s (epochs: %s)' % (
        options.image_size, options.workers, max(speeds),
        ', '.join('%.1f' % speed for speed in speeds)))


if __name__ == '__main__':
    main()
