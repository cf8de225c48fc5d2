// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CollectiveLearning} from "../../contracts/CollectiveLearning.sol";
import {ContentId, ExperimentId, Outcome, Round, Snapshot, Status, Vote} from "../../contracts/ICollectiveLearning.sol";
import {Account, Fund, Terms} from "../../contracts/IStakes.sol";
import {Bitmap} from "../../contracts/libraries/Bitmap.sol";
import {Stakes} from "../../contracts/Stakes.sol";
import {stakedConfig} from "./Configs.sol";
import {PlainToken} from "./tokens/PlainToken.sol";
import {VM} from "./Vm.sol";

/// @notice Five people in three experiments whose stakes and rewards are of one token, held by one contract. They do
/// anything in any order. Three of them staked, joined and started each experiment but the last, which still enrols.
contract StakesPeople {
    uint256 public constant PEOPLE = 5;
    uint256 public constant EXPERIMENTS = 3;
    uint256 public constant PURSE = 1_000_000;
    uint32 public constant ROUNDS = 3;
    uint256 private constant FOUNDERS = 3;

    CollectiveLearning public immutable LEDGER;
    Stakes public immutable STAKES;
    PlainToken public immutable TOKEN;

    /// @notice What was sent to the stakes contract without any reason.
    uint256 public donated;

    /// @notice What a person was given, less what it gave: a stake that another pays belongs to the learner.
    mapping(address person => int256) public gifts;

    uint256 private _proposals;

    constructor() {
        LEDGER = new CollectiveLearning();
        STAKES = new Stakes(LEDGER);
        TOKEN = new PlainToken();
        TOKEN.mint(address(this), PURSE);
        TOKEN.approve(address(STAKES), PURSE);
        for (uint256 i = 0; i < PEOPLE; ++i) {
            TOKEN.mint(person(i), PURSE);
            VM.prank(person(i));
            TOKEN.approve(address(STAKES), PURSE);
        }
        _create(1, Terms({token: TOKEN, stake: 100, penalty: 40, proposalReward: 10, voteReward: 7}));
        _create(2, Terms({token: TOKEN, stake: 50, penalty: 50, proposalReward: 0, voteReward: 11}));
        _create(3, Terms({token: TOKEN, stake: 0, penalty: 0, proposalReward: 13, voteReward: 5}));
        for (uint256 i = 0; i < FOUNDERS; ++i) {
            for (uint256 e = 0; e < EXPERIMENTS; ++e) {
                stake(e, i, i);
                join(e, i);
            }
        }
        LEDGER.startExperiment(experiment(0));
        LEDGER.startExperiment(experiment(1));
    }

    function _create(uint256 number, Terms memory terms) private {
        LEDGER.createExperiment(stakedConfig(ROUNDS, address(STAKES), number == 2));
        STAKES.openTerms(ExperimentId.wrap(number), terms);
    }

    function experiment(uint256 seed) public pure returns (ExperimentId) {
        return ExperimentId.wrap((seed % EXPERIMENTS) + 1);
    }

    function person(uint256 seed) public pure returns (address) {
        return address(uint160(0x1000 + (seed % PEOPLE)));
    }

    function stake(uint256 e, uint256 payer, uint256 who) public {
        VM.prank(person(payer));
        try STAKES.stake(experiment(e), person(who)) {
            int256 amount = int256(uint256(STAKES.getFund(experiment(e)).terms.stake));
            gifts[person(payer)] -= amount;
            gifts[person(who)] += amount;
        } catch {}
    }

    function unstake(uint256 e, uint256 who) external {
        VM.prank(person(who));
        try STAKES.unstake(experiment(e)) {} catch {}
    }

    function join(uint256 e, uint256 who) public {
        VM.prank(person(who));
        try LEDGER.join(experiment(e), "contact", 0, "") {} catch {}
    }

    function leaveExperiment(uint256 e, uint256 who) external {
        VM.prank(person(who));
        try LEDGER.leaveExperiment(experiment(e)) {} catch {}
    }

    function resume(uint256 e, uint256 who) external {
        VM.prank(person(who));
        try LEDGER.resume(experiment(e)) {} catch {}
    }

    /// @dev Cancels seldom, or the last experiment would hardly ever start.
    function endEnrolment(uint256 e, uint256 chance) external {
        if (chance % 4 != 0) try LEDGER.startExperiment(experiment(e)) {} catch {}
        else try LEDGER.cancelExperiment(experiment(e)) {} catch {}
    }

    /// @dev A proposal and the votes of some: who is neither in `voters` nor the proposer may still vote, or is absent.
    function play(uint256 e, uint256 voters, uint256 approvals, bool late) external {
        ExperimentId id = experiment(e);
        Snapshot memory seen = LEDGER.snapshot(id, address(0));
        bytes32 proposal = keccak256(abi.encode(++_proposals));
        VM.prank(seen.proposer);
        try LEDGER.propose(id, seen.round, ContentId(proposal, 0x55), 0) {} catch {}
        for (uint256 i = 0; i < PEOPLE; ++i) {
            if (Bitmap.has(voters, i)) _vote(id, seen.round, proposal, i, Bitmap.has(approvals, i));
        }
        if (late && LEDGER.snapshot(id, address(0)).round == seen.round) advance(e);
    }

    function _vote(ExperimentId id, uint32 round, bytes32 proposal, uint256 who, bool approve) private {
        VM.prank(person(who));
        try LEDGER.vote(id, round, proposal, approve, 0) {} catch {}
    }

    function advance(uint256 e) public {
        uint256 deadline = LEDGER.snapshot(experiment(e), address(0)).deadline;
        if (block.timestamp <= deadline) VM.warp(deadline + 1);
        try LEDGER.advance(experiment(e)) {} catch {}
    }

    function claim(uint256 e, uint256 who, uint32 throughRound) external {
        uint32 last = LEDGER.snapshot(experiment(e), address(0)).round;
        try STAKES.claim(experiment(e), person(who), throughRound % (last + 2)) {} catch {}
    }

    function withdraw(uint256 e, uint256 who) external {
        try STAKES.withdraw(experiment(e), person(who)) {} catch {}
    }

    function penalise(uint256 e, uint256 who) external {
        try STAKES.penalise(experiment(e), person(who)) {} catch {}
    }

    function refund(uint256 e, uint32 throughRound) external {
        try STAKES.refund(experiment(e), throughRound % (ROUNDS + 2)) {} catch {}
    }

    function donate(uint256 who, uint8 amount) external {
        VM.prank(person(who));
        TOKEN.transfer(address(STAKES), amount);
        TOKEN.mint(person(who), amount);
        donated += amount;
    }
}

/// @dev What is owed is worked out here learner by learner and vote by vote, by other means than the contract's.
contract StakesInvariantsTest {
    StakesPeople private _people;
    CollectiveLearning private _ledger;
    Stakes private _stakes;

    function setUp() external {
        _people = new StakesPeople();
        _ledger = _people.LEDGER();
        _stakes = _people.STAKES();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_people);
    }

    /// hardhat-config: default.invariant.runs = 8
    /// hardhat-config: default.invariant.depth = 100
    function invariant_theTokensHeldAreExactlyThoseOwed() external view {
        uint256 owed = _people.donated();
        for (uint256 e = 0; e < _people.EXPERIMENTS(); ++e) owed += _owed(_people.experiment(e));
        assert(_people.TOKEN().balanceOf(address(_stakes)) == owed);
    }

    /// @dev Tried on the state at hand: all experiments are led to their ends, and everybody is paid.
    /// hardhat-config: default.invariant.runs = 8
    /// hardhat-config: default.invariant.depth = 100
    function invariant_everybodyCanBePaidInFullAndNothingIsLeft() external {
        for (uint256 e = 0; e < _people.EXPERIMENTS(); ++e) _finish(_people.experiment(e));
        assert(_people.TOKEN().balanceOf(address(_stakes)) == _people.donated());
        for (uint256 i = 0; i < _people.PEOPLE(); ++i) _checkPaid(_people.person(i));
    }

    /// @dev All as a stranger: whom a payment belongs to need not send for it.
    function _finish(ExperimentId id) private {
        while (true) {
            Snapshot memory seen = _ledger.snapshot(id, address(0));
            if (seen.status == Status.Completed || seen.status == Status.Cancelled) break;
            if (block.timestamp <= seen.deadline) VM.warp(uint256(seen.deadline) + 1);
            if (seen.status != Status.Enrolling) _ledger.advance(id);
            else if (Bitmap.hasTwo(seen.active)) _ledger.startExperiment(id);
            else _ledger.cancelExperiment(id);
        }
        uint32 last = _ledger.snapshot(id, address(0)).round;
        for (uint256 i = 0; i < _people.PEOPLE(); ++i) _payAll(id, _people.person(i), last);
        try _stakes.refund(id, _people.ROUNDS()) {} catch {}
    }

    function _payAll(ExperimentId id, address who, uint32 last) private {
        Account memory account = _stakes.getAccount(id, who);
        if (!account.penalised && uint160(who) % 2 == 0) _stakes.penalise(id, who);
        if (_stakes.getAccount(id, who).stake != 0) _stakes.withdraw(id, who);
        if (_ledger.getLearner(id, who).member && account.claimedThrough < last) _stakes.claim(id, who, last);
    }

    /// @dev Nobody loses but its penalties, nor gains but its rewards. Whoever paid another's stake lost that, too.
    function _checkPaid(address who) private view {
        uint256 expected = _people.PURSE();
        for (uint256 e = 0; e < _people.EXPERIMENTS(); ++e) {
            ExperimentId id = _people.experiment(e);
            for (uint32 round = 1; round <= _people.ROUNDS(); ++round) expected += _reward(id, round, who);
            expected -= _penalty(id, who);
        }
        int256 gifts = _people.gifts(who);
        assert(int256(_people.TOKEN().balanceOf(who)) == int256(expected) + gifts);
    }

    function _penalty(ExperimentId id, address who) private view returns (uint256) {
        Fund memory fund = _stakes.getFund(id);
        uint256 penalty = uint256(_ledger.getLearner(id, who).suspensions) * fund.terms.penalty;
        return penalty < fund.terms.stake ? penalty : fund.terms.stake;
    }

    function _owed(ExperimentId id) private view returns (uint256 owed) {
        Fund memory fund = _stakes.getFund(id);
        owed = fund.forfeited;
        for (uint32 round = 1; round <= _people.ROUNDS(); ++round) {
            uint256 unearned = uint256(fund.terms.proposalReward) + fund.terms.voteReward;
            for (uint256 i = 0; i < _people.PEOPLE(); ++i) {
                uint256 reward = _reward(id, round, _people.person(i));
                unearned -= reward;
                if (round > _stakes.getAccount(id, _people.person(i)).claimedThrough) owed += reward;
            }
            if (round > fund.refundedThrough) owed += unearned;
        }
        for (uint256 i = 0; i < _people.PEOPLE(); ++i) {
            owed += _stakes.getAccount(id, _people.person(i)).stake;
        }
    }

    /// @dev What a learner earned in a round, as the interface says it. Nothing in one that is not settled.
    function _reward(ExperimentId id, uint32 round, address who) private view returns (uint256 reward) {
        if (!_ledger.getLearner(id, who).member || round > _ledger.snapshot(id, who).round) return 0;
        Round memory seen = _ledger.getRound(id, round);
        if (seen.outcome == Outcome.Open) return 0;
        Fund memory fund = _stakes.getFund(id);
        if (seen.outcome == Outcome.Accepted && seen.proposer == who) reward = fund.terms.proposalReward;
        if (_agreed(id, round, who, seen.outcome)) {
            uint256 count = 0;
            for (uint256 i = 0; i < _people.PEOPLE(); ++i) {
                if (_agreed(id, round, _people.person(i), seen.outcome)) ++count;
            }
            reward += fund.terms.voteReward / count;
        }
    }

    function _agreed(ExperimentId id, uint32 round, address who, Outcome outcome) private view returns (bool) {
        if (!_ledger.getLearner(id, who).member) return false;
        Vote memory vote = _ledger.getVote(id, round, who);
        return vote.cast && vote.approve == (outcome == Outcome.Accepted);
    }
}
