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
/// With sealed ballots votes are sealed in `Vote` and opened in `Reveal`.
enum Phase {
    None,
    Propose,
    Vote,
    Reveal
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

/// @notice How the proposer of a round is selected: the next one in a circle, or, once every learner had a turn, by lot.
enum Selection {
    RoundRobin,
    Random
}

/// @notice How votes are cast: openly, or sealed first and revealed when all are in, so that nobody can copy one.
enum Ballot {
    Open,
    Sealed
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
/// @param revealWindow Seconds to reveal sealed votes, from the last one sealed (at most 30 days; 0 where ballots are open).
/// @param pauseLimit Seconds after which a paused experiment may be completed by anyone (at most 365 days).
/// @param enrolmentDeadline Unix time in seconds after which anyone may start or cancel (ahead, within 365 days).
/// @param admission Who may join.
/// @param selection How proposers are selected.
/// @param ballot How votes are cast.
/// @param earlyDecision Settle as soon as the result cannot change, without waiting for the remaining votes.
/// @param stakes The contract (see `IStakes`) that must vouch for a learner's stake when it joins; zero: no stakes.
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
    uint32 revealWindow;
    address stakes;
}

/// @notice One round as it stands, open or settled. Bit i of a bitmap stands for the learner with index i.
/// @param outcome What became of it.
/// @param proposer The learner selected.
/// @param proposal The proposed weights, zero until there is a proposal.
/// @param deadline Unix time in seconds at which the current (or last) phase of the round ends.
/// @param voters Learners who were to vote: fixed when the round opened.
/// @param approvals Voters who approved.
/// @param rejections Voters who rejected.
/// @param seals Voters who sealed a vote and have not revealed it.
struct Round {
    Outcome outcome;
    address proposer;
    ContentId proposal;
    uint40 deadline;
    uint256 voters;
    uint256 approvals;
    uint256 rejections;
    uint256 seals;
}

/// @notice One voter's part in a round.
/// @param voter Whether the learner was to vote.
/// @param cast Whether it voted, and revealed its vote where that was sealed.
/// @param approve Its vote, where it voted. Its score is in the event `Voted` or `VotesCast`.
/// @param isSealed Whether it sealed a vote and has not revealed it.
struct Vote {
    bool voter;
    bool cast;
    bool approve;
    bool isSealed;
}

/// @notice A vote with its voter's signature over the EIP-712 message
/// `Vote(uint256 experiment,uint32 round,bytes32 proposal,address voter,bool approve,int64 score)`.
/// @param score The voter's score, in millionths of the manifest's metric.
/// @param r The signature's r. For a contract's signature: its position among the contracts' signatures.
/// @param vs The signature's s with the parity in the highest bit (EIP-2098). Zero for a contract's (ERC-1271).
struct SignedVote {
    int64 score;
    bytes32 r;
    bytes32 vs;
}

/// @notice A learner as the ledger knows it.
/// @param member Whether it joined.
/// @param index Its place in all bitmaps of the experiment, where it joined.
/// @param invited Whether the coordinator invited it.
/// @param active Whether it is neither suspended nor gone.
/// @param struck Whether it missed its last duty.
/// @param suspensions How often it was suspended.
/// @param link The last revealed link of its hash chain: the next to reveal hashes to it. Zero where nothing is drawn.
struct Learner {
    bool member;
    uint8 index;
    bool invited;
    bool active;
    bool struck;
    uint32 suspensions;
    bytes32 link;
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
/// @param seals Of those, who sealed a vote and have not revealed it.
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
    uint256 seals;
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
/// on once a deadline has passed (`startExperiment` or `cancelExperiment` from Enrolling, `advance` from Running and Paused).
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
    /// @notice Votes were cast together, by their voters' signatures: as a `Voted` of each. Bit i of the approvals stands for
    /// the voter in place i of this list, as does the score in place i.
    event VotesCast(
        ExperimentId indexed experiment,
        uint32 indexed round,
        uint256 approvals,
        address[] voters,
        int64[] scores
    );
    /// @notice A voter sealed its vote on the round's proposal.
    event VoteSealed(ExperimentId indexed experiment, uint32 indexed round, address indexed voter, bytes32 commitment);
    /// @notice No more votes are sealed: those that were, as a bitmap of their voters, can be revealed until the deadline.
    event RevealOpened(ExperimentId indexed experiment, uint32 indexed round, uint256 seals, uint40 deadline);
    /// @notice The seed of the next selection changed: by a learner that joined (round 0), a proposer's link, or, with zero,
    /// a round without a proposal.
    event SeedMixed(ExperimentId indexed experiment, uint32 indexed round, bytes32 entropy, bytes32 seed);
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
    /// @notice The learner is not invited to this experiment, or no more: a signed invitation ends with the start.
    error NotInvited(address learner);
    /// @notice The experiment's admission is open: nobody needs an invitation.
    error AdmissionOpen(ExperimentId experiment);
    /// @notice The learner joined before.
    error AlreadyJoined(address learner);
    /// @notice Proposers are drawn here: joining takes the end of a hash chain, which is not zero.
    error NoLink(address learner);
    /// @notice The experiment's stakes contract does not vouch for the learner.
    error NotStaked(address learner, address stakes);
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
    /// @notice This is not the next link of the proposer's hash chain.
    error WrongLink(bytes32 link, bytes32 expectedHash);
    /// @notice No sha2-256 CID has this codec here, or the digest is zero.
    error InvalidContentId(bytes32 digest, uint8 codec);
    /// @notice The caller is no voter of a proposal with this digest in this round.
    error NotVoter(address caller, uint32 round, bytes32 proposal);
    /// @notice The voter voted on this proposal before.
    error AlreadyVoted(address voter);
    /// @notice The round was settled: it takes no more votes.
    error RoundClosed(uint32 round);
    /// @notice The experiment's ballots are of the other kind.
    error WrongBallot(ExperimentId experiment, Ballot ballot);
    /// @notice The round's proposal is another one.
    error WrongProposal(bytes32 named, bytes32 proposal);
    /// @notice The voter has no sealed vote left in this round.
    error NotSealed(address voter, uint32 round);
    /// @notice What is revealed is not what was sealed.
    error WrongReveal(address voter, bytes32 commitment, bytes32 revealed);
    /// @notice There are more or fewer votes than voters.
    error WrongBatch(uint256 voters, uint256 votes);
    /// @notice Of all these votes none counts: each is of no voter, of one who voted before, or not signed by it.
    error NoVoteCounts(uint32 round, uint256 voters);
    /// @notice The call is not signed by the learner, or was signed for another nonce.
    error InvalidSignature(address learner, uint256 nonce);

    /// @notice Creates an experiment; the caller is its coordinator, which has no power after the start.
    /// @param config What is fixed for the whole experiment. A field out of range reverts with `InvalidConfig`.
    /// @return experiment The new experiment's id.
    function createExperiment(Config calldata config) external returns (ExperimentId experiment);

    /// @notice Lets learners join an experiment whose admission is by invitation. Coordinator only, before the start.
    function invite(ExperimentId experiment, address[] calldata learners) external;

    /// @notice Joins as a learner. During the run one votes from the next round on.
    /// @param contact At most 1 KiB: how other learners reach this one. Kept in the event only.
    /// @param link Where proposers are drawn, the end of the learner's hash chain: each proposal reveals the link that hashes
    /// (keccak256) to the last one, so a chain has as many links as the experiment has rounds. Otherwise ignored.
    /// @param invitation The coordinator's signature over the EIP-712 message `Invitation(uint256 experiment,address learner)`,
    /// in place of `invite`, until the start. Empty where none is needed.
    /// @return index The learner's place in all bitmaps of this experiment.
    function join(
        ExperimentId experiment,
        string calldata contact,
        bytes32 link,
        bytes calldata invitation
    ) external returns (uint8 index);

    /// @notice Tells the other learners where the caller can be reached now.
    function updateContact(ExperimentId experiment, string calldata contact) external;

    /// @notice Stops taking part from the next round on; `resume` undoes it. A duty of the open round stays a duty.
    function leaveExperiment(ExperimentId experiment) external;

    /// @notice Takes part again after a suspension or after leaving, from the next round on.
    function resume(ExperimentId experiment) external;

    /// @notice Opens the first round: the coordinator as soon as enough learners joined, anyone after the enrolment deadline.
    function startExperiment(ExperimentId experiment) external;

    /// @notice Ends an experiment that did not start: the coordinator at any time before the start, anyone after the
    /// enrolment deadline if too few joined.
    function cancelExperiment(ExperimentId experiment) external;

    /// @notice Proposes weights for the open round. Its proposer only, once, until the deadline.
    /// @param link Where proposers are drawn, the next link of the proposer's hash chain. Otherwise ignored.
    function propose(ExperimentId experiment, uint32 round, ContentId calldata weights, bytes32 link) external;

    /// @notice Votes on the open round's proposal. Every voter once, until the deadline. The last vote settles the round and
    /// opens the next one. A caller that never joined gets `NotLearner`, be there such an experiment or not.
    /// @param proposal Digest of the weights that the voter evaluated: the vote counts for no others.
    /// @param approve Whether the weights should become everyone's.
    /// @param score The voter's score of them, in millionths of the manifest's metric.
    function vote(ExperimentId experiment, uint32 round, bytes32 proposal, bool approve, int64 score) external;

    /// @notice Casts votes that their voters signed, sent by anyone: open ballots only. A vote that does not count, for
    /// whatever reason, is left out and does no harm to the others; where none counts, the call reverts. Experiment, round
    /// and voter are unique, so a vote needs no nonce.
    /// @param voters The bitmap of those whose votes these are.
    /// @param approvals Those of them who approve.
    /// @param votes The rest of the votes, in the order of their voters' indexes.
    /// @param contractSignatures The signatures (ERC-1271) of voters that are contracts.
    /// @param learners What `getLearners` gives, which saves about 1 400 gas a vote. With any other list, as an empty one, the
    /// contract reads the learners that it needs.
    function castVotesBySig(
        ExperimentId experiment,
        uint32 round,
        bytes32 proposal,
        uint256 voters,
        uint256 approvals,
        SignedVote[] calldata votes,
        bytes[] calldata contractSignatures,
        address[] calldata learners
    ) external;

    /// @notice Seals a vote on the open round's proposal: sealed ballots only. Every voter once, until the deadline. The last
    /// one opens the reveal.
    /// @param commitment What `sealOf` gives for the vote.
    function sealVote(ExperimentId experiment, uint32 round, bytes32 proposal, bytes32 commitment) external;

    /// @notice Reveals a sealed vote, sent by anyone who knows it: the commitment holds the voter. The last one settles the
    /// round and opens the next one.
    function reveal(
        ExperimentId experiment,
        uint32 round,
        bytes32 proposal,
        address voter,
        bool approve,
        int64 score,
        bytes32 salt
    ) external;

    /// @notice Makes a call that a learner signed, as if the learner had sent it: any of this contract's functions but
    /// `vote`, sent and paid by anyone. The EIP-712 message is `Call(address learner,bytes call,uint256 nonce,uint256 deadline)`, with the
    /// learner's next nonce (`nonces`).
    /// @param call The calldata.
    /// @param deadline Unix time in seconds after which the signature is worth nothing.
    /// @param signature 65 bytes (r, s, v), or what the learner's contract takes (ERC-1271).
    /// @return result What the call returned.
    function executeBySig(
        address learner,
        bytes calldata call,
        uint256 deadline,
        bytes calldata signature
    ) external returns (bytes memory result);

    /// @notice Leads on after a deadline, by anyone: skips a round without a proposal, opens the reveal, settles a round with
    /// absent voters, completes an experiment that was paused too long.
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

    /// @notice What the ledger knows of a learner, or of anybody else.
    function getLearner(ExperimentId experiment, address learner) external view returns (Learner memory);

    /// @notice The commitment of a vote: it binds the vote to chain, contract, experiment, round, proposal and voter, so that
    /// nobody can reveal a copy of it. With a salt that nobody can guess it tells nothing.
    function sealOf(
        ExperimentId experiment,
        uint32 round,
        bytes32 proposal,
        address voter,
        bool approve,
        int64 score,
        bytes32 salt
    ) external view returns (bytes32 commitment);
}
