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
import {BallotBox, Lane, Lanes, Terms, Votes} from "./libraries/Ballots.sol";
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

    /// @dev What changes in a run, and of the config what a step needs, in one slot, so that a step reads one slot.
    /// @param proposer Index of the last learner selected; meaningful after the first round opened.
    /// @param deadline End of the enrolment, the phase or the pause; zero in a final status.
    struct State {
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
    }

    /// @param place The learner's index plus one; zero for who never joined.
    struct Member {
        uint16 place;
        bool invited;
    }

    /// @param active Learners neither suspended nor gone.
    /// @param struck Learners that missed their last duty.
    /// @param participants Learners active when the open round opened: its proposer and its voters.
    /// @param proposal Digest of the open round's proposal; meaningful in phase `Vote` only.
    /// @param proposals Digests of the settled rounds' proposals; zero for a round that was skipped.
    /// @param ballots Keyed by the proposal's digest too: a vote on other weights finds a box without voters. A skipped
    /// round's box, closed and without votes, is under digest zero.
    struct Experiment {
        Config config;
        State state;
        uint256 active;
        uint256 struck;
        uint256 participants;
        bytes32 proposal;
        address coordinator;
        uint16 learnerCount;
        mapping(uint256 index => address) learners;
        mapping(address learner => Member) members;
        mapping(uint32 round => bytes32 digest) proposals;
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
        e.config = config;
        e.coordinator = msg.sender;
        e.state = State({
            status: Status.Enrolling,
            phase: Phase.None,
            round: 0,
            weightsRound: 0,
            proposer: BEFORE_FIRST,
            deadline: config.enrolmentDeadline,
            rounds: config.rounds,
            proposeWindow: config.proposeWindow,
            voteWindow: config.voteWindow,
            approvalBps: config.approvalBps,
            earlyDecision: config.earlyDecision
        });
        emit ExperimentCreated(id, msg.sender, config);
    }

    /// @inheritdoc ICollectiveLearning
    function invite(ExperimentId id, address[] calldata learners) external {
        (Experiment storage e, State memory s) = _load(id);
        if (s.status != Status.Enrolling) revert WrongStatus(id, s.status);
        if (msg.sender != e.coordinator) revert NotCoordinator(msg.sender, e.coordinator);
        if (e.config.admission == Admission.Open) revert AdmissionOpen(id);
        for (uint256 i = 0; i < learners.length; ++i) {
            e.members[learners[i]].invited = true;
            emit Invited(id, learners[i]);
        }
    }

    /// @inheritdoc ICollectiveLearning
    function join(ExperimentId id, string calldata contact) external returns (uint8 index) {
        (Experiment storage e, State memory s) = _load(id);
        _requireUnfinished(id, s);
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
        _activate(id, e, s, index);
    }

    /// @inheritdoc ICollectiveLearning
    function updateContact(ExperimentId id, string calldata contact) external {
        (Experiment storage e, ) = _load(id);
        _indexOf(e, msg.sender);
        _checkContact(contact);
        emit ContactUpdated(id, msg.sender, contact);
    }

    // Leave and resume

    /// @inheritdoc ICollectiveLearning
    function leave(ExperimentId id) external {
        (Experiment storage e, State memory s) = _load(id);
        _requireUnfinished(id, s);
        uint256 index = _indexOf(e, msg.sender);
        if (!e.active.has(index)) revert NotActive(msg.sender);
        e.active = e.active.without(Bitmap.only(index));
        emit Left(id, msg.sender);
    }

    /// @inheritdoc ICollectiveLearning
    function resume(ExperimentId id) external {
        (Experiment storage e, State memory s) = _load(id);
        _requireUnfinished(id, s);
        uint256 index = _indexOf(e, msg.sender);
        if (e.active.has(index)) revert AlreadyActive(msg.sender);
        e.struck = e.struck.without(Bitmap.only(index));
        emit Resumed(id, msg.sender);
        _activate(id, e, s, index);
    }

    /// @dev A pause ends as soon as there are two again: a proposer and a voter.
    function _activate(ExperimentId id, Experiment storage e, State memory s, uint256 index) private {
        e.active = e.active.with(index);
        if (s.status == Status.Paused && e.active.hasTwo()) {
            _openNext(id, e, s);
            e.state = s;
        }
    }

    // Start and cancel

    /// @inheritdoc ICollectiveLearning
    function start(ExperimentId id) external {
        (Experiment storage e, State memory s) = _load(id);
        uint256 active = _requireEndOfEnrolment(id, e, s);
        if (active < e.config.minLearners) revert TooFewLearners(active, e.config.minLearners);
        emit Started(id, uint16(active));
        _openNext(id, e, s);
        e.state = s;
    }

    /// @inheritdoc ICollectiveLearning
    function cancel(ExperimentId id) external {
        (Experiment storage e, State memory s) = _load(id);
        uint256 active = _requireEndOfEnrolment(id, e, s);
        if (msg.sender != e.coordinator && active >= e.config.minLearners) {
            revert EnoughLearners(active, e.config.minLearners);
        }
        s.status = Status.Cancelled;
        s.deadline = 0;
        e.state = s;
        emit Cancelled(id);
    }

    /// @dev The coordinator may end the enrolment at any time, anyone once its deadline has passed.
    function _requireEndOfEnrolment(
        ExperimentId id,
        Experiment storage e,
        State memory s
    ) private view returns (uint256 active) {
        if (s.status != Status.Enrolling) revert WrongStatus(id, s.status);
        if (msg.sender != e.coordinator && block.timestamp <= s.deadline) {
            revert NotCoordinator(msg.sender, e.coordinator);
        }
        return e.active.count();
    }

    // Propose and vote

    /// @inheritdoc ICollectiveLearning
    function propose(ExperimentId id, uint32 round, ContentId calldata weights) external {
        (Experiment storage e, State memory s) = _load(id);
        if (s.status != Status.Running) revert WrongStatus(id, s.status);
        if (round != s.round) revert WrongRound(round, s.round);
        if (s.phase != Phase.Propose) revert WrongPhase(s.phase);
        address proposer = e.learners[s.proposer];
        if (msg.sender != proposer) revert NotProposer(msg.sender, proposer);
        if (block.timestamp > s.deadline) revert DeadlinePassed(block.timestamp, s.deadline);
        if (weights.digest == 0 || !_isCodec(weights.codec)) revert InvalidContentId(weights.digest, weights.codec);
        if (weights.digest == _digestOf(e, s.weightsRound)) revert ProposalUnchanged(weights.digest);

        s.phase = Phase.Vote;
        s.deadline = _after(s.voteWindow);
        e.state = s;
        e.proposal = weights.digest;
        e.ballots[round][weights.digest].open(
            _voters(e, s),
            Terms({
                deadline: s.deadline,
                proposer: s.proposer,
                codec: weights.codec,
                outcome: Outcome.Open,
                earlyDecision: s.earlyDecision
            })
        );
        emit Proposed(id, round, msg.sender, weights.digest, weights.codec, s.deadline);
    }

    /// @inheritdoc ICollectiveLearning
    /// @dev A vote that settles nothing reads two slots, the member and the lane, and writes one. The state needs no
    /// reading: an open lane with this voter exists only under the open round and its proposal.
    function vote(ExperimentId id, uint32 round, bytes32 proposal, bool approve, int64 score) external {
        Experiment storage e = _experiments[id];
        uint256 index = _indexOf(e, msg.sender);
        BallotBox storage box = e.ballots[round][proposal];
        Lane lane = box.lanes[index / Lanes.SIZE];
        if (lane.outcome() != Outcome.Open) revert RoundClosed(round);
        if (!lane.isVoter(index)) _refuseVote(id, round, proposal);
        if (lane.hasVoted(index)) revert AlreadyVoted(msg.sender);
        if (block.timestamp > lane.deadline()) revert DeadlinePassed(block.timestamp, lane.deadline());

        lane = lane.cast(index, approve);
        box.lanes[index / Lanes.SIZE] = lane;
        emit Voted(id, round, msg.sender, approve, score);
        if (lane.isComplete() || lane.earlyDecision()) _settleIfDecided(id, e, proposal);
    }

    /// @dev Says why there is no such ballot, or no place in it for the caller.
    function _refuseVote(ExperimentId id, uint32 round, bytes32 proposal) private view {
        (, State memory s) = _load(id);
        if (s.status != Status.Running) revert WrongStatus(id, s.status);
        if (round != s.round) revert WrongRound(round, s.round);
        if (s.phase != Phase.Vote) revert WrongPhase(s.phase);
        revert NotVoter(msg.sender, round, proposal);
    }

    // Settle, skip and advance

    /// @inheritdoc ICollectiveLearning
    function advance(ExperimentId id) external {
        (Experiment storage e, State memory s) = _load(id);
        if (s.status != Status.Running && s.status != Status.Paused) revert WrongStatus(id, s.status);
        if (block.timestamp <= s.deadline) revert TooEarly(block.timestamp, s.deadline);
        if (s.status == Status.Paused) {
            _complete(id, e, s);
        } else if (s.phase == Phase.Propose) {
            _skip(id, e, s);
        } else {
            Votes memory votes = e.ballots[s.round][e.proposal].read();
            _settle(id, e, s, e.proposal, votes, votes.voters.without(votes.approvals | votes.rejections));
        }
        e.state = s;
    }

    /// @dev Nobody is absent from a round that ends before its deadline, even with votes missing.
    function _settleIfDecided(ExperimentId id, Experiment storage e, bytes32 proposal) private {
        State memory s = e.state;
        Votes memory votes = e.ballots[s.round][proposal].read();
        bool complete = votes.approvals | votes.rejections == votes.voters;
        if (!complete) {
            if (!s.earlyDecision) return;
            uint256 approvals = votes.approvals.count();
            uint256 rejections = votes.rejections.count();
            if (!Approval.isDecided(approvals, rejections, votes.voters.count(), s.approvalBps)) return;
        }
        _settle(id, e, s, proposal, votes, 0);
        e.state = s;
    }

    function _settle(
        ExperimentId id,
        Experiment storage e,
        State memory s,
        bytes32 proposal,
        Votes memory votes,
        uint256 absent
    ) private {
        uint256 approvals = votes.approvals.count();
        uint256 voters = votes.voters.count();
        Outcome outcome = Outcome.Rejected;
        if (Approval.isAccepted(approvals, voters, s.approvalBps)) {
            outcome = Outcome.Accepted;
            s.weightsRound = s.round;
        }
        e.proposals[s.round] = proposal;
        e.ballots[s.round][proposal].close(outcome);
        emit RoundSettled(
            id,
            s.round,
            outcome,
            uint16(approvals),
            uint16(votes.rejections.count()),
            uint16(voters)
        );
        _strike(id, e, s.round, (votes.approvals | votes.rejections).with(s.proposer), absent);
        _openNext(id, e, s);
    }

    /// @dev Voters had no duty in a round without a proposal: only the proposer is absent.
    function _skip(ExperimentId id, Experiment storage e, State memory s) private {
        uint256 voters = _voters(e, s);
        e.ballots[s.round][0].open(
            voters,
            Terms({
                deadline: s.deadline,
                proposer: s.proposer,
                codec: 0,
                outcome: Outcome.Skipped,
                earlyDecision: s.earlyDecision
            })
        );
        emit RoundSettled(id, s.round, Outcome.Skipped, 0, 0, uint16(voters.count()));
        _strike(id, e, s.round, 0, Bitmap.only(s.proposer));
        _openNext(id, e, s);
    }

    /// @dev The first duty missed is a strike, the second in a row a suspension. Doing one's duty clears a strike; so does
    /// `resume`, and a suspension uses it up.
    function _strike(ExperimentId id, Experiment storage e, uint32 round, uint256 dutiful, uint256 absent) private {
        uint256 struck = e.struck;
        uint256 active = e.active;
        uint256 suspended = struck & absent & active;
        e.struck = (struck.without(dutiful) | absent).without(suspended);
        if (suspended == 0) return;
        e.active = active.without(suspended);
        for (uint256 left = suspended; left != 0; left &= left - 1) {
            emit Suspended(id, round, e.learners[left.lowest()]);
        }
    }

    /// @dev Opens the next round, or completes after the last, or pauses where there is nobody to vote. The caller stores
    /// the state.
    function _openNext(ExperimentId id, Experiment storage e, State memory s) private {
        if (s.round == s.rounds) return _complete(id, e, s);
        uint256 active = e.active;
        if (!active.hasTwo()) return _pause(id, e, s);

        s.status = Status.Running;
        s.phase = Phase.Propose;
        s.round += 1;
        s.proposer = uint8(active.nextAfter(s.proposer));
        s.deadline = _after(s.proposeWindow);
        // Participants rather than voters: from round to round they seldom change, so this seldom costs a write.
        e.participants = active;
        emit RoundOpened(id, s.round, e.learners[s.proposer], active.without(Bitmap.only(s.proposer)), s.deadline);
    }

    function _pause(ExperimentId id, Experiment storage e, State memory s) private {
        s.status = Status.Paused;
        s.phase = Phase.None;
        s.deadline = _after(e.config.pauseLimit);
        emit Paused(id, s.deadline);
    }

    function _complete(ExperimentId id, Experiment storage e, State memory s) private {
        s.status = Status.Completed;
        s.phase = Phase.None;
        s.deadline = 0;
        ContentId memory weights = _weights(e, s.weightsRound);
        emit Completed(id, weights.digest, weights.codec, s.weightsRound);
    }

    // Read

    /// @inheritdoc ICollectiveLearning
    function getExperiment(ExperimentId id) external view returns (address coordinator, Config memory config) {
        (Experiment storage e, ) = _load(id);
        return (e.coordinator, e.config);
    }

    /// @inheritdoc ICollectiveLearning
    function getLearners(ExperimentId id) external view returns (address[] memory learners) {
        (Experiment storage e, ) = _load(id);
        learners = new address[](e.learnerCount);
        for (uint256 i = 0; i < learners.length; ++i) learners[i] = e.learners[i];
    }

    /// @inheritdoc ICollectiveLearning
    function snapshot(ExperimentId id, address learner) external view returns (Snapshot memory seen) {
        (Experiment storage e, State memory s) = _load(id);
        seen.status = s.status;
        seen.phase = s.phase;
        seen.round = s.round;
        seen.rounds = s.rounds;
        seen.deadline = s.deadline;
        seen.weights = _weights(e, s.weightsRound);
        seen.weightsRound = s.weightsRound;
        if (s.phase != Phase.None) {
            Round memory open = _round(e, s, s.round);
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
        (Experiment storage e, State memory s) = _load(id);
        return _round(e, s, round);
    }

    /// @inheritdoc ICollectiveLearning
    function getVote(ExperimentId id, uint32 round, address learner) external view returns (Vote memory seen) {
        (Experiment storage e, State memory s) = _load(id);
        Round memory votes = _round(e, s, round);
        uint256 index = _indexOf(e, learner);
        seen.voter = votes.voters.has(index);
        seen.approve = votes.approvals.has(index);
        seen.cast = seen.approve || votes.rejections.has(index);
    }

    function _round(Experiment storage e, State memory s, uint32 round) private view returns (Round memory seen) {
        if (round > s.round) revert WrongRound(round, s.round);
        if (round == 0) {
            seen.outcome = Outcome.Accepted;
            seen.proposal = e.config.weights;
            return seen;
        }
        bool isOpen = round == s.round && s.phase != Phase.None;
        if (isOpen && s.phase == Phase.Propose) {
            seen.proposer = e.learners[s.proposer];
            seen.deadline = s.deadline;
            seen.voters = _voters(e, s);
            return seen;
        }
        bytes32 digest = isOpen ? e.proposal : e.proposals[round];
        BallotBox storage box = e.ballots[round][digest];
        Lane first = box.lanes[0];
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
        bytes32 digest = e.proposals[round];
        return ContentId(digest, e.ballots[round][digest].lanes[0].codec());
    }

    function _digestOf(Experiment storage e, uint32 round) private view returns (bytes32) {
        return round == 0 ? e.config.weights.digest : e.proposals[round];
    }

    function _voters(Experiment storage e, State memory s) private view returns (uint256) {
        return e.participants.without(Bitmap.only(s.proposer));
    }

    function _load(ExperimentId id) private view returns (Experiment storage e, State memory s) {
        e = _experiments[id];
        s = e.state;
        if (s.status == Status.None) revert UnknownExperiment(id);
    }

    function _indexOf(Experiment storage e, address learner) private view returns (uint256) {
        uint256 place = e.members[learner].place;
        if (place == 0) revert NotLearner(learner);
        return place - 1;
    }

    // Check

    function _requireUnfinished(ExperimentId id, State memory s) private pure {
        if (s.status == Status.Completed || s.status == Status.Cancelled) revert WrongStatus(id, s.status);
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
