// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

import {
    Config,
    ExperimentId,
    ICollectiveLearning,
    Learner,
    Outcome,
    Round,
    Snapshot,
    Status
} from "./ICollectiveLearning.sol";
import {Account, Fund, IStakes, Terms} from "./IStakes.sol";
import {Bitmap} from "./libraries/Bitmap.sol";

/// @title Stakes and rewards of experiments
/// @notice See the interface for what each call does. There is no owner and no upgrade.
/// @dev Why it can always pay: a stake is paid in before it is owed; the rewards of all rounds are paid in before there is a
/// learner; and a round's budget is split, once it is settled and by `_split` alone, into what its learners earned and what
/// nobody did. Learners take the former, the sponsor the latter, each round once, by a cursor each; neither waits for the
/// other. So the balance of a token is at least the sum, over its experiments, of the stakes left, the penalties not taken,
/// and the shares not paid.
/// Warning: a token that breaks its promises (one whose balances shrink, or that lies) hurts all experiments that chose it,
/// and no others.
contract Stakes is IStakes, ReentrancyGuard {
    using Bitmap for uint256;
    using SafeERC20 for IERC20;

    ICollectiveLearning private immutable LEDGER;

    mapping(ExperimentId id => Fund) private _funds;
    mapping(ExperimentId id => mapping(address learner => Account)) private _accounts;

    /// @notice What became of a round's budget.
    /// @param proposalReward What the proposer earned.
    /// @param winners The voters who voted with the outcome.
    /// @param share What each of them earned.
    /// @param unearned The rest.
    struct Split {
        uint256 proposalReward;
        uint256 winners;
        uint256 share;
        uint256 unearned;
    }

    constructor(ICollectiveLearning ledger_) {
        LEDGER = ledger_;
    }

    // Open

    /// @inheritdoc IStakes
    /// @dev Nobody can have joined: the ledger would have asked `isStaked`, which is false without terms.
    function openTerms(ExperimentId id, Terms calldata terms) external nonReentrant {
        (address coordinator, , Config memory config) = LEDGER.getExperiment(id);
        if (config.stakes != address(this)) revert WrongStakes(id, config.stakes);
        if (msg.sender != coordinator) revert NotCoordinator(msg.sender, coordinator);
        if (terms.penalty > terms.stake) revert PenaltyAboveStake(terms.penalty, terms.stake);
        Fund storage fund = _funds[id];
        if (fund.sponsor != address(0)) revert TermsAlreadyOpen(id);
        Status status = _snapshot(id).status;
        if (status != Status.Enrolling) revert WrongStatus(id, status);

        fund.terms = terms;
        fund.sponsor = coordinator;
        fund.rounds = config.rounds;
        uint256 budget = config.rounds * _perRound(terms);
        emit TermsOpened(id, coordinator, terms, budget);
        _receive(terms.token, budget);
    }

    // Stake

    /// @inheritdoc IStakes
    function isStaked(ExperimentId id, address learner) public view returns (bool) {
        Fund storage fund = _funds[id];
        if (fund.sponsor == address(0)) return false;
        return fund.terms.stake == 0 || _accounts[id][learner].stake != 0;
    }

    /// @inheritdoc IStakes
    function stake(ExperimentId id, address learner) external nonReentrant {
        Fund storage fund = _open(id);
        if (isStaked(id, learner)) revert AlreadyStaked(learner);
        if (_isMember(id, learner)) revert StakeLocked(learner);
        uint128 amount = fund.terms.stake;
        _accounts[id][learner].stake = amount;
        emit Staked(id, learner, msg.sender, amount);
        _receive(fund.terms.token, amount);
    }

    /// @inheritdoc IStakes
    function unstake(ExperimentId id) external nonReentrant {
        if (_isMember(id, msg.sender)) revert StakeLocked(msg.sender);
        uint256 amount = _takeStake(_staked(id, msg.sender));
        emit Unstaked(id, msg.sender, amount);
        _pay(_funds[id].terms.token, msg.sender, amount);
    }

    /// @inheritdoc IStakes
    function penalise(ExperimentId id, address learner) external nonReentrant {
        _requireFinal(id);
        if (_accounts[id][learner].penalised) revert AlreadyPenalised(learner);
        _penalise(id, learner);
    }

    /// @inheritdoc IStakes
    function withdraw(ExperimentId id, address learner) external nonReentrant returns (uint256 amount) {
        _requireFinal(id);
        Account storage account = _staked(id, learner);
        _penalise(id, learner);
        amount = _takeStake(account);
        emit Withdrawn(id, learner, amount);
        _pay(_funds[id].terms.token, learner, amount);
    }

    /// @dev After the end, suspensions grow no more.
    function _penalise(ExperimentId id, address learner) private {
        Account storage account = _accounts[id][learner];
        if (account.penalised) return;
        account.penalised = true;
        uint32 suspensions = LEDGER.getLearner(id, learner).suspensions;
        Fund storage fund = _funds[id];
        uint256 penalty = uint256(fund.terms.penalty) * suspensions;
        penalty = Math.min(penalty, account.stake);
        if (penalty == 0) return;
        account.stake -= uint128(penalty);
        fund.forfeited += penalty;
        emit Penalised(id, learner, suspensions, penalty);
    }

    function _takeStake(Account storage account) private returns (uint256 amount) {
        amount = account.stake;
        account.stake = 0;
    }

    // Claim and refund

    /// @inheritdoc IStakes
    /// @dev The ledger itself refuses a round that has not opened.
    function claim(
        ExperimentId id,
        address learner,
        uint32 throughRound
    ) external nonReentrant returns (uint256 amount) {
        Terms memory terms = _open(id).terms;
        Learner memory known = LEDGER.getLearner(id, learner);
        if (!known.member) revert NotLearner(learner);
        Account storage account = _accounts[id][learner];
        uint32 paid = account.claimedThrough;
        if (throughRound <= paid) revert NothingDue(throughRound, paid);

        for (uint32 round = paid + 1; round <= throughRound; ++round) {
            Round memory seen = LEDGER.getRound(id, round);
            if (seen.outcome == Outcome.Open) revert RoundOpen(id, round);
            Split memory split = _split(terms, seen);
            if (seen.proposer == learner) amount += split.proposalReward;
            if (split.winners.has(known.index)) amount += split.share;
        }
        account.claimedThrough = throughRound;
        emit Rewarded(id, learner, throughRound, amount);
        _pay(terms.token, learner, amount);
    }

    /// @inheritdoc IStakes
    function refund(ExperimentId id, uint32 throughRound) external nonReentrant returns (uint256 amount) {
        Fund storage fund = _open(id);
        uint32 played = _requireFinal(id);
        Terms memory terms = fund.terms;
        uint32 paid = fund.refundedThrough;
        uint32 through = uint32(Math.min(throughRound, fund.rounds));
        amount = fund.forfeited;
        if (through <= paid && amount == 0) revert NothingDue(throughRound, paid);

        for (; paid < through && paid < played; ++paid) {
            amount += _split(terms, LEDGER.getRound(id, paid + 1)).unearned;
        }
        if (paid < through) {
            amount += (through - paid) * _perRound(terms);
            paid = through;
        }
        fund.refundedThrough = paid;
        fund.forfeited = 0;
        emit Refunded(id, fund.sponsor, paid, amount);
        _pay(terms.token, fund.sponsor, amount);
    }

    /// @dev The whole of a round's budget, whatever became of it: learners and sponsor are paid by this alone. The round must
    /// be settled.
    function _split(Terms memory terms, Round memory seen) private pure returns (Split memory split) {
        split.unearned = _perRound(terms);
        if (seen.outcome == Outcome.Accepted) {
            split.proposalReward = terms.proposalReward;
            split.winners = seen.approvals;
        } else {
            split.winners = seen.rejections;
        }
        split.unearned -= split.proposalReward;
        uint256 count = split.winners.count();
        if (count == 0) return split;
        split.share = terms.voteReward / count;
        split.unearned -= split.share * count;
    }

    function _perRound(Terms memory terms) private pure returns (uint256) {
        return uint256(terms.proposalReward) + terms.voteReward;
    }

    // Move tokens: the last thing that a call does

    function _receive(IERC20 token, uint256 amount) private {
        if (amount == 0) return;
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert WrongAmount(token, amount, received);
    }

    function _pay(IERC20 token, address to, uint256 amount) private {
        if (amount != 0) token.safeTransfer(to, amount);
    }

    // Read

    /// @inheritdoc IStakes
    function ledger() external view returns (ICollectiveLearning) {
        return LEDGER;
    }

    /// @inheritdoc IStakes
    function getFund(ExperimentId id) external view returns (Fund memory) {
        return _funds[id];
    }

    /// @inheritdoc IStakes
    function getAccount(ExperimentId id, address learner) external view returns (Account memory) {
        return _accounts[id][learner];
    }

    function _open(ExperimentId id) private view returns (Fund storage fund) {
        fund = _funds[id];
        if (fund.sponsor == address(0)) revert TermsNotOpen(id);
    }

    function _staked(ExperimentId id, address learner) private view returns (Account storage account) {
        account = _accounts[id][learner];
        if (account.stake == 0) revert NoStake(learner);
    }

    /// @return played The last round. All rounds up to it are settled, none after it will be played.
    function _requireFinal(ExperimentId id) private view returns (uint32 played) {
        Snapshot memory seen = _snapshot(id);
        if (seen.status != Status.Completed && seen.status != Status.Cancelled) revert WrongStatus(id, seen.status);
        return seen.round;
    }

    function _snapshot(ExperimentId id) private view returns (Snapshot memory) {
        return LEDGER.snapshot(id, address(0));
    }

    function _isMember(ExperimentId id, address learner) private view returns (bool) {
        return LEDGER.getLearner(id, learner).member;
    }
}
