"""What was exported as ONNX answers in ONNX Runtime as NAP did.

onnx_runtime_check.py FOLDER...: with model.onnx and reference.pt, {"images", "logits"}. In one of
int8, whose folder is called int8-..., a number between two integers may become the other one, and
much changes behind it: there the mean error counts.
"""

import sys

import numpy
import onnxruntime
import torch


def error_of(actual, expected, is_int8):
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    assert actual.dtype == numpy.float32, actual.dtype
    errors = abs(actual - expected)
    return (errors.mean() if is_int8 else errors.max()) / abs(expected).max()


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
    answer = session.run(['logits'], {'images': images})[0]
    is_int8 = folder.startswith('int8-')
    return error_of(answer, logits, is_int8), 1e-3 if is_int8 else 1e-5


def main():
    worst, wrong = 0, []
    for folder in sys.argv[1:]:
        error, limit = check(folder)
        worst = max(worst, error)
        if not error < limit:
            wrong.append('%s: relative error %g' % (folder, error))
    print('ONNX Runtime %s: %d models, relative errors up to %.1e' %
          (onnxruntime.__version__, len(sys.argv) - 1, worst))
    sys.exit('\n'.join(wrong) if wrong else 0)


if __name__ == '__main__':
    main()
