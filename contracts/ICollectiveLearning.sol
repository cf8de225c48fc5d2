// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Number of an experiment on this contract, from 1 upwards.
type ExperimentId is uint256;

/// @notice Where an experiment stands. `Completed` and `Cancelled` are final.
enum Status {
    None,
    Enrolling,
    Running,
    Paused,
    Completed,
    Cancelled
}

/// @notice Where the open round stands. `None` whenever no round is open.
enum Phase {
    None,
    Propose,
    Vote
}

/// @notice What became of a round. Round 0 stands for the initial weights and is always `Accepted`.
enum Outcome {
    Open,
    Accepted,
    Rejected,
    Skipped
}

/// @notice Who may join.
enum Admission {
    Open,
    Invited
}

/// @notice How the proposer of a round is selected.
enum Selection {
    RoundRobin
}

/// @notice How votes are cast.
enum Ballot {
    Open
}

/// @notice A CIDv1 with a sha2-256 multihash, without its constant parts.
/// @param digest The sha2-256 digest.
/// @param codec The multicodec of the root block: 0x55 (raw) or 0x70 (dag-pb).
struct ContentId {
    bytes32 digest;
    uint8 codec;
}

/// @notice What the coordinator fixes for the whole experiment.
/// @param manifest The experiment's document on IPFS.
/// @param weights The initial weights, current from the start.
/// @param rounds How many rounds, skipped ones included (1 or more).
/// @param minLearners With fewer learners the experiment does not start (2 or more).
/// @param maxLearners No more than these can join (at most 256).
/// @param approvalBps A proposal needs strictly more approvals than this part of the voters, in basis points (below 10 000).
/// @param proposeWindow Seconds the proposer has, from the opening of the round (at most 30 days).
/// @param voteWindow Seconds the voters have, from the proposal (at most 30 days).
/// @param pauseLimit Seconds after which a paused experiment may be completed by anyone (at most 365 days).
/// @param enrolmentDeadline Unix time in seconds after which anyone may start or cancel (ahead, within 365 days).
/// @param admission Who may join.
/// @param selection How proposers are selected.
/// @param ballot How votes are cast.
/// @param earlyDecision Settle as soon as the result cannot change, without waiting for the remaining votes.
struct Config {
    ContentId manifest;
    ContentId weights;
    uint32 rounds;
    uint16 minLearners;
    uint16 maxLearners;
    uint16 approvalBps;
    uint32 proposeWindow;
    uint32 voteWindow;
    uint32 pauseLimit;
    uint40 enrolmentDeadline;
    Admission admission;
    Selection selection;
    Ballot ballot;
    bool earlyDecision;
}

/// @notice One round as it stands, open or settled. Bit i of a bitmap stands for the learner with index i.
/// @param outcome What became of it.
/// @param proposer The learner selected.
/// @param proposal The proposed weights, zero until there is a proposal.
/// @param deadline Unix time in seconds at which the current (or last) phase of the round ends.
/// @param voters Learners who were to vote: fixed when the round opened.
/// @param approvals Voters who approved.
/// @param rejections Voters who rejected.
struct Round {
    Outcome outcome;
    address proposer;
    ContentId proposal;
    uint40 deadline;
    uint256 voters;
    uint256 approvals;
    uint256 rejections;
}

/// @notice One voter's part in a round.
/// @param voter Whether the learner was to vote.
/// @param cast Whether it voted.
/// @param approve Its vote, where it voted. Its score is in the event `Voted`.
struct Vote {
    bool voter;
    bool cast;
    bool approve;
}

/// @notice All that a node needs to decide what to do next, in one read.
/// @param status Where the experiment stands.
/// @param phase Where the open round stands.
/// @param round The open round, or the last one; 0 before the start.
/// @param rounds How many rounds the experiment has.
/// @param deadline Unix time in seconds at which the enrolment, the phase or the pause ends.
/// @param weights The current weights.
/// @param weightsRound The round whose proposal they are; 0 for the initial weights.
/// @param proposer The open round's proposer, zero when no round is open.
/// @param proposal The open round's proposal, zero until there is one.
/// @param voters The open round's voters, as a bitmap of indexes.
/// @param approvals Of those, who approved so far.
/// @param rejections Of those, who rejected so far.
/// @param active Learners neither suspended nor gone, as a bitmap of indexes.
/// @param learnerCount How many ever joined.
/// @param member Whether the asking learner joined.
/// @param index The asking learner's index, where it joined.
/// @param invited Whether admission is open or the asking learner was invited.
/// @param timestamp The block's time.
/// @param blockNumber The block's number.
struct Snapshot {
    Status status;
    Phase phase;
    uint32 round;
    uint32 rounds;
    uint40 deadline;
    ContentId weights;
    uint32 weightsRound;
    address proposer;
    ContentId proposal;
    uint256 voters;
    uint256 approvals;
    uint256 rejections;
    uint256 active;
    uint16 learnerCount;
    bool member;
    uint8 index;
    bool invited;
    uint40 timestamp;
    uint64 blockNumber;
}

/// @title The ledger of Collective Learning
/// @notice Records experiments, their learners, the selection of proposers and the votes on proposed weights.
/// Weights and manifests themselves are on IPFS; here are their content ids.
/// @dev Nothing blocks an experiment: from every status that is not final, a transaction that anybody can send leads
/// on once a deadline has passed (`start` or `cancel` from Enrolling, `advance` from Running and Paused).
interface ICollectiveLearning {
    /// @notice An experiment was created.
    event ExperimentCreated(ExperimentId indexed experiment, address indexed coordinator, Config config);
    /// @notice A learner may join an experiment whose admission is by invitation.
    event Invited(ExperimentId indexed experiment, address indexed learner);
    /// @notice A learner joined. Its contact carries its libp2p multiaddresses, as JSON.
    event Joined(ExperimentId indexed experiment, address indexed learner, uint8 index, string contact);
    /// @notice A learner can be reached elsewhere.
    event ContactUpdated(ExperimentId indexed experiment, address indexed learner, string contact);
    /// @notice A learner left by its own will.
    event Left(ExperimentId indexed experiment, address indexed learner);
    /// @notice A learner missed two duties in a row: it is not selected nor counted until it resumes.
    event Suspended(ExperimentId indexed experiment, uint32 indexed round, address indexed learner);
    /// @notice A suspended learner, or one that had left, is active again.
    event Resumed(ExperimentId indexed experiment, address indexed learner);
    /// @notice The experiment started: no more invitations.
    event Started(ExperimentId indexed experiment, uint16 learners);
    /// @notice The experiment was cancelled before its start. Final.
    event Cancelled(ExperimentId indexed experiment);
    /// @notice A round opened: the proposer has until the deadline.
    event RoundOpened(
        ExperimentId indexed experiment,
        uint32 indexed round,
        address indexed proposer,
        uint256 voters,
        uint40 deadline
    );
    /// @notice The round's proposer proposed weights: voters have until the deadline.
    event Proposed(
        ExperimentId indexed experiment,
        uint32 indexed round,
        address indexed proposer,
        bytes32 digest,
        uint8 codec,
        uint40 deadline
    );
    /// @notice A voter voted on the round's proposal. The score is in millionths of the manifest's metric.
    event Voted(
        ExperimentId indexed experiment,
        uint32 indexed round,
        address indexed voter,
        bool approve,
        int64 score
    );
    /// @notice The round ended: its proposal was accepted or rejected, or there was none.
    event RoundSettled(
        ExperimentId indexed experiment,
        uint32 indexed round,
        Outcome outcome,
        uint16 approvals,
        uint16 rejections,
        uint16 voters
    );
    /// @notice Fewer than two learners are active: no round opens until one resumes or joins.
    event Paused(ExperimentId indexed experiment, uint40 deadline);
    /// @notice The experiment ended with these weights. Final.
    event Completed(ExperimentId indexed experiment, bytes32 digest, uint8 codec, uint32 weightsRound);

    /// @notice No experiment has this id.
    error UnknownExperiment(ExperimentId experiment);
    /// @notice A field of the config cannot be as it is.
    error InvalidConfig(string field, uint256 value);
    /// @notice The call is for another status of the experiment.
    error WrongStatus(ExperimentId experiment, Status status);
    /// @notice Only the coordinator may call this now.
    error NotCoordinator(address caller, address coordinator);
    /// @notice The learner is not invited to this experiment.
    error NotInvited(address learner);
    /// @notice The experiment's admission is open: nobody needs an invitation.
    error AdmissionOpen(ExperimentId experiment);
    /// @notice The learner joined before.
    error AlreadyJoined(address learner);
    /// @notice All places are taken.
    error ExperimentFull(uint16 maxLearners);
    /// @notice A contact is too long, in bytes.
    error ContactTooLong(uint256 length, uint256 limit);
    /// @notice The caller never joined this experiment.
    error NotLearner(address caller);
    /// @notice The learner is not active.
    error NotActive(address learner);
    /// @notice The learner is active already.
    error AlreadyActive(address learner);
    /// @notice Too few active learners for a start.
    error TooFewLearners(uint256 active, uint256 minLearners);
    /// @notice There are learners enough: only the coordinator could cancel.
    error EnoughLearners(uint256 active, uint256 minLearners);
    /// @notice The phase or the pause is not over: nobody may lead on before its deadline.
    error TooEarly(uint256 timestamp, uint256 deadline);
    /// @notice The deadline has passed.
    error DeadlinePassed(uint256 timestamp, uint256 deadline);
    /// @notice The call names another round than the open one.
    error WrongRound(uint32 named, uint32 open);
    /// @notice The open round is in another phase.
    error WrongPhase(Phase phase);
    /// @notice The caller is not this round's proposer.
    error NotProposer(address caller, address proposer);
    /// @notice The proposal is the weights everybody has already.
    error ProposalUnchanged(bytes32 digest);
    /// @notice No sha2-256 CID has this codec here, or the digest is zero.
    error InvalidContentId(bytes32 digest, uint8 codec);
    /// @notice The caller is no voter of a proposal with this digest in this round.
    error NotVoter(address caller, uint32 round, bytes32 proposal);
    /// @notice The voter voted on this proposal before.
    error AlreadyVoted(address voter);
    /// @notice The round was settled: it takes no more votes.
    error RoundClosed(uint32 round);

    /// @notice Creates an experiment; the caller is its coordinator, which has no power after the start.
    /// @param config What is fixed for the whole experiment. A field out of range reverts with `InvalidConfig`.
    /// @return experiment The new experiment's id.
    function createExperiment(Config calldata config) external returns (ExperimentId experiment);

    /// @notice Lets learners join an experiment whose admission is by invitation. Coordinator only, before the start.
    function invite(ExperimentId experiment, address[] calldata learners) external;

    /// @notice Joins as a learner. During the run one votes from the next round on.
    /// @param contact At most 1 KiB: how other learners reach this one. Kept in the event only.
    /// @return index The learner's place in all bitmaps of this experiment.
    function join(ExperimentId experiment, string calldata contact) external returns (uint8 index);

    /// @notice Tells the other learners where the caller can be reached now.
    function updateContact(ExperimentId experiment, string calldata contact) external;

    /// @notice Stops taking part from the next round on; `resume` undoes it. A duty of the open round stays a duty.
    function leaveExperiment(ExperimentId experiment) external;

    /// @notice Takes part again after a suspension or after leaving, from the next round on.
    function resume(ExperimentId experiment) external;

    /// @notice Opens the first round: the coordinator as soon as enough learners joined, anyone after the enrolment deadline.
    function start(ExperimentId experiment) external;

    /// @notice Ends an experiment that did not start: the coordinator at any time before the start, anyone after the
    /// enrolment deadline if too few joined.
    function cancel(ExperimentId experiment) external;

    /// @notice Proposes weights for the open round. Its proposer only, once, until the deadline.
    function propose(ExperimentId experiment, uint32 round, ContentId calldata weights) external;

    /// @notice Votes on the open round's proposal. Every voter once, until the deadline. The last vote settles the round and
    /// opens the next one. A caller that never joined gets `NotLearner`, be there such an experiment or not.
    /// @param proposal Digest of the weights that the voter evaluated: the vote counts for no others.
    /// @param approve Whether the weights should become everyone's.
    /// @param score The voter's score of them, in millionths of the manifest's metric.
    function vote(ExperimentId experiment, uint32 round, bytes32 proposal, bool approve, int64 score) external;

    /// @notice Leads on after a deadline, by anyone: skips a round without a proposal, settles one with absent voters,
    /// completes an experiment that was paused too long.
    function advance(ExperimentId experiment) external;

    /// @notice How many experiments there are: their ids are 1 to this number.
    function experimentCount() external view returns (uint256);

    /// @notice An experiment's coordinator and config, and the block that created it: no event is older.
    function getExperiment(
        ExperimentId experiment
    ) external view returns (address coordinator, uint64 createdBlock, Config memory config);

    /// @notice All learners who ever joined, by index.
    function getLearners(ExperimentId experiment) external view returns (address[] memory learners);

    /// @notice The experiment as it stands, seen by one learner (or by anyone, with any address).
    function snapshot(ExperimentId experiment, address learner) external view returns (Snapshot memory);

    /// @notice A round of the past, or the open one. Round 0 stands for the initial weights.
    function getRound(ExperimentId experiment, uint32 round) external view returns (Round memory);

    /// @notice A learner's vote in a round. Whoever never joined has none: `NotLearner`.
    function getVote(ExperimentId experiment, uint32 round, address learner) external view returns (Vote memory);
}
