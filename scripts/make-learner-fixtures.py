#!/usr/bin/env python3
"""Writes test/fixtures/learners with scikit-learn, the reference for metrics and for the learners beside the networks.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install scikit-learn==1.9.1
    /tmp/venv/bin/python scripts/make-learner-fixtures.py

The files are the same on each run.
"""

import json
from pathlib import Path

import numpy as np
from sklearn import metrics

FOLDER = Path(__file__).parent.parent / "test" / "fixtures" / "learners"


def write(name, content):
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(content))
    print(f"{name}.json")


def metrics_of_classes(classes):
    """Outputs with ties, and classes that are sometimes wrong."""
    random = np.random.default_rng(classes)
    targets = random.integers(0, classes, 40)
    outputs = np.round(random.random((40, classes)) + 0.3 * np.eye(classes)[targets], 1)
    outputs = outputs / outputs.sum(axis=1, keepdims=True)
    told = outputs.argmax(axis=1)
    average = "binary" if classes == 2 else "macro"
    values = {
        "accuracy": metrics.accuracy_score(targets, told),
        "balancedAccuracy": metrics.balanced_accuracy_score(targets, told),
        "f1": metrics.f1_score(targets, told, average=average),
        "precision": metrics.precision_score(targets, told, average=average),
        "recall": metrics.recall_score(targets, told, average=average),
        "auc": metrics.roc_auc_score(targets, outputs[:, 1])
        if classes == 2
        else metrics.roc_auc_score(targets, outputs, multi_class="ovr"),
        "loss": metrics.log_loss(targets, outputs),
    }
    return {"width": classes, "targets": targets.tolist(), "outputs": outputs.ravel().tolist(), "values": values}


def metrics_of_values():
    random = np.random.default_rng(0)
    targets = np.round(random.normal(20, 5, 30), 3)
    outputs = np.round(targets + random.normal(0, 2, 30), 3)
    values = {
        "meanSquaredError": metrics.mean_squared_error(targets, outputs),
        "meanAbsoluteError": metrics.mean_absolute_error(targets, outputs),
        "rSquared": metrics.r2_score(targets, outputs),
    }
    return {"width": 1, "targets": targets.tolist(), "outputs": outputs.tolist(), "values": values}


if __name__ == "__main__":
    write("metrics", {"two": metrics_of_classes(2), "four": metrics_of_classes(4), "values": metrics_of_values()})
