#!/usr/bin/env python3
"""Writes test/fixtures/privacy/epsilons.json with the accountants of Opacus and of Google's dp-accounting, and with SciPy.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy scipy dp-accounting
    /tmp/venv/bin/pip download --no-deps --dest /tmp opacus==1.6.0
    /tmp/venv/bin/python scripts/make-privacy-fixtures.py /tmp/opacus-1.6.0-py3-none-any.whl

Of Opacus one file is loaded, which needs no torch. test/unit/learning/privacy/accountant.test.ts reads what is written.
"""

import itertools
import json
import math
import sys
import types
import warnings
import zipfile
from pathlib import Path

import dp_accounting
from absl import logging
from dp_accounting import rdp
from scipy import integrate, special

FILE = Path(__file__).parent.parent / "test" / "fixtures" / "privacy" / "epsilons.json"
# opacus/accountants/rdp.py has them as RDPAccountant.DEFAULT_ALPHAS.
OPACUS_ORDERS = [1 + x / 10.0 for x in range(1, 100)] + list(range(12, 64))
INTEGER_ORDERS = list(range(2, 64)) + [128, 256, 512, 1024]
# By how much dp-accounting may be above Opacus. Its series of a fractional order has no signs, and ends after 1000 terms:
# where the best order is a small fraction, that is a bound, and not the value.
TOLERANCE = 1e-4


def load_opacus(wheel):
    source = zipfile.ZipFile(wheel).read("opacus/accountants/analysis/rdp.py")
    module = types.ModuleType("opacus_rdp")
    exec(compile(source, "opacus/accountants/analysis/rdp.py", "exec"), module.__dict__)
    return module


def with_opacus(opacus, costs, delta):
    total = sum(
        opacus.compute_rdp(q=q, noise_multiplier=sigma, steps=steps, orders=OPACUS_ORDERS) for q, sigma, steps in costs
    )
    return float(opacus.get_privacy_spent(orders=OPACUS_ORDERS, rdp=total, delta=delta)[0])


def with_google(costs, delta, orders=None):
    accountant = rdp.RdpAccountant(orders)
    for q, sigma, steps in costs:
        step = dp_accounting.PoissonSampledDpEvent(q, dp_accounting.GaussianDpEvent(sigma))
        accountant.compose(step, steps)
    return float(accountant.get_epsilon(delta))


def integrated(q, sigma, order, delta):
    """One step's epsilon at one order, from the definition of the Renyi divergence."""

    def density(z):
        ratio = (1 - q) + q * math.exp((2 * z - 1) / (2 * sigma**2))
        return math.exp(-(z**2) / (2 * sigma**2) + order * math.log(ratio)) / (sigma * math.sqrt(2 * math.pi))

    # The integrand is a bump around 0 and one around the order.
    moment, _ = integrate.quad(density, -40 * sigma, order + 40 * sigma, points=[0, order], epsabs=0, limit=500)
    return math.log(moment) / (order - 1) + math.log1p(-1 / order) - math.log(delta * order) / (order - 1)


# What trainings are like: batches of 16 to 1024 of 1000 to 60 000 samples, weak to strong noise, short to long.
GRID = itertools.product([0.001, 0.01, 0.064, 0.25], [0.6, 0.8, 1.0, 1.3, 2.0, 4.0], [1, 100, 2_000], [1e-5])
SETTINGS = [([(q, sigma, steps)], delta) for q, sigma, steps, delta in GRID] + [
    # The settings of the libraries' own tutorials and tests.
    ([(256 / 60_000, 1.1, 60 * 60_000 // 256)], 1e-5),
    ([(256 / 60_000, 1.3, 15 * 60_000 // 256)], 1e-5),
    ([(600 / 50_000, 1.0, 7_500)], 1e-5),
    ([(0.01, 4.0, 10_000)], 1e-5),
    # The whole data set in each batch, most of it, half of it.
    ([(1.0, 1.0, 1)], 1e-5),
    ([(1.0, 5.0, 20)], 1e-6),
    ([(1.0, 20.0, 1_000)], 1e-3),
    ([(0.9, 3.0, 50)], 1e-5),
    ([(0.5, 1.0, 10)], 1e-5),
    ([(0.5, 8.0, 400)], 1e-7),
    # Hardly any noise, and much.
    ([(0.1, 0.4, 5)], 1e-5),
    ([(0.02, 0.5, 100)], 1e-4),
    ([(0.05, 30.0, 2_000)], 1e-5),
    # Other deltas.
    ([(0.01, 1.1, 1_000)], 1e-3),
    ([(0.01, 1.1, 1_000)], 1e-9),
    ([(0.01, 1.1, 1_000)], 0.01),
    # Several trainings of one learner.
    ([(0.00001, 1.0, 10), (0.0001, 3.0, 4)], 1e-5),
    ([(0.01, 1.0, 500), (0.02, 1.5, 500)], 1e-5),
    ([(0.05, 2.0, 200), (0.01, 0.8, 50), (1.0, 10.0, 3)], 1e-6),
    ([(0.032, 1.2, 100)] * 7, 1e-5),
]

# Below, at and above the places where the function changes its series.
POINTS = [-40, -6, -2, -1.999, -0.5, -1e-9, 0, 1e-9, 0.1, 0.9, 1.7, 1.999, 2, 2.001, 3.3, 7, 26, 28, 100, 1e4]

# Fractional orders at sampling rates and noise where both libraries' series are long.
ONE_ORDER = list(itertools.product([0.01, 0.25, 0.5, 0.9], [0.5, 1.0, 3.0], [1.1, 1.5, 2.7, 6.3]))


def fixture(opacus, costs, delta):
    by_opacus, by_google = with_opacus(opacus, costs, delta), with_google(costs, delta)
    return {
        "costs": [{"sampleRate": q, "noiseMultiplier": sigma, "steps": steps} for q, sigma, steps in costs],
        "delta": delta,
        "opacus": by_opacus,
        "dpAccounting": by_google,
        "dpAccountingIsLooser": by_google > by_opacus + TOLERANCE,
        "dpAccountingOfIntegers": with_google(costs, delta, INTEGER_ORDERS),
    }


if __name__ == "__main__":
    logging.set_verbosity(logging.ERROR)
    warnings.simplefilter("ignore")
    opacus = load_opacus(sys.argv[1])
    epsilons = [fixture(opacus, costs, delta) for costs, delta in SETTINGS]
    one_order = [
        {"sampleRate": q, "noiseMultiplier": sigma, "order": order, "epsilon": integrated(q, sigma, order, 1e-5)}
        for q, sigma, order in ONE_ORDER
    ]
    log_erfc = [[x, math.log(2) + float(special.log_ndtr(-x * math.sqrt(2)))] for x in POINTS]
    FILE.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "opacusOrders": OPACUS_ORDERS,
        "integerOrders": INTEGER_ORDERS,
        "epsilons": epsilons,
        "oneOrder": one_order,
        "logErfc": log_erfc,
    }
    FILE.write_text(json.dumps(document, indent=2) + "\n")
    looser = sum(entry["dpAccountingIsLooser"] for entry in epsilons)
    print(f"{len(epsilons)} settings, dp-accounting is looser in {looser}; {len(one_order)} orders, {len(log_erfc)} points")
