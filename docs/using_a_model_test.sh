#!/usr/bin/env bash
# The page's programs say the same of the same pictures, and not always the same.
set -uo pipefail
/usr/bin/python3 -c 'import torch' 2>/dev/null || {
  echo "SKIPPED: /usr/bin/python3 has no PyTorch"
  exit 0
}
make=$PWD/$1 export=$PWD/$2 classify=$PWD/$3 script=$PWD/$4 onnx_script=$PWD/$5
cd "$TEST_TMPDIR"
mkdir run
"$make" DARTS_V2 cifar 4 5 32 run || exit 1
"$export" --checkpoint=run && "$export" --checkpoint=run --format=onnx || exit 1
# Where tools/setup puts it; Bazel's tests have another HOME.
export PYTHONPATH=$(unset HOME; echo ~/.cache/nap/onnxruntime)
/usr/bin/python3 -c 'import onnxruntime' 2>/dev/null || {
  echo "SKIPPED: /usr/bin/python3 has no ONNX Runtime"
  onnx_script=
}

python3 - <<'PYTHON' || exit 1
pictures = {
    'red': lambda y, x: (250, 10, 10),
    'blue': lambda y, x: (0, 20, 255),
    'slope': lambda y, x: (8 * y, 8 * x, 100),
    'checks': lambda y, x: ((x // 4 + y // 4) % 2 * 255, 0, (x // 8 + y // 8) % 2 * 255),
}
for name, colour in pictures.items():
    with open(name + '.ppm', 'wb') as file:
        file.write(b'P6\n32 32\n255\n')
        file.write(bytes(part for y in range(32) for x in range(32) for part in colour(y, x)))
PYTHON

for name in red blue slope checks; do
  "$classify" run/model.pt $name.ppm >cpp || { echo "classify failed on $name.ppm"; exit 1; }
  /usr/bin/python3 "$script" run/model.pt $name.ppm >python || exit 1
  echo "$name: C++ $(cat cpp), Python $(cat python)"
  paste -d ' ' cpp python | awk '$1 != $3 || ($2 - $4) ^ 2 > 0.0005 ^ 2 { exit 1 }' || exit 1
  [[ ! $onnx_script ]] || /usr/bin/python3 "$onnx_script" run/model.onnx $name.ppm >onnx || exit 1
  [[ ! $onnx_script ]] || paste -d ' ' onnx python |
    awk '{ print "ONNX " $0 } $1 != $3 || ($2 - $4) ^ 2 > 0.0005 ^ 2 { exit 1 }' || exit 1
  cat python >>all
done
[ "$(sort -u all | wc -l)" -eq 4 ]
