// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CollectiveLearning} from "../../contracts/CollectiveLearning.sol";
import {ContentId, ExperimentId, Snapshot} from "../../contracts/ICollectiveLearning.sol";
import {Terms} from "../../contracts/IStakes.sol";
import {Bitmap} from "../../contracts/libraries/Bitmap.sol";
import {Stakes} from "../../contracts/Stakes.sol";
import {stakedConfig} from "./Configs.sol";
import {PlainToken} from "./tokens/PlainToken.sol";
import {VM} from "./Vm.sol";

/// @dev Six learners on terms of any size.
contract StakesTest {
    using Bitmap for uint256;

    ExperimentId private constant ID = ExperimentId.wrap(1);
    uint256 private constant LEARNERS = 6;
    uint32 private constant ROUNDS = 3;
    /// @dev Who votes at all: everybody but the proposer.
    uint256 private constant ALL = 63;

    CollectiveLearning private _ledger;
    Stakes private _stakes;
    PlainToken private _token;

    function setUp() external {
        _ledger = new CollectiveLearning();
        _stakes = new Stakes(_ledger);
        _token = new PlainToken();
    }

    /// @dev By any votes, on any rewards: what is not paid to learners is paid to the sponsor, and no more.
    function testFuzz_aBudgetIsPaidOutWhole(
        uint128 proposalReward,
        uint128 voteReward,
        uint256 voters,
        uint256 approvals
    ) external {
        uint256 budget = ROUNDS * (uint256(proposalReward) + voteReward);
        _start(Terms(_token, 0, 0, proposalReward, voteReward));
        _play(voters, approvals);
        uint256 paid = 0;
        for (uint256 i = 0; i < LEARNERS; ++i) {
            uint256 amount = _stakes.claim(ID, _learner(i), ROUNDS);
            assert(_token.balanceOf(_learner(i)) == amount);
            paid += amount;
        }
        uint256 unearned = _stakes.refund(ID, ROUNDS);
        assert(paid + unearned == budget);
        assert(_token.balanceOf(address(this)) == unearned);
        assert(_token.balanceOf(address(_stakes)) == 0);
    }

    /// @dev Whether it claims round by round or all at once, and whether the sponsor takes the rest before or after.
    function testFuzz_partsAddUpToTheWhole(
        uint128 voteReward,
        uint256 voters,
        uint256 approvals,
        bool before
    ) external {
        _start(Terms(_token, 0, 0, 1, voteReward));
        _play(voters, approvals);
        if (before) _stakes.refund(ID, ROUNDS);
        for (uint256 i = 0; i < LEARNERS; ++i) {
            for (uint32 round = 1; i % 2 == 0 && round < ROUNDS; ++round) _stakes.claim(ID, _learner(i), round);
            _stakes.claim(ID, _learner(i), ROUNDS);
        }
        if (!before) {
            for (uint32 round = 1; round <= ROUNDS; ++round) _stakes.refund(ID, round);
        }
        assert(_token.balanceOf(address(_stakes)) == 0);
    }

    /// @dev Nobody does anything: the first two proposers miss one duty, and those suspended lose at most their stakes.
    function testFuzz_noMoreThanTheStakeIsLost(uint128 stake, uint128 penalty) external {
        VM.assume(penalty <= stake);
        _start(Terms(_token, stake, penalty, 0, 0));
        _play(0, 0);
        uint256 lost = 0;
        for (uint256 i = 0; i < LEARNERS; ++i) {
            if (stake != 0) lost += stake - _stakes.withdraw(ID, _learner(i));
            uint256 due = uint256(_ledger.getLearner(ID, _learner(i)).suspensions) * penalty;
            assert(_token.balanceOf(_learner(i)) == stake - (due < stake ? due : stake));
        }
        if (lost != 0) assert(_stakes.refund(ID, 0) == lost);
        assert(_token.balanceOf(address(_stakes)) == 0);
    }

    function _learner(uint256 index) private pure returns (address) {
        return address(uint160(0x1000 + index));
    }

    function _start(Terms memory terms) private {
        _ledger.createExperiment(stakedConfig(ROUNDS, address(_stakes), false));
        _token.mint(address(this), ROUNDS * (uint256(terms.proposalReward) + terms.voteReward));
        _token.approve(address(_stakes), type(uint256).max);
        _stakes.openTerms(ID, terms);
        for (uint256 i = 0; i < LEARNERS; ++i) {
            _token.mint(address(this), terms.stake);
            if (terms.stake != 0) _stakes.stake(ID, _learner(i));
            VM.prank(_learner(i));
            _ledger.join(ID, "contact", 0, "");
        }
        _ledger.startExperiment(ID);
    }

    /// @dev Plays all rounds, each by other six bits of the two words.
    function _play(uint256 voters, uint256 approvals) private {
        for (uint32 round = 1; round <= ROUNDS; ++round) {
            Snapshot memory seen = _ledger.snapshot(ID, address(0));
            bytes32 proposal = keccak256(abi.encode(round));
            VM.prank(seen.proposer);
            _ledger.propose(ID, round, ContentId(proposal, 0x55), 0);
            for (uint256 i = 0; i < LEARNERS; ++i) {
                if (!(voters & ALL).has(i)) continue;
                VM.prank(_learner(i));
                try _ledger.vote(ID, round, proposal, approvals.has(i), 0) {} catch {}
            }
            (voters, approvals) = (voters >> LEARNERS, approvals >> LEARNERS);
            seen = _ledger.snapshot(ID, address(0));
            if (seen.round != round || seen.deadline == 0) continue;
            VM.warp(uint256(seen.deadline) + 1);
            _ledger.advance(ID);
        }
    }
}
