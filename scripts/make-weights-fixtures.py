#!/usr/bin/env python3
"""Writes test/fixtures/weights with the Python package `safetensors`, the reference implementation of the format.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install safetensors numpy
    /tmp/venv/bin/python scripts/make-weights-fixtures.py

The files are the same on each run: more than one key of metadata would not be, for the package writes them in any order.
The values are those that test/unit/weights/fixtures.test.ts expects.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save

FOLDER = Path(__file__).parent.parent / "test" / "fixtures" / "weights"

FIXTURES = {
    # A small network, as a Keras model names it.
    "dense": (
        {
            "dense/kernel": (np.arange(12, dtype=np.float32) / 4 - 1).reshape(4, 3),
            "dense/bias": np.array([0.5, -0.0, 1e-45], dtype=np.float32),
        },
        None,
    ),
    # Every element type known here, a scalar, an empty tensor, a name beyond ASCII, and a summary of one key.
    "mixed": (
        {
            "float": np.array([[1.5, -2.25]], dtype=np.float32),
            "double": np.array(np.pi, dtype=np.float64),
            "int": np.array([-(2**31), 2**31 - 1], dtype=np.int32),
            "long": np.array([-(2**63), 2**63 - 1, 2**53 + 1], dtype=np.int64),
            "byte": np.array([0, 127, 255], dtype=np.uint8),
            "bool": np.array([True, False, True]),
            "empty": np.zeros((0, 3), dtype=np.float32),
            'größe "µ"\n\u2028': np.array([7], dtype=np.uint8),
        },
        {"steps": "100"},
    ),
    # Metadata as other programs write them, which are no business of ours.
    "foreign": ({"x": np.array([1, 2], dtype=np.float32)}, {"format": "np"}),
    # What the format allows and we do not: an element type not known here, and a value that is not finite.
    "half": ({"x": np.array([1, 2], dtype=np.float16)}, None),
    "nan": ({"x": np.array([1, np.nan], dtype=np.float32)}, None),
}

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (tensors, metadata) in FIXTURES.items():
        content = save(tensors, metadata=metadata)
        (FOLDER / f"{name}.safetensors").write_bytes(content)
        print(f"{name}.safetensors: {len(content)} bytes")
