#!/usr/bin/env bash
# What ONNX Runtime makes of every operator that ONNX export knows, of a network with an operation of a
# plugin, and of networks of int8, is what LibTorch does.
set -uo pipefail
make=$PWD/$1 check=$PWD/$2
cd "$TEST_TMPDIR"
"$make" "$PWD" || exit 1
# Where tools/setup puts it; Bazel's tests have another HOME.
export PYTHONPATH=$(unset HOME; echo ~/.cache/nap/onnxruntime)
/usr/bin/python3 -c 'import onnxruntime, torch' 2>/dev/null || {
  echo "SKIPPED: /usr/bin/python3 has no ONNX Runtime or no PyTorch"
  exit 0
}
/usr/bin/python3 "$check" [0-9]* plugin int8-* || {
  grep . [0-9]*/body.txt
  exit 1
}
/usr/bin/python3 - <<'PYTHON'
import json, numpy, onnxruntime
session = onnxruntime.InferenceSession('plugin/model.onnx', providers=['CPUExecutionProvider'])
metadata = session.get_modelmeta().custom_metadata_map
assert json.loads(metadata['class_names']) == ['cat', 'd\u00f6g "\uefff"'], metadata['class_names']
assert [round(mean, 6) for mean in json.loads(metadata['mean'])] == [0.1, 0.2, 0.3], metadata['mean']
assert [round(stddev, 6) for stddev in json.loads(metadata['stddev'])] == [0.4, 0.5, 0.6]
assert metadata['image_size'] == '[19,21]' and metadata['test_crop'] == '0.875'
# All convolutions compute with integers.
for folder in 'int8-DARTS_V2', 'int8-AmoebaNet', 'int8-plugin':
    options = onnxruntime.SessionOptions()
    options.enable_profiling = True
    quantized = onnxruntime.InferenceSession(folder + '/model.onnx', options, providers=['CPUExecutionProvider'])
    quantized.run(None, {'images': numpy.zeros((1, 3, 19, 21), numpy.float32)})
    called = [event['args'].get('op_name') for event in json.load(open(quantized.end_profiling()))
              if event['cat'] == 'Node']
    assert called.count('QLinearConv') > 20 and called.count('Conv') == 0, (folder, called)
assert json.loads(metadata['genotype'])['cells']['normal']['nodes'][0][0][0] == 'excitation'
PYTHON
