// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CollectiveLearning} from "../../contracts/CollectiveLearning.sol";
import {
    ExperimentId,
    Learner,
    Outcome,
    Phase,
    Round,
    Snapshot,
    Status,
    Vote
} from "../../contracts/ICollectiveLearning.sol";
import {Ballot, Entry, Page} from "./invariants/Account.sol";
import {Actors} from "./invariants/Actors.sol";
import {Deeds} from "./invariants/Deeds.sol";
import {VM} from "./Vm.sol";

/// @dev Here, because the test runner knows the contracts of the file that it runs and no others.
contract People is Deeds {
    constructor(CollectiveLearning ledger) Actors(ledger) {}
}

/// @title  What holds after every step of people who do anything, in any order, in experiments of all kinds
/// @dev How many runs there are, and how long they are, is in the configuration of Hardhat.
contract InvariantsTest {
    People private _people;
    CollectiveLearning private _ledger;
    ExperimentId private _id;

    function setUp() external {
        _ledger = new CollectiveLearning();
        _people = new People(_ledger);
        _id = _people.ID();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_people);
    }

    /// @dev Tried on the state at hand: once its deadline has passed, a stranger's transaction leads on.
    function invariant_anyoneCanLeadOnAfterTheDeadline() external {
        if (_people.status() == Status.None) return;
        Snapshot memory seen = _ledger.snapshot(_id, address(0));
        if (seen.status == Status.Completed || seen.status == Status.Cancelled) return;
        VM.warp(uint256(seen.deadline) + 1);
        VM.prank(address(0xABCD));
        if (seen.status != Status.Enrolling) _ledger.advance(_id);
        else if (_people.activeCount() >= 2) _ledger.startExperiment(_id);
        else _ledger.cancelExperiment(_id);
        Snapshot memory next = _ledger.snapshot(_id, address(0));
        assert(next.status != seen.status || next.round > seen.round || next.phase > seen.phase);
    }

    function invariant_theLedgerSaysWhatPeopleDid() external view {
        require(bytes(_people.surprise()).length == 0, _people.surprise());
        if (_people.status() == Status.None) return;
        Snapshot memory seen = _ledger.snapshot(_id, address(0));
        _checkState(seen);
        _checkLearners(seen);
        for (uint256 number = 1; number <= seen.round; ++number) _checkRound(seen, number);
    }

    /// @dev A round is open if and only if the experiment runs, and has somebody to vote.
    function _checkState(Snapshot memory seen) private view {
        assert(seen.status == _people.status());
        assert(seen.phase == _people.phase());
        assert(seen.round == _people.round() && seen.round <= _people.ROUNDS());
        assert(seen.deadline == _people.deadline());
        assert((seen.phase != Phase.None) == (seen.status == Status.Running));
        assert((seen.voters != 0) == (seen.status == Status.Running));
        assert((seen.proposal.digest != 0) == (seen.phase == Phase.Vote || seen.phase == Phase.Reveal));
        assert((seen.deadline == 0) == _people.isFinal());
        assert(seen.weights.digest == _people.weights());
        assert(seen.weightsRound == _people.weightsRound());
        Round memory accepted = _ledger.getRound(_id, seen.weightsRound);
        assert(accepted.outcome == Outcome.Accepted && accepted.proposal.digest == seen.weights.digest);
    }

    /// @dev Who is active, struck and suspended, and which link of its chain each revealed last.
    function _checkLearners(Snapshot memory seen) private view {
        assert(seen.learnerCount == _people.learnerCount());
        assert(seen.active >> seen.learnerCount == 0);
        for (uint256 index = 0; index < seen.learnerCount; ++index) {
            Entry memory wanted = _people.entry(index);
            Learner memory learner = _ledger.getLearner(_id, _people.personAt(index));
            assert(learner.index == index && learner.member);
            assert(learner.active == wanted.active && learner.active == ((seen.active >> index) & 1 == 1));
            assert(learner.struck == wanted.missed);
            assert(learner.suspensions == wanted.suspensions);
            assert(learner.link == wanted.link);
        }
    }

    /// @dev Approvals, rejections and seals share nobody, and are voters'. Only the last round can be open.
    function _checkRound(Snapshot memory seen, uint256 number) private view {
        Page memory wanted = _people.page(number);
        Round memory round = _ledger.getRound(_id, uint32(number));
        assert(round.approvals & round.rejections == 0);
        assert(round.seals & (round.approvals | round.rejections) == 0);
        assert((round.approvals | round.rejections | round.seals) & ~round.voters == 0);
        assert(round.voters != 0 && round.voters >> wanted.ballots.length == 0);
        assert(round.outcome == wanted.outcome);
        assert((round.outcome == Outcome.Open) == (number == seen.round && seen.phase != Phase.None));
        assert(round.proposal.digest == wanted.proposal);
        assert(round.deadline == wanted.deadline);
        assert(round.proposer == _people.personAt(wanted.proposer));
        for (uint256 index = 0; index < wanted.ballots.length; ++index) {
            _checkVote(round, index, wanted.ballots[index]);
        }
        for (uint256 index = 0; number == seen.round && index < seen.learnerCount; ++index) {
            _checkOwnVote(round, number, index);
        }
    }

    function _checkVote(Round memory round, uint256 index, Ballot wanted) private pure {
        assert(((round.voters >> index) & 1 == 1) == (wanted != Ballot.NoVoter));
        assert(((round.approvals >> index) & 1 == 1) == (wanted == Ballot.Approved));
        assert(((round.rejections >> index) & 1 == 1) == (wanted == Ballot.Rejected));
        assert(((round.seals >> index) & 1 == 1) == (wanted == Ballot.Sealed));
    }

    function _checkOwnVote(Round memory round, uint256 number, uint256 index) private view {
        Vote memory vote = _ledger.getVote(_id, uint32(number), _people.personAt(index));
        assert(vote.voter == ((round.voters >> index) & 1 == 1));
        assert(vote.cast == (((round.approvals | round.rejections) >> index) & 1 == 1));
        assert(vote.approve == ((round.approvals >> index) & 1 == 1));
        assert(vote.isSealed == ((round.seals >> index) & 1 == 1));
    }
}
