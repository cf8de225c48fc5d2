"""Runs experiments with colearn's own driver and its own Keras learner, whose model has a script instead of layers.

Reads {"withoutOwnVote": bool, "experiments": [...]} from standard input, as ../oracle/experiments.ts draws them, and writes
what became of every round to standard output.
"""
import contextlib
import inspect
import json
import sys
from fractions import Fraction
from unittest.mock import MagicMock

# colearn's files import these at their top, for models that have layers. Neither the driver nor the vote uses them.
FRAMEWORKS = (
    "onnx", "onnxmltools", "sklearn", "torch", "tensorflow", "tensorflow_privacy", "tensorflow_privacy.privacy",
    "tensorflow_privacy.privacy.analysis", "tensorflow_privacy.privacy.analysis.compute_dp_sgd_privacy",
    "tensorflow_privacy.privacy.optimizers", "tensorflow_privacy.privacy.optimizers.dp_optimizer_keras",
)
for framework in FRAMEWORKS:
    sys.modules[framework] = MagicMock()

from colearn.training import collective_learning_round  # noqa: E402
from colearn_keras.keras_learner import KerasLearner  # noqa: E402


class ScriptedModel:
    """Its weights are the number of the round that made them; how good they are is written down beforehand."""

    def __init__(self, scores, clock):
        self.scores, self.clock, self.made_in = scores, clock, 0

    def get_weights(self):
        return [self.made_in]

    def set_weights(self, weights):
        self.made_in = weights[0]

    def fit(self, *_, **__):
        self.made_in = self.clock["round"]

    def evaluate(self, *_, **__):
        return {"score": self.scores[self.made_in]}


class LearnerWithoutOwnVote(KerasLearner):
    """Approves nothing that it proposed itself."""

    proposed = None

    def mli_propose_weights(self):
        weights = super().mli_propose_weights()
        self.proposed = weights.weights
        return weights

    def mli_test_weights(self, weights):
        tested = super().mli_test_weights(weights)
        if self.proposed == weights.weights:
            tested.vote = False
        return tested


def learner_of(kind, scores, direction, clock):
    known = inspect.signature(KerasLearner.__init__).parameters
    wanted = {
        "train_loader": None,
        "vote_loader": None,
        "minimise_criterion": direction == "minimise",
        "criterion": "score",
        "need_reset_optimizer": False,
    }
    return kind(ScriptedModel(scores, clock), **{name: value for name, value in wanted.items() if name in known})


def run(experiment, without_own_vote):
    clock = {"round": 0}
    kind = LearnerWithoutOwnVote if without_own_vote else KerasLearner
    learners = [learner_of(kind, scores, experiment["direction"], clock) for scores in experiment["scores"]]
    threshold = experiment["threshold"]
    if without_own_vote:
        # The driver multiplies by the number of all learners; the share asked for is one of the voters.
        threshold = Fraction(str(threshold)) * Fraction(len(learners) - 1, len(learners))
    rounds = []
    for index in range(experiment["rounds"]):
        clock["round"] = index + 1
        result = collective_learning_round(learners, threshold, index)
        rounds.append({
            "proposer": result.block_proposer,
            "votes": result.votes,
            "scores": result.vote_scores,
            "accepted": result.vote,
        })
    return rounds


def approves_ties():
    learner = learner_of(KerasLearner, [1.0], "maximise", {})
    return bool(learner.vote(1.0))


request = json.load(sys.stdin)
with contextlib.redirect_stdout(sys.stderr):
    answer = {
        "approvesTies": approves_ties(),
        "experiments": [run(experiment, request["withoutOwnVote"]) for experiment in request["experiments"]],
    }
json.dump(answer, sys.stdout)
