// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CollectiveLearning} from "../../contracts/CollectiveLearning.sol";
import {
    Admission,
    Ballot,
    Config,
    ContentId,
    ExperimentId,
    Outcome,
    Phase,
    Round,
    Selection,
    Snapshot,
    Status
} from "../../contracts/ICollectiveLearning.sol";
import {Bitmap} from "../../contracts/libraries/Bitmap.sol";
import {VM} from "./Vm.sol";

/// @notice Six people who do anything in any order, mostly what is their turn, and the time between.
/// @dev It keeps its own account of what must hold, by other means than the contract's.
contract People {
    uint256 public constant PEOPLE = 6;
    uint32 private constant ROUNDS = 6;
    ExperimentId public constant ID = ExperimentId.wrap(1);

    CollectiveLearning public immutable LEDGER;

    /// @notice The last accepted proposal, as the votes told.
    bytes32 public weights = keccak256("initial");
    /// @notice Whether a status was ever followed by one that may not follow it.
    bool public wentBack;
    /// @notice Whether somebody ever voted twice on a proposal.
    bool public votedTwice;
    /// @notice Whether the coordinator's call worked after the start.
    bool public coordinatorRuled;

    uint256 private _proposals;
    Status private _status = Status.Enrolling;
    mapping(uint32 round => mapping(address voter => bool)) private _voted;

    constructor(bool earlyDecision) {
        LEDGER = new CollectiveLearning();
        LEDGER.createExperiment(
            Config({
                manifest: ContentId(keccak256("manifest"), 0x55),
                weights: ContentId(keccak256("initial"), 0x55),
                rounds: ROUNDS,
                minLearners: 2,
                maxLearners: 5,
                approvalBps: 5000,
                proposeWindow: 100,
                voteWindow: 100,
                pauseLimit: 300,
                enrolmentDeadline: uint40(block.timestamp + 200),
                admission: Admission.Open,
                selection: Selection.RoundRobin,
                ballot: Ballot.Open,
                earlyDecision: earlyDecision,
                revealWindow: 0,
                stakes: address(0)
            })
        );
    }

    /// @dev After each step: the status may only have gone on, and the accepted weights are noted.
    modifier observed() {
        _;
        Snapshot memory seen = LEDGER.snapshot(ID, address(0));
        if (seen.status != _status && !_mayFollow(_status, seen.status)) wentBack = true;
        _status = seen.status;
    }

    function person(uint256 seed) public pure returns (address) {
        return address(uint160(0x1000 + (seed % PEOPLE)));
    }

    function join(uint256 who) external observed {
        VM.prank(person(who));
        try LEDGER.join(ID, "contact", 0, "") {} catch {}
    }

    function leaveExperiment(uint256 who) external observed {
        VM.prank(person(who));
        try LEDGER.leaveExperiment(ID) {} catch {}
    }

    function resume(uint256 who) external observed {
        VM.prank(person(who));
        try LEDGER.resume(ID) {} catch {}
    }

    function start(uint256 who) external observed {
        VM.prank(person(who));
        try LEDGER.startExperiment(ID) {} catch {}
    }

    function startAsCoordinator() external observed {
        bool allowed = _status == Status.Enrolling;
        try LEDGER.startExperiment(ID) {
            if (!allowed) coordinatorRuled = true;
        } catch {}
    }

    /// @dev Seldom, or hardly any experiment would start.
    function cancel(uint256 who) external observed {
        if (who % 16 != 0) return;
        bool allowed = _status == Status.Enrolling;
        try LEDGER.cancelExperiment(ID) {
            if (!allowed) coordinatorRuled = true;
        } catch {}
    }

    function propose(uint256 who, bool properly) external observed {
        Snapshot memory seen = LEDGER.snapshot(ID, address(0));
        VM.prank(properly ? seen.proposer : person(who));
        try LEDGER.propose(ID, seen.round, ContentId(keccak256(abi.encode(++_proposals)), 0x70), 0) {} catch {}
    }

    function vote(uint256 who, bool approve) public observed {
        Snapshot memory seen = LEDGER.snapshot(ID, address(0));
        address voter = person(who);
        VM.prank(voter);
        try LEDGER.vote(ID, seen.round, seen.proposal.digest, approve, 0) {
            if (_voted[seen.round][voter]) votedTwice = true;
            _voted[seen.round][voter] = true;
            _noteAccepted(seen.round);
        } catch {}
    }

    function allVote(uint256 approvals) external {
        for (uint256 i = 0; i < PEOPLE; ++i) vote(i, Bitmap.has(approvals, i));
    }

    function advance(uint256 who) external observed {
        uint32 round = LEDGER.snapshot(ID, address(0)).round;
        VM.prank(person(who));
        try LEDGER.advance(ID) {
            _noteAccepted(round);
        } catch {}
    }

    function wait(uint8 time) external {
        VM.warp(block.timestamp + time);
    }

    /// @dev By its own count of the votes, not by the contract's outcome.
    function _noteAccepted(uint32 round) private {
        if (LEDGER.getRound(ID, round).outcome == Outcome.Open) return;
        Round memory seen = LEDGER.getRound(ID, round);
        if (Bitmap.count(seen.approvals) * 2 > Bitmap.count(seen.voters)) weights = seen.proposal.digest;
    }

    function _mayFollow(Status before, Status next) private pure returns (bool) {
        if (before == Status.Enrolling) return next == Status.Running || next == Status.Cancelled;
        if (before == Status.Running) return next == Status.Paused || next == Status.Completed;
        if (before == Status.Paused) return next == Status.Running || next == Status.Completed;
        return false;
    }
}

/// @dev Two experiments, one of them with early decision. All is checked after every step.
contract InvariantsTest {
    using Bitmap for uint256;

    People[2] private _worlds;

    function setUp() external {
        _worlds = [new People(false), new People(true)];
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](2);
        for (uint256 i = 0; i < 2; ++i) targets[i] = address(_worlds[i]);
    }

    /// @dev Tried on the state at hand: once its deadline has passed, a stranger's transaction leads on.
    /// hardhat-config: default.invariant.runs = 40
    /// hardhat-config: default.invariant.depth = 150
    function invariant_anyoneCanLeadOnAfterTheDeadline() external {
        for (uint256 i = 0; i < 2; ++i) _leadOn(_worlds[i].LEDGER(), _worlds[i].ID());
    }

    function _leadOn(CollectiveLearning ledger, ExperimentId id) private {
        Snapshot memory seen = ledger.snapshot(id, address(0));
        if (seen.status == Status.Completed || seen.status == Status.Cancelled) return;
        if (block.timestamp <= seen.deadline) VM.warp(uint256(seen.deadline) + 1);
        VM.prank(address(0xABCD));
        if (seen.status != Status.Enrolling) ledger.advance(id);
        else if (seen.active.hasTwo()) ledger.startExperiment(id);
        else ledger.cancelExperiment(id);
        Snapshot memory next = ledger.snapshot(id, address(0));
        assert(next.status != seen.status || next.round > seen.round);
    }

    /// hardhat-config: default.invariant.runs = 40
    /// hardhat-config: default.invariant.depth = 150
    function invariant_theRecordAgreesWithWhatPeopleDid() external view {
        for (uint256 i = 0; i < 2; ++i) {
            _checkRounds(_worlds[i].LEDGER(), _worlds[i].ID());
            _checkState(_worlds[i]);
            assert(!_worlds[i].votedTwice());
            assert(!_worlds[i].wentBack());
            assert(!_worlds[i].coordinatorRuled());
        }
    }

    /// @dev Approvals and rejections are disjoint sets of voters, and only the last round can be open.
    function _checkRounds(CollectiveLearning ledger, ExperimentId id) private view {
        uint32 last = ledger.snapshot(id, address(0)).round;
        for (uint32 round = 1; round <= last; ++round) {
            Round memory seen = ledger.getRound(id, round);
            assert(seen.approvals & seen.rejections == 0);
            assert((seen.approvals | seen.rejections).without(seen.voters) == 0);
            assert(seen.voters != 0);
            assert(seen.outcome != Outcome.Open || round == last);
        }
    }

    /// @dev The current weights are the last accepted ones, and a round is open if and only if the experiment runs.
    function _checkState(People people) private view {
        CollectiveLearning ledger = people.LEDGER();
        Snapshot memory seen = ledger.snapshot(people.ID(), address(0));
        Round memory accepted = ledger.getRound(people.ID(), seen.weightsRound);
        assert(seen.weights.digest == people.weights());
        assert(accepted.proposal.digest == seen.weights.digest);
        assert(accepted.outcome == Outcome.Accepted);
        assert((seen.phase != Phase.None) == (seen.status == Status.Running));
        assert((seen.voters != 0) == (seen.status == Status.Running));
        assert((seen.proposal.digest != 0) == (seen.phase == Phase.Vote));
    }
}
