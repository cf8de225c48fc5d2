// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {
    Admission,
    Ballot,
    Config,
    ContentId,
    ExperimentId,
    ICollectiveLearning,
    Learner,
    Outcome,
    Phase,
    Round,
    SignedVote,
    Snapshot,
    Status,
    Vote
} from "./ICollectiveLearning.sol";
import {IStakes} from "./IStakes.sol";
import {Approval} from "./libraries/Approval.sol";
import {Batch, Batches} from "./libraries/Batches.sol";
import {BallotBox, Lane, LaneSlot, Lanes, Stage, Votes} from "./libraries/Ballots.sol";
import {Bitmap} from "./libraries/Bitmap.sol";
import {Lots} from "./libraries/Lots.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {TraitBits, Traits} from "./libraries/Traits.sol";

/// @title The ledger of Collective Learning
/// @notice See the interface for what each call does. There is no owner, no upgrade and no value held.
/// @dev Other contracts are asked questions only (signatures, stakes), by calls that cannot change anything, so nothing can
/// be re-entered. Invariants:
/// - A round is open if and only if the status is `Running`, and then it has at least one voter.
/// - Voters of a round are fixed when it opens; joining, leaving and resuming take effect with the next round.
/// - The current weights are the proposal of `weightsRound`, the last accepted round; round 0 is the initial weights.
/// - A step of the protocol touches a fixed number of slots, whatever the number of rounds and learners: sets of learners
///   are words, and the only loops are over the four lanes of a ballot box and over learners being suspended.
contract CollectiveLearning is ICollectiveLearning, EIP712, Nonces {
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
    bytes32 private constant CALL_TYPE = keccak256("Call(address learner,bytes call,uint256 nonce,uint256 deadline)");
    bytes32 private constant INVITATION_TYPE = keccak256("Invitation(uint256 experiment,address learner)");

    /// @param place The learner's index plus one; zero for who never joined.
    /// @param suspensions How often it was suspended: at most half as often as there are rounds.
    struct Member {
        uint16 place;
        bool invited;
        uint32 suspensions;
    }

    /// @dev The first slot, down to `circle`, holds what changes in a run and, copied from the config, what a step of
    /// the run needs, so that a step reads one slot for both.
    /// @param round The open round, or the last one.
    /// @param weightsRound The last accepted round: its proposal is the current weights.
    /// @param proposer Index of the last learner selected.
    /// @param deadline End of the enrolment, the phase or the pause; zero in a final status.
    /// @param circle One less than the learners at the start: before that many rounds and one more, nothing is drawn.
    /// @param active Learners neither suspended nor gone.
    /// @param struck Learners that missed their last duty.
    /// @param listed A digest of all learners in the order of joining: who sends a batch of votes gives the list, which is
    /// cheaper than reading it.
    /// @param seed What the next proposer is drawn by, where proposers are drawn.
    /// @param links The last revealed link of each learner's hash chain, where proposers are drawn.
    /// @param commitments What each learner sealed last, where ballots are sealed: overwritten from round to round.
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
        Traits traits;
        uint8 circle;
        uint256 active;
        uint256 struck;
        address coordinator;
        uint64 createdBlock;
        uint16 learnerCount;
        bytes32 listed;
        Config config;
        mapping(uint256 index => address) learners;
        mapping(address learner => Member) members;
        bytes32 seed;
        mapping(uint256 index => bytes32) links;
        mapping(uint256 index => bytes32) commitments;
        mapping(uint32 round => bytes32 votersThenProposal) records;
        mapping(uint32 round => mapping(bytes32 proposal => BallotBox)) ballots;
    }

    /// @inheritdoc ICollectiveLearning
    uint256 public experimentCount;

    mapping(ExperimentId id => Experiment) private _experiments;

    constructor() EIP712("CollectiveLearning", "1") {}

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
        e.traits = TraitBits.chosenIn(config);
        address coordinator = _caller();
        e.coordinator = coordinator;
        e.createdBlock = uint64(block.number);
        e.config = config;
        emit ExperimentCreated(id, coordinator, config);
    }

    /// @inheritdoc ICollectiveLearning
    function invite(ExperimentId id, address[] calldata learners) external {
        Experiment storage e = _load(id);
        if (e.status != Status.Enrolling) revert WrongStatus(id, e.status);
        if (_caller() != e.coordinator) revert NotCoordinator(_caller(), e.coordinator);
        if (e.config.admission == Admission.Open) revert AdmissionOpen(id);
        for (uint256 i = 0; i < learners.length; ++i) {
            e.members[learners[i]].invited = true;
            emit Invited(id, learners[i]);
        }
    }

    /// @inheritdoc ICollectiveLearning
    function join(
        ExperimentId id,
        string calldata contact,
        bytes32 link,
        bytes calldata invitation
    ) external returns (uint8 index) {
        Experiment storage e = _load(id);
        _requireUnfinished(id, e);
        _checkContact(contact);
        address learner = _caller();
        Member storage member = e.members[learner];
        if (member.place != 0) revert AlreadyJoined(learner);
        if (e.config.admission == Admission.Invited && !member.invited && !_isInvited(id, e, learner, invitation)) {
            revert NotInvited(learner);
        }
        if (e.traits.isStaked() && !IStakes(e.config.stakes).isStaked(id, learner)) {
            revert NotStaked(learner, e.config.stakes);
        }
        uint16 count = e.learnerCount;
        if (count == e.config.maxLearners) revert ExperimentFull(count);

        index = uint8(count);
        member.place = count + 1;
        e.learners[index] = learner;
        e.learnerCount = count + 1;
        e.listed = Batches.list(e.listed, learner);
        emit Joined(id, learner, index, contact);
        if (e.traits.isRandom()) _commit(id, e, learner, index, link);
        _activate(id, e, index);
    }

    /// @dev A coordinator has no power after the start: then no signature of its own lets anybody in.
    function _isInvited(
        ExperimentId id,
        Experiment storage e,
        address learner,
        bytes calldata invitation
    ) private view returns (bool) {
        if (e.status != Status.Enrolling || invitation.length == 0) return false;
        bytes32 hash = _hashTypedDataV4(keccak256(abi.encode(INVITATION_TYPE, id, learner)));
        return Signatures.isValid(e.coordinator, hash, invitation);
    }

    /// @dev Once there are rounds, only proposals are mixed in: a stranger who knows the seed must not choose when to join,
    /// or with what, to turn the selection.
    function _commit(ExperimentId id, Experiment storage e, address learner, uint256 index, bytes32 link) private {
        if (link == 0) revert NoLink(learner);
        e.links[index] = link;
        if (e.status == Status.Enrolling) _mix(id, e, 0, link);
    }

    /// @inheritdoc ICollectiveLearning
    function updateContact(ExperimentId id, string calldata contact) external {
        Experiment storage e = _load(id);
        address learner = _caller();
        _indexOf(e, learner);
        _checkContact(contact);
        emit ContactUpdated(id, learner, contact);
    }

    // Leave and resume

    /// @inheritdoc ICollectiveLearning
    function leaveExperiment(ExperimentId id) external {
        Experiment storage e = _load(id);
        _requireUnfinished(id, e);
        address learner = _caller();
        uint256 index = _indexOf(e, learner);
        if (!e.active.has(index)) revert NotActive(learner);
        e.active = e.active.without(Bitmap.only(index));
        emit Left(id, learner);
    }

    /// @inheritdoc ICollectiveLearning
    function resume(ExperimentId id) external {
        Experiment storage e = _load(id);
        _requireUnfinished(id, e);
        address learner = _caller();
        uint256 index = _indexOf(e, learner);
        if (e.active.has(index)) revert AlreadyActive(learner);
        emit Resumed(id, learner);
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
    function startExperiment(ExperimentId id) external {
        Experiment storage e = _load(id);
        uint256 active = _requireEndOfEnrolment(id, e);
        if (active < e.config.minLearners) revert TooFewLearners(active, e.config.minLearners);
        e.circle = uint8(active - 1);
        emit Started(id, uint16(active));
        _openNext(id, e);
    }

    /// @inheritdoc ICollectiveLearning
    function cancelExperiment(ExperimentId id) external {
        Experiment storage e = _load(id);
        uint256 active = _requireEndOfEnrolment(id, e);
        if (_caller() != e.coordinator && active >= e.config.minLearners) {
            revert EnoughLearners(active, e.config.minLearners);
        }
        e.status = Status.Cancelled;
        e.deadline = 0;
        emit Cancelled(id);
    }

    /// @dev The coordinator may end the enrolment at any time, anyone once its deadline has passed.
    function _requireEndOfEnrolment(ExperimentId id, Experiment storage e) private view returns (uint256 active) {
        if (e.status != Status.Enrolling) revert WrongStatus(id, e.status);
        if (_caller() != e.coordinator && block.timestamp <= e.deadline) {
            revert NotCoordinator(_caller(), e.coordinator);
        }
        return e.active.count();
    }

    // Propose

    /// @inheritdoc ICollectiveLearning
    function propose(ExperimentId id, uint32 round, ContentId calldata weights, bytes32 link) external {
        Experiment storage e = _loadRound(id, round, Phase.Propose);
        (address caller, uint8 index) = (_caller(), e.proposer);
        if (caller != e.learners[index]) revert NotProposer(caller, e.learners[index]);
        if (block.timestamp > e.deadline) revert DeadlinePassed(block.timestamp, e.deadline);
        (bytes32 digest, uint8 codec) = (weights.digest, weights.codec);
        if (digest == 0 || !_isCodec(codec)) revert InvalidContentId(digest, codec);
        if (digest == _digestOf(e, e.weightsRound)) revert ProposalUnchanged(digest);

        Traits traits = e.traits;
        if (traits.isRandom()) _reveal(id, e, round, index, link);
        uint40 deadline = _after(e.voteWindow);
        Stage opening = traits.isSealed() ? Stage.Seal : Stage.Vote;
        Lane terms = Lanes.terms(deadline, index, codec, opening, traits.decidesEarly(), Outcome.Open);
        e.phase = Phase.Vote;
        e.deadline = deadline;
        e.ballots[round][digest].open(uint256(e.records[round]), terms);
        e.records[round] = digest;
        emit Proposed(id, round, caller, digest, codec, deadline);
    }

    function _reveal(ExperimentId id, Experiment storage e, uint32 round, uint256 index, bytes32 link) private {
        bytes32 last = e.links[index];
        if (Lots.previous(link) != last) revert WrongLink(link, last);
        e.links[index] = link;
        _mix(id, e, round, link);
    }

    function _mix(ExperimentId id, Experiment storage e, uint32 round, bytes32 entropy) private {
        bytes32 seed = Lots.mix(e.seed, entropy);
        e.seed = seed;
        emit SeedMixed(id, round, entropy, seed);
    }

    // Vote

    /// @inheritdoc ICollectiveLearning
    /// @dev A vote that settles nothing reads two slots, the member and the lane, and writes one. The state needs no
    /// reading: an open lane with this voter exists only under the open round and its proposal. Not for `executeBySig`, whose
    /// calls come from this contract, which is no learner: `castVotesBySig` is cheaper.
    function vote(ExperimentId id, uint32 round, bytes32 proposal, bool approve, int64 score) external {
        Experiment storage e = _experiments[id];
        uint256 index = _indexOf(e, msg.sender);
        LaneSlot storage slot = e.ballots[round][proposal].lanes[index / Lanes.SIZE];
        Lane lane = slot.lane;
        if (!lane.awaits(index, Stage.Vote)) _refuse(id, round, proposal, msg.sender, Stage.Vote);
        if (block.timestamp > lane.deadline()) revert DeadlinePassed(block.timestamp, lane.deadline());

        lane = lane.cast(index, approve);
        slot.lane = lane;
        emit Voted(id, round, msg.sender, approve, score);
        if (lane.isComplete() || lane.decidesEarly()) {
            _settleIfDecided(id, e, round, proposal, e.ballots[round][proposal].read());
        }
    }

    /// @inheritdoc ICollectiveLearning
    function castVotesBySig(
        ExperimentId id,
        uint32 round,
        bytes32 proposal,
        uint256 voters,
        uint256 approvals,
        SignedVote[] calldata votes,
        bytes[] calldata contractSignatures,
        address[] calldata learners
    ) external {
        Experiment storage e = _loadRound(id, round, Phase.Vote);
        if (e.traits.isSealed()) revert WrongBallot(id, Ballot.Sealed);
        if (proposal != e.records[round]) revert WrongProposal(proposal, e.records[round]);
        if (block.timestamp > e.deadline) revert DeadlinePassed(block.timestamp, e.deadline);
        if (voters.count() != votes.length) revert WrongBatch(voters, votes.length);

        BallotBox storage box = e.ballots[round][proposal];
        Votes memory tally = box.read();
        Batch memory batch = Batches.create(_domainSeparatorV4(), id, round, proposal, votes.length);
        uint256 taken = _takeVotes(e, batch, voters, tally.missing(), approvals, votes, contractSignatures, learners);
        if (taken == 0) revert NoVoteCounts(round, voters);
        batch.close();
        tally.approvals |= taken & approvals;
        tally.rejections |= taken & ~approvals;
        box.record(tally);
        emit VotesCast(id, round, batch.approvals, batch.voters, batch.scores);
        _settleIfDecided(id, e, round, proposal, tally);
    }

    /// @return taken Those of the given voters who have not voted yet and signed.
    function _takeVotes(
        Experiment storage e,
        Batch memory batch,
        uint256 voters,
        uint256 missing,
        uint256 approvals,
        SignedVote[] calldata votes,
        bytes[] calldata contractSignatures,
        address[] calldata learners
    ) private view returns (uint256 taken) {
        bool listed = Batches.digestOf(learners) == e.listed;
        uint256 place = 0;
        for (uint256 index = 0; voters >> index != 0; ++index) {
            if (!voters.has(index)) continue;
            SignedVote calldata signed = votes[place++];
            if (!missing.has(index)) continue;
            address voter = listed ? learners[index] : e.learners[index];
            if (batch.take(voter, approvals.has(index), signed, contractSignatures)) taken |= Bitmap.only(index);
        }
    }

    // Seal and reveal

    /// @inheritdoc ICollectiveLearning
    function sealVote(ExperimentId id, uint32 round, bytes32 proposal, bytes32 commitment) external {
        Experiment storage e = _experiments[id];
        address voter = _caller();
        uint256 index = _indexOf(e, voter);
        BallotBox storage box = e.ballots[round][proposal];
        LaneSlot storage slot = box.lanes[index / Lanes.SIZE];
        Lane lane = slot.lane;
        if (!lane.awaits(index, Stage.Seal)) _refuse(id, round, proposal, voter, Stage.Seal);
        if (block.timestamp > lane.deadline()) revert DeadlinePassed(block.timestamp, lane.deadline());

        e.commitments[index] = commitment;
        lane = lane.seal(index);
        slot.lane = lane;
        emit VoteSealed(id, round, voter, commitment);
        if (!lane.isComplete()) return;
        Votes memory votes = box.read();
        if (votes.seals == votes.voters) _openReveal(id, e, round, box, votes.seals);
    }

    function _openReveal(
        ExperimentId id,
        Experiment storage e,
        uint32 round,
        BallotBox storage box,
        uint256 seals
    ) private {
        uint40 deadline = _after(e.config.revealWindow);
        e.phase = Phase.Reveal;
        e.deadline = deadline;
        box.openReveal(deadline);
        emit RevealOpened(id, round, seals, deadline);
    }

    /// @inheritdoc ICollectiveLearning
    function reveal(
        ExperimentId id,
        uint32 round,
        bytes32 proposal,
        address voter,
        bool approve,
        int64 score,
        bytes32 salt
    ) external {
        Experiment storage e = _experiments[id];
        uint256 index = _indexOf(e, voter);
        LaneSlot storage slot = e.ballots[round][proposal].lanes[index / Lanes.SIZE];
        Lane lane = slot.lane;
        if (!lane.takes(Stage.Reveal) || !lane.isVoter(index)) {
            _refuse(id, round, proposal, voter, Stage.Reveal);
        }
        if (!lane.isSealed(index)) revert NotSealed(voter, round);
        if (block.timestamp > lane.deadline()) revert DeadlinePassed(block.timestamp, lane.deadline());
        bytes32 commitment = e.commitments[index];
        bytes32 revealed = sealOf(id, round, proposal, voter, approve, score, salt);
        if (revealed != commitment) revert WrongReveal(voter, commitment, revealed);

        lane = lane.reveal(index, approve);
        slot.lane = lane;
        emit Voted(id, round, voter, approve, score);
        if (lane.isRevealed() || lane.decidesEarly()) {
            _settleIfDecided(id, e, round, proposal, e.ballots[round][proposal].read());
        }
    }

    /// @inheritdoc ICollectiveLearning
    function sealOf(
        ExperimentId id,
        uint32 round,
        bytes32 proposal,
        address voter,
        bool approve,
        int64 score,
        bytes32 salt
    ) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), id, round, proposal, voter, approve, score, salt));
    }

    /// @dev Says why there is no such ballot, or no place in it for this voter, or not now.
    function _refuse(ExperimentId id, uint32 round, bytes32 proposal, address voter, Stage stage) private view {
        Experiment storage e = _load(id);
        uint256 index = _indexOf(e, voter);
        Lane lane = e.ballots[round][proposal].lanes[index / Lanes.SIZE].lane;
        if (lane.isClosed()) revert RoundClosed(round);
        Ballot ballot = e.config.ballot;
        if ((ballot == Ballot.Open) != (stage == Stage.Vote)) revert WrongBallot(id, ballot);
        _loadRound(id, round, stage == Stage.Reveal ? Phase.Reveal : Phase.Vote);
        if (lane.hasVoted(index)) revert AlreadyVoted(voter);
        revert NotVoter(voter, round, proposal);
    }

    // Call by signature

    /// @inheritdoc ICollectiveLearning
    function executeBySig(
        address learner,
        bytes calldata call,
        uint256 deadline,
        bytes calldata signature
    ) external returns (bytes memory) {
        if (block.timestamp > deadline) revert DeadlinePassed(block.timestamp, deadline);
        uint256 nonce = _useNonce(learner);
        bytes32 content = keccak256(abi.encode(CALL_TYPE, learner, keccak256(call), nonce, deadline));
        if (!Signatures.isValid(learner, _hashTypedDataV4(content), signature)) {
            revert InvalidSignature(learner, nonce);
        }
        return Address.functionCall(address(this), abi.encodePacked(call, learner));
    }

    /// @dev Who acts: the sender or, in a call by signature, its signer. That call comes from this contract itself, with the
    /// signer behind the calldata (as in ERC-2771). Nothing else here calls this contract.
    function _caller() private view returns (address) {
        if (msg.sender != address(this)) return msg.sender;
        return address(bytes20(msg.data[msg.data.length - 20:]));
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
            BallotBox storage box = e.ballots[round][proposal];
            Votes memory votes = box.read();
            if (e.phase == Phase.Vote && votes.seals != 0) _openReveal(id, e, round, box, votes.seals);
            else _settle(id, e, round, proposal, votes, votes.missing());
        }
    }

    /// @dev Whose vote may still come is not absent from a round that ends before its deadline. Of sealed ballots no others
    /// may come than those sealed.
    function _settleIfDecided(
        ExperimentId id,
        Experiment storage e,
        uint32 round,
        bytes32 proposal,
        Votes memory votes
    ) private {
        uint256 absent = e.traits.isSealed() ? votes.missing().without(votes.seals) : 0;
        if (votes.missing() != absent) {
            if (!e.traits.decidesEarly()) return;
            (uint256 approvals, uint256 rejections, uint256 voters) = votes.count();
            if (!Approval.isDecided(approvals, rejections + absent.count(), voters, e.approvalBps)) return;
        }
        _settle(id, e, round, proposal, votes, absent);
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
        e.ballots[round][0].open(voters, Lanes.terms(e.deadline, proposer, 0, Stage.Vote, false, Outcome.Skipped));
        if (e.traits.isRandom()) _mix(id, e, round, 0);
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
            address learner = e.learners[left.lowest()];
            ++e.members[learner].suspensions;
            emit Suspended(id, round, learner);
        }
    }

    /// @dev Opens the next round, or completes after the last, or pauses where there is nobody to vote.
    function _openNext(ExperimentId id, Experiment storage e) private {
        uint32 round = e.round;
        if (round == e.rounds) return _complete(id, e);
        uint256 active = e.active;
        if (!active.hasTwo()) return _pause(id, e);

        round += 1;
        uint8 proposer = _select(e, round, active);
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

    /// @dev Between joining, or coming back, and being drawn there is always a link that one did not know. At the start: once
    /// around the circle comes before the first draw. Later: only who took part in the round before is drawn, whose proposer
    /// revealed its link after that; if all of those are gone, somebody must be drawn all the same.
    function _select(Experiment storage e, uint32 round, uint256 active) private view returns (uint8) {
        if (!e.traits.isRandom() || round <= uint256(e.circle) + 1) return uint8(active.nextAfter(e.proposer));
        uint32 last = round - 1;
        uint256 known = active & e.ballots[last][e.records[last]].read().voters.with(e.proposer);
        return uint8(Lots.draw(e.seed, known == 0 ? active : known));
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
            seen.seals = open.seals;
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
        seen.isSealed = votes.seals.has(index);
    }

    /// @inheritdoc ICollectiveLearning
    function getLearner(ExperimentId id, address learner) external view returns (Learner memory seen) {
        Experiment storage e = _load(id);
        Member memory member = e.members[learner];
        seen.invited = member.invited;
        if (member.place == 0) return seen;
        seen.member = true;
        seen.index = uint8(member.place - 1);
        seen.active = e.active.has(seen.index);
        seen.struck = e.struck.has(seen.index);
        seen.suspensions = member.suspensions;
        seen.link = e.links[seen.index];
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
        seen.seals = votes.seals;
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
        uint256 isSealed = c.ballot == Ballot.Sealed ? 1 : 0;
        _checkField("revealWindow", c.revealWindow, isSealed, WINDOW_LIMIT * isSealed);
        _checkField("pauseLimit", c.pauseLimit, 1, WAIT_LIMIT);
        _checkField("enrolmentDeadline", c.enrolmentDeadline, block.timestamp + 1, block.timestamp + WAIT_LIMIT);
    }

    function _checkField(string memory field, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert InvalidConfig(field, value);
    }
}
