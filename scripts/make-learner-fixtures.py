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
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.tree import DecisionTreeClassifier

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


# Sixteenths are exact in every floating-point type, so both sides compute with the same numbers.
SCALE = 16
LOSSES = {"modifiedHuber": "modified_huber", "hinge": "hinge", "log": "log_loss"}
RATES = {
    "optimal": {"learningRate": "optimal", "alpha": 1e-4, "eta0": 0.01, "powerT": 0.5},
    "strong penalty": {"learningRate": "optimal", "alpha": 0.5, "eta0": 0.01, "powerT": 0.5},
    "constant": {"learningRate": "constant", "alpha": 1e-3, "eta0": 0.05, "powerT": 0.5},
    "rate beyond the penalty's": {"learningRate": "constant", "alpha": 30, "eta0": 0.05, "powerT": 0.5},
    "inverse scaling": {"learningRate": "invscaling", "alpha": 1e-3, "eta0": 0.1, "powerT": 0.25},
}


def shuffled(dataset, rows):
    """Some samples in a fixed order, standardised, in sixteenths."""
    order = np.random.default_rng(1).permutation(len(dataset.target))[:rows]
    data = (dataset.data - dataset.data.mean(axis=0)) / dataset.data.std(axis=0)
    return np.round(data[order] * SCALE).astype(int), dataset.target[order]


def learned(model, data, targets, parts, **first):
    """Coefficients after each call of partial_fit, which each see the next part of the samples."""
    steps = []
    for part in np.array_split(np.arange(len(targets)), parts):
        model.partial_fit(data[part] / SCALE, targets[part], **first)
        steps.append({
            "rows": len(part),
            "coefficients": model.coef_.ravel().tolist(),
            "intercepts": model.intercept_.tolist(),
            "nextStep": model.t_,
        })
    return {"steps": steps, "predictions": model.predict(data / SCALE).tolist()}


def linear(dataset, rows, classes):
    data, targets = shuffled(dataset, rows)
    cases = []
    for loss, theirs in LOSSES.items():
        for title, rate in RATES.items():
            model = SGDClassifier(
                loss=theirs,
                alpha=rate["alpha"],
                learning_rate=rate["learningRate"],
                eta0=rate["eta0"],
                power_t=rate["powerT"],
                shuffle=False,
            )
            result = learned(model, data, targets, 3, classes=np.arange(classes))
            cases.append({"title": f"{loss}, {title}", "loss": loss, "settings": rate, **result})
    return {
        "features": data.shape[1],
        "classes": classes,
        "inputs": data.ravel().tolist(),
        "targets": targets.tolist(),
        "cases": cases,
    }


def regression():
    data, _ = shuffled(load_breast_cancer(), 90)
    data, targets = data[:, 1:6], data[:, 0] / SCALE
    rate = {"learningRate": "invscaling", "alpha": 1e-4, "eta0": 0.01, "powerT": 0.25}
    model = SGDRegressor(alpha=1e-4, shuffle=False)
    case = {"title": "squaredError", "loss": "squaredError", "settings": rate, **learned(model, data, targets, 3)}
    return {
        "features": data.shape[1],
        "inputs": data.ravel().tolist(),
        "targets": targets.tolist(),
        "cases": [case],
    }


def continuous(rows, features):
    """Numbers with so few ties that there is one best split, and targets that depend on them."""
    random = np.random.default_rng(5)
    data = np.round(random.normal(size=(rows, features)), 4)
    values = np.round(data[:, 0] * data[:, 1] + np.sin(2 * data[:, 2]) + 0.2 * random.normal(size=rows), 4)
    return data, values, (values > 0.3).astype(int) + (values > 1)


def trees():
    data, values, classes = continuous(240, 4)
    single = DecisionTreeClassifier(max_depth=5, min_samples_leaf=4, random_state=0).fit(data, classes)
    boosted = GradientBoostingRegressor(
        n_estimators=20, max_depth=3, min_samples_leaf=6, learning_rate=0.3, random_state=0
    ).fit(data, values)
    return {
        "features": 4,
        "inputs": data.ravel().tolist(),
        "values": values.tolist(),
        "classes": classes.tolist(),
        "shares": np.round(single.predict_proba(data), 6).ravel().tolist(),
        "boosted": np.round(boosted.predict(data), 6).tolist(),
    }


def forest(dataset, rows, trained, depth):
    """The accuracy on the samples after the first `trained`, over twenty forests."""
    data, targets = shuffled(dataset, rows)
    scores = [
        RandomForestClassifier(n_estimators=50, max_depth=depth, random_state=seed)
        .fit(data[:trained], targets[:trained])
        .score(data[trained:], targets[trained:])
        for seed in range(20)
    ]
    return {
        "features": data.shape[1],
        "classes": int(targets.max()) + 1,
        "maxDepth": depth,
        "trained": trained,
        "inputs": data.ravel().tolist(),
        "targets": targets.tolist(),
        "accuracy": float(np.mean(scores)),
    }


if __name__ == "__main__":
    write("metrics", {"two": metrics_of_classes(2), "four": metrics_of_classes(4), "values": metrics_of_values()})
    write("linear", {
        "two classes": linear(load_breast_cancer(), 120, 2),
        "three classes": linear(load_iris(), 150, 3),
        "values": regression(),
    })
    write("trees", trees())
    write("forests", {
        "iris": forest(load_iris(), 150, 90, 3),
        "breast cancer": forest(load_breast_cancer(), 300, 180, 6),
    })
