"""Writes MATLAB files as scipy.io.savemat does, to test their reader on: python3 scripts/make-mat-fixtures.py

Needs scipy and numpy. The numbers are generated; they are no features of X-rays.
"""

from pathlib import Path

import numpy as np
from scipy.io import savemat

folder = Path(__file__).parent.parent / "test/fixtures/covid"
folder.mkdir(parents=True, exist_ok=True)
values = np.arange(12, dtype=np.float64).reshape(3, 4) / 4 - 1

savemat(folder / "plain.mat", {"covid": values})
savemat(folder / "compressed.mat", {"other": np.array([[1.0, 2.0]]), "covid": values}, do_compression=True)
savemat(folder / "single.mat", {"covid": values.astype(np.float32)})
savemat(folder / "bytes.mat", {"covid": np.array([[1, 2], [3, 250]], dtype=np.uint8)}, do_compression=True)
savemat(folder / "text.mat", {"covid": "not numbers"})
savemat(folder / "complex.mat", {"covid": values * 1j})
savemat(folder / "cube.mat", {"covid": np.zeros((2, 2, 2))})

# A whole folder, as the task covid has it: three features and the class.
(folder / "whole").mkdir(exist_ok=True)
for label, name in enumerate(["covid", "normal", "pneumonia"]):
    rows = np.array([[label + 0.5, 2.0, 3.0, label], [label - 0.5, 4.0, 5.0, label]])
    savemat(folder / "whole" / f"{name}.mat", {name: rows}, do_compression=True)
