"""The Keras side of scripts/bench/training.ts: the same models, trained by TensorFlow on the processor.

Reads a line of JSON for each block of steps ({"steps": 10}) and answers with a line ({"steps": [ms], "processor": [ms]}).
The first line it writes says what was chosen. Arguments: model, threads (1, or 0 for TensorFlow's own choice).
"""

import json
import os
import sys
import time

name, threads = sys.argv[1], int(sys.argv[2])
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
if threads > 0:
    os.environ["OMP_NUM_THREADS"] = str(threads)

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402

if threads > 0:
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def three_convolutions(shape):
    """fetchai/colearn's model for MNIST and for CIFAR-10."""
    return [
        keras.Input(shape),
        layers.Conv2D(32, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(32, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]


def normalised():
    block = lambda filters: [  # noqa: E731
        layers.Conv2D(filters, 3, padding="same", activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(2),
    ]
    return [
        keras.Input((28, 28, 1)),
        *block(64),
        *block(128),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]


def perceptron():
    return [
        keras.Input((784,)),
        layers.Dense(128, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]


# Name, input shape, batch size, layers: as in training-variant.ts.
workloads = {
    "mnist CNN": ((28, 28, 1), 32, lambda: three_convolutions((28, 28, 1))),
    "cifar10 CNN": ((32, 32, 3), 32, lambda: three_convolutions((32, 32, 3))),
    "MLP 784-128-64-10": ((784,), 32, perceptron),
    "CNN with batch normalisation": ((28, 28, 1), 64, normalised),
}

shape, batch, build = workloads[name]
random = np.random.default_rng(1)
x = random.standard_normal((batch, *shape), dtype=np.float32)
y = np.eye(10, dtype=np.float32)[np.arange(batch) % 10]


def train_on_batch(jit_compile):
    """What Keras offers: a compiled step on numpy arrays."""
    model = keras.Sequential(build())
    model.compile(optimizer=keras.optimizers.Adam(0.001), loss="categorical_crossentropy", jit_compile=jit_compile)
    return lambda: float(model.train_on_batch(x, y))


def tf_function():
    """What a person writes who wants speed: one compiled function and nothing else."""
    model = keras.Sequential(build())
    optimizer = keras.optimizers.Adam(0.001)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(inputs, labels):
        with tf.GradientTape() as tape:
            outputs = model(inputs, training=True)
            loss = tf.reduce_mean(keras.losses.categorical_crossentropy(labels, outputs))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    return lambda: float(step(tf.constant(x), tf.constant(y)))


def fastest(step, count):
    for _ in range(5):
        step()
    times = []
    for _ in range(count):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return min(times)


# The fastest of the ways that a person has.
ways = {
    "train_on_batch": train_on_batch(False),
    "train_on_batch, XLA": train_on_batch(True),
    "tf.function": tf_function(),
}
best = {way: fastest(step, 15) for way, step in ways.items()}
chosen = min(best, key=best.get)
step = ways[chosen]
print(json.dumps({"version": f"Keras {keras.__version__}, TensorFlow {tf.__version__}", "way": chosen}), flush=True)
if sys.stdin.isatty():
    print({way: round(seconds * 1000, 2) for way, seconds in best.items()})

for line in sys.stdin:
    figures = {"steps": [], "processor": []}
    for _ in range(json.loads(line)["steps"]):
        wall, used = time.perf_counter(), time.process_time()
        step()
        figures["steps"].append((time.perf_counter() - wall) * 1000)
        figures["processor"].append((time.process_time() - used) * 1000)
    print(json.dumps(figures), flush=True)
