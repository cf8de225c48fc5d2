// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    Admission,
    Config,
    ContentId,
    ExperimentId,
    ICollectiveLearning,
    Outcome,
    Phase,
    Round,
    Snapshot,
    Status,
    Vote
} from "./ICollectiveLearning.sol";
import {Approval} from "./libraries/Approval.sol";
import {BallotBox, Lane, LaneSlot, Lanes, Votes} from "./libraries/Ballots.sol";
import {Bitmap} from "./libraries/Bitmap.sol";

/// @title The ledger of Collective Learning
/// @notice See the interface for what each call does. There is no owner, no upgrade and no value held.
/// @dev Invariants:
/// - A round is open if and only if the status is `Running`, and then it has at least one voter.
/// - Voters of a round are fixed when it opens; joining, leaving and resuming take effect with the next round.
/// - The current weights are the proposal of `weightsRound`, the last accepted round; round 0 is the initial weights.
/// - A step of the protocol touches a fixed number of slots, whatever the number of rounds and learners: sets of learners
///   are words, and the only loops are over the four lanes of a ballot box and over learners being suspended.
contract CollectiveLearning is ICollectiveLearning {
    using Bitmap for uint256;

    /// @dev Learners per experiment are limited by the width of a word.
    uint16 private constant LEARNER_LIMIT = 256;
    uint256 private constant CONTACT_LIMIT = 1024;
    uint256 private constant WINDOW_LIMIT = 30 days;
    uint256 private constant WAIT_LIMIT = 365 days;
    uint8 private constant RAW = 0x55;
    uint8 private constant DAG_PB = 0x70;
    /// @dev As if the last index had been selected before the first round: the circle then begins with the lowest.
    uint8 private constant BEFORE_FIRST = 255;

    /// @param place The learner's index plus one; zero for who never joined.
    struct Member {
        uint16 place;
        bool invited;
    }

    /// @dev The first slot, down to `earlyDecision`, holds what changes in a run and, copied from the config, what a step of
    /// the run needs, so that a step reads one slot for both.
    /// @param round The open round, or the last one.
    /// @param weightsRound The last accepted round: its proposal is the current weights.
    /// @param proposer Index of the last learner selected.
    /// @param deadline End of the enrolment, the phase or the pause; zero in a final status.
    /// @param active Learners neither suspended nor gone.
    /// @param struck Learners that missed their last duty.
    /// @param records One word a round. While the round waits for its proposal: its voters, fixed when it opened. From then
    /// on: the digest of its proposal; zero if it was skipped. So the proposal overwrites a word that is read anyway.
    /// @param ballots Keyed by the proposal's digest too: a vote on other weights finds a box without voters. A skipped
    /// round's box, closed and without votes, is under digest zero.
    struct Experiment {
        Status status;
        Phase phase;
        uint32 round;
        uint32 weightsRound;
        uint8 proposer;
        uint40 deadline;
        uint32 rounds;
        uint32 proposeWindow;
        uint32 voteWindow;
        uint16 approvalBps;
        bool earlyDecision;
        uint256 active;
        uint256 struck;
        address coordinator;
        uint64 createdBlock;
        uint16 learnerCount;
        Config config;
        mapping(uint256 index => address) learners;
        mapping(address learner => Member) members;
        mapping(uint32 round => bytes32 votersThenProposal) records;
        mapping(uint32 round => mapping(bytes32 proposal => BallotBox)) ballots;
    }

    /// @inheritdoc ICollectiveLearning
    uint256 public experimentCount;

    mapping(ExperimentId id => Experiment) private _experiments;

    // Create and enrol

    /// @inheritdoc ICollectiveLearning
    function createExperiment(Config calldata config) external returns (ExperimentId id) {
        _check(config);
        id = ExperimentId.wrap(++experimentCount);
        Experiment storage e = _experiments[id];
        e.status = Status.Enrolling;
        e.proposer = BEFORE_FIRST;
        e.deadline = config.enrolmentDeadline;
        e.rounds = config.rounds;
        e.proposeWindow = config.proposeWindow;
        e.voteWindow = config.voteWindow;
        e.approvalBps = config.approvalBps;
        e.earlyDecision = config.earlyDecision;
        e.coordinator = msg.sender;
        e.createdBlock = uint64(block.number);
        e.config = config;
        emit ExperimentCreated(id, msg.sender, config);
    }

    /// @inheritdoc ICollectiveLearning
    function invite(ExperimentId id, address[] calldata learners) external {
        Experiment storage e = _load(id);
        if (e.status != Status.Enrolling) revert WrongStatus(id, e.status);
        if (msg.sender != e.coordinator) revert NotCoordinator(msg.sender, e.coordinator);
        if (e.config.admission == Admission.Open) revert AdmissionOpen(id);
        for (uint256 i = 0; i < learners.length; ++i) {
            e.members[learners[i]].invited = true;
            emit Invited(id, learners[i]);
        }
    }

    /// @inheritdoc ICollectiveLearning
    function join(ExperimentId id, string calldata contact) external returns (uint8 index) {
        Experiment storage e = _load(id);
        _requireUnfinished(id, e);
        _checkContact(contact);
        Member storage member = e.members[msg.sender];
        if (member.place != 0) revert AlreadyJoined(msg.sender);
        if (e.config.admission == Admission.Invited && !member.invited) revert NotInvited(msg.sender);
        uint16 count = e.learnerCount;
        if (count == e.config.maxLearners) revert ExperimentFull(count);

        index = uint8(count);
        member.place = count + 1;
        e.learners[index] = msg.sender;
        e.learnerCount = count + 1;
        emit Joined(id, msg.sender, index, contact);
        _activate(id, e, index);
    }

    /// @inheritdoc ICollectiveLearning
    function updateContact(ExperimentId id, string calldata contact) external {
        Experiment storage e = _load(id);
        _indexOf(e, msg.sender);
        _checkContact(contact);
        emit ContactUpdated(id, msg.sender, contact);
    }

    // Leave and resume

    /// @inheritdoc ICollectiveLearning
    function leaveExperiment(ExperimentId id) external {
        Experiment storage e = _load(id);
        _requireUnfinished(id, e);
        uint256 index = _indexOf(e, msg.sender);
        if (!e.active.has(index)) revert NotActive(msg.sender);
        e.active = e.active.without(Bitmap.only(index));
        emit Left(id, msg.sender);
    }

    /// @inheritdoc ICollectiveLearning
    function resume(ExperimentId id) external {
        Experiment storage e = _load(id);
        _requireUnfinished(id, e);
        uint256 index = _indexOf(e, msg.sender);
        if (e.active.has(index)) revert AlreadyActive(msg.sender);
        emit Resumed(id, msg.sender);
        _activate(id, e, index);
    }

    /// @dev A pause ends as soon as there are two again: a proposer and a voter.
    function _activate(ExperimentId id, Experiment storage e, uint256 index) private {
        e.active = e.active.with(index);
        if (e.status == Status.Paused && e.active.hasTwo()) {
            _openNext(id, e);
        }
    }

    // Start and cancel

    /// @inheritdoc ICollectiveLearning
    function start(ExperimentId id) external {
        Experiment storage e = _load(id);
        uint256 active = _requireEndOfEnrolment(id, e);
        if (active < e.config.minLearners) revert TooFewLearners(active, e.config.minLearners);
        emit Started(id, uint16(active));
        _openNext(id, e);
    }

    /// @inheritdoc ICollectiveLearning
    function cancel(ExperimentId id) external {
        Experiment storage e = _load(id);
        uint256 active = _requireEndOfEnrolment(id, e);
        if (msg.sender != e.coordinator && active >= e.config.minLearners) {
            revert EnoughLearners(active, e.config.minLearners);
        }
        e.status = Status.Cancelled;
        e.deadline = 0;
        emit Cancelled(id);
    }

    /// @dev The coordinator may end the enrolment at any time, anyone once its deadline has passed.
    function _requireEndOfEnrolment(ExperimentId id, Experiment storage e) private view returns (uint256 active) {
        if (e.status != Status.Enrolling) revert WrongStatus(id, e.status);
        if (msg.sender != e.coordinator && block.timestamp <= e.deadline) {
            revert NotCoordinator(msg.sender, e.coordinator);
        }
        return e.active.count();
    }

    // Propose and vote

    /// @inheritdoc ICollectiveLearning
    function propose(ExperimentId id, uint32 round, ContentId calldata weights) external {
        Experiment storage e = _loadRound(id, round, Phase.Propose);
        address proposer = e.learners[e.proposer];
        if (msg.sender != proposer) revert NotProposer(msg.sender, proposer);
        if (block.timestamp > e.deadline) revert DeadlinePassed(block.timestamp, e.deadline);
        (bytes32 digest, uint8 codec) = (weights.digest, weights.codec);
        if (digest == 0 || !_isCodec(codec)) revert InvalidContentId(digest, codec);
        if (digest == _digestOf(e, e.weightsRound)) revert ProposalUnchanged(digest);

        uint40 deadline = _after(e.voteWindow);
        Lane terms = Lanes.terms(deadline, e.proposer, codec, e.earlyDecision, Outcome.Open);
        e.phase = Phase.Vote;
        e.deadline = deadline;
        e.ballots[round][digest].open(uint256(e.records[round]), terms);
        e.records[round] = digest;
        emit Proposed(id, round, msg.sender, digest, codec, deadline);
    }

    /// @inheritdoc ICollectiveLearning
    /// @dev A vote that settles nothing reads two slots, the member and the lane, and writes one. The state needs no
    /// reading: an open lane with this voter exists only under the open round and its proposal.
    function vote(ExperimentId id, uint32 round, bytes32 proposal, bool approve, int64 score) external {
        Experiment storage e = _experiments[id];
        uint256 index = _indexOf(e, msg.sender);
        LaneSlot storage slot = e.ballots[round][proposal].lanes[index / Lanes.SIZE];
        Lane lane = slot.lane;
        if (lane.isClosed()) revert RoundClosed(round);
        if (!lane.isVoter(index)) _refuseVote(id, round, proposal);
        if (lane.hasVoted(index)) revert AlreadyVoted(msg.sender);
        if (block.timestamp > lane.deadline()) revert DeadlinePassed(block.timestamp, lane.deadline());

        lane = lane.cast(index, approve);
        slot.lane = lane;
        emit Voted(id, round, msg.sender, approve, score);
        if (lane.isComplete() || lane.earlyDecision()) _settleIfDecided(id, e, round, proposal);
    }

    /// @dev Says why there is no such ballot, or no place in it for the caller.
    function _refuseVote(ExperimentId id, uint32 round, bytes32 proposal) private view {
        _loadRound(id, round, Phase.Vote);
        revert NotVoter(msg.sender, round, proposal);
    }

    // Settle, skip and advance

    /// @inheritdoc ICollectiveLearning
    function advance(ExperimentId id) external {
        Experiment storage e = _load(id);
        if (e.status != Status.Running && e.status != Status.Paused) revert WrongStatus(id, e.status);
        if (block.timestamp <= e.deadline) revert TooEarly(block.timestamp, e.deadline);
        if (e.status == Status.Paused) {
            _complete(id, e);
        } else if (e.phase == Phase.Propose) {
            _skip(id, e);
        } else {
            uint32 round = e.round;
            bytes32 proposal = e.records[round];
            Votes memory votes = e.ballots[round][proposal].read();
            _settle(id, e, round, proposal, votes, votes.missing());
        }
    }

    /// @dev Nobody is absent from a round that ends before its deadline, even where votes are missing.
    function _settleIfDecided(ExperimentId id, Experiment storage e, uint32 round, bytes32 proposal) private {
        Votes memory votes = e.ballots[round][proposal].read();
        if (votes.missing() != 0) {
            if (!e.earlyDecision) return;
            (uint256 approvals, uint256 rejections, uint256 voters) = votes.count();
            if (!Approval.isDecided(approvals, rejections, voters, e.approvalBps)) return;
        }
        _settle(id, e, round, proposal, votes, 0);
    }

    function _settle(
        ExperimentId id,
        Experiment storage e,
        uint32 round,
        bytes32 proposal,
        Votes memory votes,
        uint256 absent
    ) private {
        (uint256 approvals, uint256 rejections, uint256 voters) = votes.count();
        bool accepted = Approval.isAccepted(approvals, voters, e.approvalBps);
        Outcome outcome = accepted ? Outcome.Accepted : Outcome.Rejected;
        if (accepted) e.weightsRound = round;
        e.ballots[round][proposal].close(outcome);
        emit RoundSettled(id, round, outcome, uint16(approvals), uint16(rejections), uint16(voters));
        _strike(id, e, round, (votes.approvals | votes.rejections).with(e.proposer), absent);
        _openNext(id, e);
    }

    /// @dev Voters had no duty in a round without a proposal: only the proposer is absent.
    function _skip(ExperimentId id, Experiment storage e) private {
        (uint32 round, uint8 proposer) = (e.round, e.proposer);
        uint256 voters = uint256(e.records[round]);
        e.records[round] = 0;
        e.ballots[round][0].open(voters, Lanes.terms(e.deadline, proposer, 0, e.earlyDecision, Outcome.Skipped));
        emit RoundSettled(id, round, Outcome.Skipped, 0, 0, uint16(voters.count()));
        _strike(id, e, round, 0, Bitmap.only(proposer));
        _openNext(id, e);
    }

    /// @dev The first duty missed is a strike, the second in a row a suspension. Doing one's duty clears a strike, a
    /// suspension uses it up, and leaving keeps it: who leaves and resumes in every round must not escape a suspension.
    function _strike(ExperimentId id, Experiment storage e, uint32 round, uint256 dutiful, uint256 absent) private {
        (uint256 struck, uint256 active) = (e.struck, e.active);
        uint256 suspended = struck & absent & active;
        e.struck = (struck.without(dutiful) | absent).without(suspended);
        if (suspended == 0) return;
        e.active = active.without(suspended);
        for (uint256 left = suspended; left != 0; left &= left - 1) {
            emit Suspended(id, round, e.learners[left.lowest()]);
        }
    }

    /// @dev Opens the next round, or completes after the last, or pauses where there is nobody to vote.
    function _openNext(ExperimentId id, Experiment storage e) private {
        uint32 round = e.round;
        if (round == e.rounds) return _complete(id, e);
        uint256 active = e.active;
        if (!active.hasTwo()) return _pause(id, e);

        round += 1;
        uint8 proposer = uint8(active.nextAfter(e.proposer));
        uint40 deadline = _after(e.proposeWindow);
        e.status = Status.Running;
        e.phase = Phase.Propose;
        e.round = round;
        e.proposer = proposer;
        e.deadline = deadline;
        uint256 voters = active.without(Bitmap.only(proposer));
        e.records[round] = bytes32(voters);
        emit RoundOpened(id, round, e.learners[proposer], voters, deadline);
    }

    function _pause(ExperimentId id, Experiment storage e) private {
        e.status = Status.Paused;
        e.phase = Phase.None;
        e.deadline = _after(e.config.pauseLimit);
        emit Paused(id, e.deadline);
    }

    function _complete(ExperimentId id, Experiment storage e) private {
        e.status = Status.Completed;
        e.phase = Phase.None;
        e.deadline = 0;
        ContentId memory weights = _weights(e, e.weightsRound);
        emit Completed(id, weights.digest, weights.codec, e.weightsRound);
    }

    // Read

    /// @inheritdoc ICollectiveLearning
    function getExperiment(
        ExperimentId id
    ) external view returns (address coordinator, uint64 createdBlock, Config memory config) {
        Experiment storage e = _load(id);
        return (e.coordinator, e.createdBlock, e.config);
    }

    /// @inheritdoc ICollectiveLearning
    function getLearners(ExperimentId id) external view returns (address[] memory learners) {
        Experiment storage e = _load(id);
        learners = new address[](e.learnerCount);
        for (uint256 i = 0; i < learners.length; ++i) learners[i] = e.learners[i];
    }

    /// @inheritdoc ICollectiveLearning
    function snapshot(ExperimentId id, address learner) external view returns (Snapshot memory seen) {
        Experiment storage e = _load(id);
        seen.status = e.status;
        seen.phase = e.phase;
        seen.round = e.round;
        seen.rounds = e.rounds;
        seen.deadline = e.deadline;
        seen.weights = _weights(e, e.weightsRound);
        seen.weightsRound = e.weightsRound;
        if (e.phase != Phase.None) {
            Round memory open = _round(e, e.round);
            seen.proposer = open.proposer;
            seen.proposal = open.proposal;
            seen.voters = open.voters;
            seen.approvals = open.approvals;
            seen.rejections = open.rejections;
        }
        seen.active = e.active;
        seen.learnerCount = e.learnerCount;
        Member memory member = e.members[learner];
        seen.member = member.place != 0;
        if (seen.member) seen.index = uint8(member.place - 1);
        seen.invited = member.invited || e.config.admission == Admission.Open;
        seen.timestamp = uint40(block.timestamp);
        seen.blockNumber = uint64(block.number);
    }

    /// @inheritdoc ICollectiveLearning
    function getRound(ExperimentId id, uint32 round) external view returns (Round memory) {
        Experiment storage e = _load(id);
        return _round(e, round);
    }

    /// @inheritdoc ICollectiveLearning
    function getVote(ExperimentId id, uint32 round, address learner) external view returns (Vote memory seen) {
        Experiment storage e = _load(id);
        Round memory votes = _round(e, round);
        uint256 index = _indexOf(e, learner);
        seen.voter = votes.voters.has(index);
        seen.approve = votes.approvals.has(index);
        seen.cast = seen.approve || votes.rejections.has(index);
    }

    function _round(Experiment storage e, uint32 round) private view returns (Round memory seen) {
        if (round > e.round) revert WrongRound(round, e.round);
        if (round == 0) {
            seen.outcome = Outcome.Accepted;
            seen.proposal = e.config.weights;
            return seen;
        }
        if (round == e.round && e.phase == Phase.Propose) {
            seen.proposer = e.learners[e.proposer];
            seen.deadline = e.deadline;
            seen.voters = uint256(e.records[round]);
            return seen;
        }
        bytes32 digest = e.records[round];
        BallotBox storage box = e.ballots[round][digest];
        Lane first = box.lanes[0].lane;
        Votes memory votes = box.read();
        seen.outcome = first.outcome();
        seen.proposer = e.learners[first.proposer()];
        seen.proposal = ContentId(digest, first.codec());
        seen.deadline = first.deadline();
        seen.voters = votes.voters;
        seen.approvals = votes.approvals;
        seen.rejections = votes.rejections;
    }

    function _weights(Experiment storage e, uint32 round) private view returns (ContentId memory) {
        if (round == 0) return e.config.weights;
        bytes32 digest = e.records[round];
        return ContentId(digest, e.ballots[round][digest].lanes[0].lane.codec());
    }

    function _digestOf(Experiment storage e, uint32 round) private view returns (bytes32) {
        return round == 0 ? e.config.weights.digest : e.records[round];
    }

    function _load(ExperimentId id) private view returns (Experiment storage e) {
        e = _experiments[id];
        if (e.status == Status.None) revert UnknownExperiment(id);
    }

    function _loadRound(ExperimentId id, uint32 round, Phase phase) private view returns (Experiment storage e) {
        e = _load(id);
        if (e.status != Status.Running) revert WrongStatus(id, e.status);
        if (round != e.round) revert WrongRound(round, e.round);
        if (e.phase != phase) revert WrongPhase(e.phase);
    }

    function _indexOf(Experiment storage e, address learner) private view returns (uint256) {
        uint256 place = e.members[learner].place;
        if (place == 0) revert NotLearner(learner);
        unchecked {
            return place - 1;
        }
    }

    // Check

    function _requireUnfinished(ExperimentId id, Experiment storage e) private view {
        if (e.status == Status.Completed || e.status == Status.Cancelled) revert WrongStatus(id, e.status);
    }

    function _after(uint32 window) private view returns (uint40) {
        return uint40(block.timestamp + window);
    }

    function _isCodec(uint8 codec) private pure returns (bool) {
        return codec == RAW || codec == DAG_PB;
    }

    function _checkContact(string calldata contact) private pure {
        uint256 length = bytes(contact).length;
        if (length > CONTACT_LIMIT) revert ContactTooLong(length, CONTACT_LIMIT);
    }

    function _check(Config calldata c) private view {
        _checkField("manifest.digest", uint256(c.manifest.digest), 1, type(uint256).max);
        if (!_isCodec(c.manifest.codec)) revert InvalidConfig("manifest.codec", c.manifest.codec);
        _checkField("weights.digest", uint256(c.weights.digest), 1, type(uint256).max);
        if (!_isCodec(c.weights.codec)) revert InvalidConfig("weights.codec", c.weights.codec);
        _checkField("rounds", c.rounds, 1, type(uint32).max);
        _checkField("maxLearners", c.maxLearners, 2, LEARNER_LIMIT);
        _checkField("minLearners", c.minLearners, 2, c.maxLearners);
        _checkField("approvalBps", c.approvalBps, 0, Approval.WHOLE - 1);
        _checkField("proposeWindow", c.proposeWindow, 1, WINDOW_LIMIT);
        _checkField("voteWindow", c.voteWindow, 1, WINDOW_LIMIT);
        _checkField("pauseLimit", c.pauseLimit, 1, WAIT_LIMIT);
        _checkField("enrolmentDeadline", c.enrolmentDeadline, block.timestamp + 1, block.timestamp + WAIT_LIMIT);
    }

    function _checkField(string memory field, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert InvalidConfig(field, value);
    }
}
