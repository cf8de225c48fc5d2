// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Outcome, Phase, Status} from "../../../contracts/ICollectiveLearning.sol";

/// @notice What is fixed for the whole experiment, where worlds differ.
struct Rules {
    bool isSealed;
    bool isRandom;
    bool early;
    uint16 approvalBps;
}

/// @notice What a learner did in one round.
enum Ballot {
    NoVoter,
    Silent,
    Sealed,
    Approved,
    Rejected
}

/// @notice One round.
/// @param ballots By the learners' indexes; shorter than the number of learners where some joined later.
struct Page {
    Outcome outcome;
    uint256 proposer;
    bytes32 proposal;
    uint256 deadline;
    Ballot[] ballots;
}

/// @notice One learner.
struct Entry {
    bool active;
    bool missed;
    uint256 suspensions;
    bytes32 link;
}

/// @title People's own account of one experiment
/// @notice It knows the rules of the protocol and what people did, and reads nothing of the ledger. Where the ledger works
/// with sets in words, it works with lists and loops.
abstract contract Account {
    uint256 public constant ROUNDS = 6;
    uint256 internal constant LEAST = 2;
    uint256 internal constant PROPOSE_WINDOW = 100;
    uint256 internal constant VOTE_WINDOW = 100;
    uint256 internal constant REVEAL_WINDOW = 60;
    uint256 internal constant PAUSE_LIMIT = 300;
    uint256 internal constant ENROLMENT = 200;

    Rules public rules;
    Status public status;
    Phase public phase;
    uint256 public round;
    uint256 public deadline;
    bytes32 public weights = keccak256("initial");
    uint256 public weightsRound;

    bytes32 private _seed;
    /// @dev How many were active at the start.
    uint256 private _starters;
    /// @dev No learner before the first round.
    int256 private _selected = -1;
    Entry[] private _entries;
    mapping(uint256 round => Page) private _pages;

    function entry(uint256 index) external view returns (Entry memory) {
        return _entries[index];
    }

    function page(uint256 number) external view returns (Page memory) {
        return _pages[number];
    }

    function learnerCount() public view returns (uint256) {
        return _entries.length;
    }

    function isActive(uint256 index) public view returns (bool) {
        return _entries[index].active;
    }

    function activeCount() public view returns (uint256 count) {
        for (uint256 i = 0; i < _entries.length; ++i) if (_entries[i].active) ++count;
    }

    function isFinal() public view returns (bool) {
        return status == Status.Completed || status == Status.Cancelled;
    }

    /// @dev The proposer of the round that is open, or was last.
    function _proposer() internal view returns (uint256) {
        return _pages[round].proposer;
    }

    function _proposal() internal view returns (bytes32) {
        return _pages[round].proposal;
    }

    function _ballotOf(uint256 index) internal view returns (Ballot) {
        Ballot[] storage ballots = _pages[round].ballots;
        return phase != Phase.None && index < ballots.length ? ballots[index] : Ballot.NoVoter;
    }

    // What people did

    function _noteCreated(Rules memory chosen) internal {
        (rules, status) = (chosen, Status.Enrolling);
        _setDeadline(ENROLMENT);
    }

    function _noteJoined(bytes32 link) internal {
        _entries.push(Entry({active: false, missed: false, suspensions: 0, link: rules.isRandom ? link : bytes32(0)}));
        if (rules.isRandom && status == Status.Enrolling) _mix(link);
        _noteResumed(_entries.length - 1);
    }

    function _noteLeft(uint256 index) internal {
        _entries[index].active = false;
    }

    function _noteResumed(uint256 index) internal {
        _entries[index].active = true;
        if (status == Status.Paused && activeCount() > 1) _openNext();
    }

    function _noteStarted() internal {
        _openNext();
    }

    function _noteCancelled() internal {
        (status, deadline) = (Status.Cancelled, 0);
    }

    function _noteProposed(bytes32 proposal, bytes32 link) internal {
        _pages[round].proposal = proposal;
        if (rules.isRandom) {
            _mix(link);
            _entries[_proposer()].link = link;
        }
        phase = Phase.Vote;
        _setDeadline(VOTE_WINDOW);
    }

    function _noteVoted(uint256 index, bool approve) internal {
        _pages[round].ballots[index] = approve ? Ballot.Approved : Ballot.Rejected;
    }

    /// @dev A round ends as soon as no vote can come any more or, with early decision, as those that can come do not matter.
    function _settleIfDue() internal {
        uint256 awaited = _count(phase == Phase.Reveal ? Ballot.Sealed : Ballot.Silent);
        if (awaited == 0 || (rules.early && _isDecided(awaited))) _settle(false);
    }

    function _noteSealed(uint256 index) internal {
        _pages[round].ballots[index] = Ballot.Sealed;
        if (_count(Ballot.Silent) == 0) _openReveal();
    }

    function _noteAdvanced() internal {
        if (status == Status.Paused) _complete();
        else if (phase == Phase.Propose) _skip();
        else if (phase == Phase.Vote && _count(Ballot.Sealed) > 0) _openReveal();
        else _settle(true);
    }

    // What follows from it

    function _openReveal() private {
        phase = Phase.Reveal;
        _setDeadline(REVEAL_WINDOW);
    }

    function _isDecided(uint256 awaited) private view returns (bool) {
        uint256 approvals = _count(Ballot.Approved);
        for (uint256 more = 1; more <= awaited; ++more) {
            if (_isAccepted(approvals + more) != _isAccepted(approvals)) return false;
        }
        return true;
    }

    function _isAccepted(uint256 approvals) private view returns (bool) {
        Ballot[] storage ballots = _pages[round].ballots;
        uint256 voters = 0;
        for (uint256 i = 0; i < ballots.length; ++i) if (ballots[i] != Ballot.NoVoter) ++voters;
        return approvals > (voters * rules.approvalBps) / 10_000;
    }

    function _settle(bool late) private {
        Page storage open = _pages[round];
        bool accepted = _isAccepted(_count(Ballot.Approved));
        open.outcome = accepted ? Outcome.Accepted : Outcome.Rejected;
        if (accepted) (weights, weightsRound) = (open.proposal, round);
        _entries[open.proposer].missed = false;
        for (uint256 i = 0; i < open.ballots.length; ++i) {
            Ballot ballot = open.ballots[i];
            if (ballot == Ballot.Approved || ballot == Ballot.Rejected) _entries[i].missed = false;
            else if (ballot == Ballot.Silent && (late || phase == Phase.Reveal)) _miss(i);
            else if (ballot == Ballot.Sealed && late) _miss(i);
        }
        _openNext();
    }

    function _skip() private {
        _pages[round].outcome = Outcome.Skipped;
        if (rules.isRandom) _mix(0);
        _miss(_proposer());
        _openNext();
    }

    /// @dev Who has left cannot be suspended: the second miss in a row waits.
    function _miss(uint256 index) private {
        Entry storage learner = _entries[index];
        if (learner.missed && learner.active) {
            (learner.active, learner.missed) = (false, false);
            ++learner.suspensions;
        } else {
            learner.missed = true;
        }
    }

    function _openNext() private {
        if (round == ROUNDS) return _complete();
        if (activeCount() < 2) {
            (status, phase) = (Status.Paused, Phase.None);
            return _setDeadline(PAUSE_LIMIT);
        }
        if (round == 0) _starters = activeCount();
        uint256 selected = rules.isRandom && round >= _starters ? _drawn() : _next();
        _selected = int256(selected);
        (status, phase, round) = (Status.Running, Phase.Propose, round + 1);
        Page storage open = _pages[round];
        open.proposer = selected;
        for (uint256 i = 0; i < _entries.length; ++i) {
            open.ballots.push(_entries[i].active && i != selected ? Ballot.Silent : Ballot.NoVoter);
        }
        _setDeadline(PROPOSE_WINDOW);
    }

    function _next() private view returns (uint256 index) {
        index = uint256(_selected + 1) % _entries.length;
        while (!_entries[index].active) index = (index + 1) % _entries.length;
    }

    function _drawn() private view returns (uint256 index) {
        bool anybody = false;
        for (uint256 i = 0; i < _entries.length; ++i) anybody = anybody || (_entries[i].active && _tookPart(i));
        bytes32 least = bytes32(type(uint256).max);
        for (uint256 i = 0; i < _entries.length; ++i) {
            bytes32 lot = keccak256(abi.encodePacked(_seed, i));
            bool known = _tookPart(i) || !anybody;
            if (_entries[i].active && known && lot < least) (least, index) = (lot, i);
        }
    }

    /// @dev In the round that is the last one, as its proposer or as a voter.
    function _tookPart(uint256 index) private view returns (bool) {
        Page storage last = _pages[round];
        if (index == last.proposer) return true;
        return index < last.ballots.length && last.ballots[index] != Ballot.NoVoter;
    }

    function _mix(bytes32 entropy) private {
        _seed = keccak256(abi.encodePacked(_seed, entropy));
    }

    function _complete() private {
        (status, phase, deadline) = (Status.Completed, Phase.None, 0);
    }

    function _setDeadline(uint256 window) private {
        deadline = block.timestamp + window;
        if (phase != Phase.None) _pages[round].deadline = deadline;
    }

    function _count(Ballot kind) private view returns (uint256 count) {
        Ballot[] storage ballots = _pages[round].ballots;
        for (uint256 i = 0; i < ballots.length; ++i) if (ballots[i] == kind) ++count;
    }
}
