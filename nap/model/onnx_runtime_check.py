"""What was exported as ONNX answers in ONNX Runtime as NAP did.

onnx_runtime_check.py FOLDER...: with model.onnx and reference.pt, {"images", "logits"}.
"""

import sys

import numpy
import onnxruntime
import torch


def error_of(actual, expected):
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    assert actual.dtype == numpy.float32, actual.dtype
    return abs(actual - expected).max() / abs(expected).max()


def check(folder):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(folder + '/model.onnx', options,
                                           providers=['CPUExecutionProvider'])
    reference = torch.load(folder + '/reference.pt', weights_only=False)
    images, logits = reference['images'].numpy(), reference['logits'].numpy()
    (given,), (made,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.shape) == ('images', ['batch', *images.shape[1:]]), given
    assert made.name == 'logits' and made.type == 'tensor(float)', made
    error = error_of(session.run(['logits'], {'images': images})[0], logits)
    return error


def main():
    worst, wrong = 0, []
    for folder in sys.argv[1:]:
        error = check(folder)
        worst = max(worst, error)
        if not error < 1e-5:
            wrong.append('%s: relative error %g' % (folder, error))
    print('ONNX Runtime %s: %d models, relative errors up to %.1e' %
          (onnxruntime.__version__, len(sys.argv) - 1, worst))
    sys.exit('\n'.join(wrong) if wrong else 0)


if __name__ == '__main__':
    main()
