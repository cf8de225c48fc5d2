// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ExperimentId, ICollectiveLearning, Status} from "./ICollectiveLearning.sol";

/// @notice What an experiment asks and pays, fixed when its terms open. Amounts are in the token's smallest unit.
/// @param token An ERC-20 whose balances change by transfers alone: one that takes a fee is refused, one whose balances
/// shrink by themselves could not pay everybody.
/// @param stake What each learner stakes before it joins. Zero: nothing is staked, rewards alone are paid.
/// @param penalty What a suspension takes from the stake, until nothing is left (at most the stake).
/// @param proposalReward What the proposer of an accepted proposal earns.
/// @param voteReward What a round's voters share equally who voted with its outcome.
struct Terms {
    IERC20 token;
    uint128 stake;
    uint128 penalty;
    uint128 proposalReward;
    uint128 voteReward;
}

/// @notice What an experiment's terms stand at.
/// @param terms Zero until they open.
/// @param sponsor The coordinator, which opened the terms and paid the budget. Zero until then.
/// @param rounds How many rounds the budget is for.
/// @param refundedThrough The last round whose unearned rewards the sponsor has back.
/// @param forfeited Penalties that the sponsor has not taken yet.
struct Fund {
    Terms terms;
    address sponsor;
    uint32 rounds;
    uint32 refundedThrough;
    uint256 forfeited;
}

/// @notice What is kept for a learner in one experiment.
/// @param stake What is left of what it staked.
/// @param penalised Whether its suspensions were reckoned.
/// @param claimedThrough The last round whose rewards it was paid.
struct Account {
    uint128 stake;
    bool penalised;
    uint32 claimedThrough;
}

/// @title Stakes and rewards of experiments
/// @notice An experiment may name a contract that holds its learners' stakes (`Config.stakes`). The ledger asks it once, when
/// a learner joins; `isStaked` is all that it needs.
/// The rest is what this project's own such contract does. An experiment's coordinator opens its terms and pays all
/// rewards in advance, as its sponsor; learners stake, join, and earn by the ledger's own record of the rounds.
/// @dev Every payment is pulled, and goes to whom it belongs, whoever calls: so a learner needs no gas, and whoever cannot be
/// paid stops nobody else. Rewards are for agreeing with the majority, which is not the same as being right.
interface IStakes {
    /// @notice Terms opened, and the sponsor paid the budget: the rewards of all rounds.
    event TermsOpened(ExperimentId indexed experiment, address indexed sponsor, Terms terms, uint256 budget);
    /// @notice A learner's stake was paid, by itself or by another.
    event Staked(ExperimentId indexed experiment, address indexed learner, address payer, uint256 amount);
    /// @notice A learner that had not joined took its stake back.
    event Unstaked(ExperimentId indexed experiment, address indexed learner, uint256 amount);
    /// @notice A learner's stake lost the penalties for its suspensions.
    event Penalised(ExperimentId indexed experiment, address indexed learner, uint32 suspensions, uint256 penalty);
    /// @notice What was left of a stake was paid back after the end.
    event Withdrawn(ExperimentId indexed experiment, address indexed learner, uint256 amount);
    /// @notice A learner was paid its rewards of the rounds up to this one.
    event Rewarded(ExperimentId indexed experiment, address indexed learner, uint32 throughRound, uint256 amount);
    /// @notice The sponsor has back what nobody earned in the rounds up to this one, and the penalties so far.
    event Refunded(ExperimentId indexed experiment, address indexed sponsor, uint32 throughRound, uint256 amount);

    /// @notice The experiment names another contract for its stakes, or none.
    error WrongStakes(ExperimentId experiment, address stakes);
    /// @notice The call is for another status of the experiment.
    error WrongStatus(ExperimentId experiment, Status status);
    /// @notice Only the experiment's coordinator may open its terms.
    error NotCoordinator(address caller, address coordinator);
    /// @notice A suspension cannot take more than there is.
    error PenaltyAboveStake(uint256 penalty, uint256 stake);
    /// @notice The terms are open, and final.
    error TermsAlreadyOpen(ExperimentId experiment);
    /// @notice The experiment's coordinator has not opened its terms.
    error TermsNotOpen(ExperimentId experiment);
    /// @notice The token moved another amount than it was asked to: it takes a fee.
    error WrongAmount(IERC20 token, uint256 asked, uint256 received);
    /// @notice The learner has staked, or needs no stake.
    error AlreadyStaked(address learner);
    /// @notice There is no stake of this learner.
    error NoStake(address learner);
    /// @notice The learner joined: its stake stays until the experiment's end.
    error StakeLocked(address learner);
    /// @notice The address never joined this experiment.
    error NotLearner(address learner);
    /// @notice A learner's suspensions were reckoned before.
    error AlreadyPenalised(address learner);
    /// @notice The round's outcome is not known yet.
    error RoundOpen(ExperimentId experiment, uint32 round);
    /// @notice All up to this round was paid before.
    error NothingDue(uint32 throughRound, uint32 paidThrough);

    /// @notice The ledger whose experiments these are.
    function ledger() external view returns (ICollectiveLearning);

    /// @notice Whether a learner staked what the experiment asks for. False while its terms are not open: nobody joins before.
    function isStaked(ExperimentId experiment, address learner) external view returns (bool);

    /// @notice An experiment's terms and how far they are paid.
    function getFund(ExperimentId experiment) external view returns (Fund memory);

    /// @notice What is kept for a learner.
    function getAccount(ExperimentId experiment, address learner) external view returns (Account memory);

    /// @notice Fixes an experiment's terms and takes the whole budget, rounds * (proposalReward + voteReward), from the
    /// caller. Its coordinator only, once, while it enrols: and so before anybody joined.
    function openTerms(ExperimentId experiment, Terms calldata terms) external;

    /// @notice Pays a learner's stake from the caller's tokens, before the learner joins. The stake belongs to the learner
    /// from then on, whoever paid it.
    function stake(ExperimentId experiment, address learner) external;

    /// @notice Gives the caller its stake back, as long as it has not joined.
    function unstake(ExperimentId experiment) external;

    /// @notice After the experiment's end, takes the penalties for a learner's suspensions from its stake. By anyone, once.
    /// `withdraw` does it too: this one is for a sponsor whose learner cannot, or will not, be paid.
    function penalise(ExperimentId experiment, address learner) external;

    /// @notice After the experiment's end, pays a learner what is left of its stake. By anyone.
    /// @return amount What was paid.
    function withdraw(ExperimentId experiment, address learner) external returns (uint256 amount);

    /// @notice Pays a learner its rewards from the first round not paid yet up to this one. By anyone, as soon as the round
    /// is settled. The work grows with the rounds between: about 12 000 gas each.
    /// @return amount What was paid.
    function claim(ExperimentId experiment, address learner, uint32 throughRound) external returns (uint256 amount);

    /// @notice After the experiment's end, pays the sponsor what nobody earned in the rounds from the first one not paid
    /// back yet up to this one, and the penalties so far. By anyone. Rounds that were never played cost no work. Once all
    /// rounds are paid back, it pays penalties alone.
    /// @return amount What was paid.
    function refund(ExperimentId experiment, uint32 throughRound) external returns (uint256 amount);
}
