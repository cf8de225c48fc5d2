// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Outcome} from "../../contracts/ICollectiveLearning.sol";
import {Approval} from "../../contracts/libraries/Approval.sol";
import {BallotBox, Lane, Lanes, Stage, Votes} from "../../contracts/libraries/Ballots.sol";
import {Bitmap} from "../../contracts/libraries/Bitmap.sol";
import {Lots} from "../../contracts/libraries/Lots.sol";
import {VM} from "./Vm.sol";

/// @dev Each is compared with the slowest way of saying the same.
contract BitmapTest {
    using Bitmap for uint256;

    function testFuzz_countIsTheNumberOfBits(uint256 set) public pure {
        uint256 bits = 0;
        for (uint256 i = 0; i < 256; ++i) if (set.has(i)) ++bits;
        assert(set.count() == bits);
    }

    function test_countOfTheFullAndTheEmptySet() public pure {
        assert(type(uint256).max.count() == 256);
        assert(uint256(0).count() == 0);
    }

    function testFuzz_nextAfterIsTheNextInACircle(uint256 set, uint8 start) public pure {
        VM.assume(set != 0);
        uint256 next = set.nextAfter(start);
        uint256 index = start;
        do {
            index = (index + 1) % 256;
        } while (!set.has(index));
        assert(next == index);
    }

    function testFuzz_nextAfterOfOneLearnerIsItself(uint8 index, uint8 start) public pure {
        assert(Bitmap.only(index).nextAfter(start) == index);
    }

    function testFuzz_hasTwoFromTwoOn(uint256 set) public pure {
        assert(set.hasTwo() == (set.count() >= 2));
    }

    function testFuzz_withAndWithoutUndoEachOther(uint256 set, uint8 index) public pure {
        VM.assume(!set.has(index));
        assert(set.with(index).has(index));
        assert(set.with(index).without(Bitmap.only(index)) == set);
    }
}

contract ApprovalTest {
    function testFuzz_onceAcceptedMoreApprovalsDoNotHurt(uint8 approvals, uint8 voters, uint16 bps) public pure {
        VM.assume(approvals < voters && bps < Approval.WHOLE);
        if (!Approval.isAccepted(approvals, voters, bps)) return;
        assert(Approval.isAccepted(uint256(approvals) + 1, voters, bps));
    }

    function testFuzz_allApprovalsAreAlwaysEnoughAndNoneNever(uint8 voters, uint16 bps) public pure {
        VM.assume(voters > 0 && bps < Approval.WHOLE);
        assert(Approval.isAccepted(voters, voters, bps));
        assert(!Approval.isAccepted(0, voters, bps));
    }

    /// @dev Decided means: whatever the remaining voters do, the result is the same.
    function testFuzz_decidedIffAllContinuationsAgree(
        uint8 approvals,
        uint8 rejections,
        uint8 remaining,
        uint16 bps
    ) public pure {
        VM.assume(uint256(approvals) + rejections + remaining > 0 && bps < Approval.WHOLE);
        uint256 voters = uint256(approvals) + rejections + remaining;
        bool first = Approval.isAccepted(approvals, voters, bps);
        bool agree = true;
        for (uint256 more = 1; more <= remaining; ++more) {
            if (Approval.isAccepted(approvals + more, voters, bps) != first) agree = false;
        }
        assert(Approval.isDecided(approvals, rejections, voters, bps) == agree);
    }
}

contract BallotsTest {
    BallotBox private _box;

    function testFuzz_aLaneKeepsItsTerms(
        uint64 voters,
        uint40 deadline,
        uint8 proposer,
        uint8 codec,
        bool early,
        uint8 last
    ) public pure {
        last %= 4;
        Lane lane = Lanes.terms(deadline, proposer, codec, Stage.Vote, early, Outcome.Open).create(voters, last);
        assert(lane.voters() == voters);
        assert(lane.approvals() == 0 && lane.rejections() == 0);
        assert(lane.deadline() == deadline);
        assert(lane.proposer() == proposer);
        assert(lane.codec() == codec);
        assert(lane.decidesEarly() == early);
        assert(lane.lastLane() == last);
        assert(!lane.isClosed());
        assert(lane.close(Outcome.Skipped).outcome() == Outcome.Skipped);
    }

    function testFuzz_aVoteChangesOneBit(uint64 voters, uint8 index, bool approve) public pure {
        Lane empty = Lanes.terms(type(uint40).max, 255, 255, Stage.Vote, true, Outcome.Open).create(voters, 3);
        Lane lane = empty.cast(index, approve);
        uint256 bit = 1 << (index % 64);
        assert(lane.approvals() == (approve ? bit : 0));
        assert(lane.rejections() == (approve ? 0 : bit));
        assert(lane.hasVoted(index) && !empty.hasVoted(index));
        assert(lane.isVoter(index) == ((voters & bit) != 0));
        assert(Lane.unwrap(lane) ^ Lane.unwrap(empty) == bit << (approve ? 64 : 128));
    }

    function testFuzz_aBoxReadsBackWhatItWasOpenedWith(uint256 voters, uint256 approvals, uint256 cast) public {
        VM.assume(voters != 0);
        cast &= voters;
        approvals &= cast;
        _box.open(voters, Lanes.terms(1, 2, 0x55, Stage.Vote, false, Outcome.Open));
        for (uint256 i = 0; i < 256; ++i) {
            if (!Bitmap.has(cast, i)) continue;
            Lane lane = _box.lanes[i / 64].lane;
            _box.lanes[i / 64].lane = lane.cast(i, Bitmap.has(approvals, i));
        }
        _box.close(Outcome.Rejected);
        Votes memory votes = _box.read();
        assert(votes.voters == voters);
        assert(votes.approvals == approvals);
        assert(votes.rejections == cast & ~approvals);
        assert(votes.missing() == voters & ~cast);
        assert(_box.lanes[0].lane.outcome() == Outcome.Rejected);
    }
}

contract LotsTest {
    using Bitmap for uint256;

    function testFuzz_theDrawnIsOneOfTheSet(bytes32 seed, uint256 set) public pure {
        VM.assume(set != 0);
        assert(set.has(Lots.draw(seed, set)));
    }

    /// @dev So that nobody gains by having others leave, nor by when it joins or resumes itself.
    function testFuzz_oneMoreIsDrawnOrChangesNothing(bytes32 seed, uint256 set, uint8 more) public pure {
        VM.assume(set != 0);
        uint256 drawn = Lots.draw(seed, set);
        uint256 next = Lots.draw(seed, set.with(more));
        assert(next == drawn || next == more);
    }

    /// @dev Chi-square with seven degrees of freedom, seeds as proposals mix them: of fair draws one in a thousand is
    /// above 24.3. The seeds are fixed, so the result is.
    function test_eachOfTheSetHasTheSameChance() public pure {
        uint8[8] memory members = [0, 3, 4, 9, 63, 64, 130, 255];
        uint256 set = 0;
        for (uint256 i = 0; i < 8; ++i) set = set.with(members[i]);
        uint256[256] memory drawn;
        bytes32 seed = 0;
        for (uint256 i = 0; i < 4000; ++i) {
            seed = Lots.mix(seed, bytes32(i));
            ++drawn[Lots.draw(seed, set)];
        }
        uint256 squares = 0;
        for (uint256 i = 0; i < 8; ++i) {
            uint256 count = drawn[members[i]];
            squares += count > 500 ? (count - 500) ** 2 : (500 - count) ** 2;
        }
        assert(squares * 10 < 243 * 500);
    }
}
