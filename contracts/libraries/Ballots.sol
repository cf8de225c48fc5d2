// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Outcome} from "../ICollectiveLearning.sol";
import {Bitmap} from "./Bitmap.sol";

/// @notice One storage slot of a ballot box, for 64 learners: lane n holds the votes of the learners 64n to 64n + 63.
/// A vote reads and writes its own lane and nothing else of the round, so what a vote needs to know is in each.
///
///     bits 0-63     voters      232-239  index of the proposer
///         64-127    approvals   240-247  codec of the proposal
///        128-191    rejections  248-249  outcome
///        192-231    deadline    250-251  number of the last lane
///                               252-253  stage
///                               254      early decision
///
/// A voter that both approved and rejected sealed its vote and has not revealed it.
type Lane is uint256;

/// @notice What a ballot takes: votes, sealed votes, or what reveals them.
enum Stage {
    Vote,
    Seal,
    Reveal
}

/// @dev A struct, because an array of bare words makes the compiler reckon with several to a slot.
struct LaneSlot {
    Lane lane;
}

/// @notice The votes on one proposal.
struct BallotBox {
    LaneSlot[4] lanes;
}

/// @notice The votes of all lanes, as sets of learners. Seals are votes not revealed.
struct Votes {
    uint256 voters;
    uint256 approvals;
    uint256 rejections;
    uint256 seals;
}

using Lanes for Lane global;
using BallotBoxes for BallotBox global;
using Tallies for Votes global;

/// @title The arithmetic of one lane
library Lanes {
    uint256 internal constant SIZE = 64;

    uint256 private constant VOTERS = type(uint64).max;
    uint256 private constant APPROVALS_AT = 64;
    uint256 private constant REJECTIONS_AT = 128;
    uint256 private constant DEADLINE_AT = 192;
    uint256 private constant PROPOSER_AT = 232;
    uint256 private constant CODEC_AT = 240;
    uint256 private constant OUTCOME_AT = 248;
    uint256 private constant LAST_LANE_AT = 250;
    uint256 private constant STAGE_AT = 252;
    uint256 private constant EARLY_AT = 254;
    uint256 private constant DEADLINE = uint256(type(uint40).max) << DEADLINE_AT;
    uint256 private constant STAGE = 3 << STAGE_AT;
    uint256 private constant OUTCOME = 3 << OUTCOME_AT;
    /// @dev The bits of the lane's first learner: voter, approval, rejection.
    uint256 private constant OWN = 1 | (1 << APPROVALS_AT) | (1 << REJECTIONS_AT);

    /// @notice What every lane of a ballot box holds besides voters and votes.
    /// @param end Unix time in seconds after which no vote counts.
    /// @param selected Index of the proposer.
    /// @param format Codec of the proposal.
    /// @param opening What it takes first.
    /// @param early Whether the round settles as soon as its result cannot change.
    /// @param result Anything but `Open` closes the box.
    function terms(
        uint40 end,
        uint8 selected,
        uint8 format,
        Stage opening,
        bool early,
        Outcome result
    ) internal pure returns (Lane) {
        return
            Lane.wrap(
                (uint256(end) << DEADLINE_AT) |
                    (uint256(selected) << PROPOSER_AT) |
                    (uint256(format) << CODEC_AT) |
                    (uint256(result) << OUTCOME_AT) |
                    (uint256(opening) << STAGE_AT) |
                    (uint256(early ? 1 : 0) << EARLY_AT)
            );
    }

    /// @notice A lane on these terms, without votes.
    /// @param laneVoters The voters among its 64 learners.
    /// @param last Number of the last lane.
    function create(Lane blank, uint256 laneVoters, uint256 last) internal pure returns (Lane) {
        return Lane.wrap(Lane.unwrap(blank) | laneVoters | (last << LAST_LANE_AT));
    }

    /// @notice The lane with one vote more. The voter's own bit must be free.
    function cast(Lane lane, uint256 index, bool approve) internal pure returns (Lane) {
        uint256 bit = (index % SIZE) + (approve ? APPROVALS_AT : REJECTIONS_AT);
        return Lane.wrap(Lane.unwrap(lane) | (1 << bit));
    }

    /// @notice The lane with one sealed vote more. The voter's own bit must be free.
    function seal(Lane lane, uint256 index) internal pure returns (Lane) {
        return cast(cast(lane, index, true), index, false);
    }

    /// @notice The lane with a sealed vote revealed. It must be sealed.
    function reveal(Lane lane, uint256 index, bool approve) internal pure returns (Lane) {
        uint256 bit = (index % SIZE) + (approve ? REJECTIONS_AT : APPROVALS_AT);
        return Lane.wrap(Lane.unwrap(lane) & ~(1 << bit));
    }

    /// @notice The lane from when votes are revealed, until another deadline.
    function openReveal(Lane lane, uint40 end) internal pure returns (Lane) {
        uint256 rest = Lane.unwrap(lane) & ~(DEADLINE | STAGE);
        return Lane.wrap(rest | (uint256(end) << DEADLINE_AT) | (uint256(Stage.Reveal) << STAGE_AT));
    }

    /// @notice The lane with these votes.
    function record(Lane lane, uint256 approved, uint256 rejected) internal pure returns (Lane) {
        return Lane.wrap(Lane.unwrap(lane) | (approved << APPROVALS_AT) | (rejected << REJECTIONS_AT));
    }

    /// @notice The lane of a settled round. The outcome must be `Open` before.
    function close(Lane lane, Outcome result) internal pure returns (Lane) {
        return Lane.wrap(Lane.unwrap(lane) | (uint256(result) << OUTCOME_AT));
    }

    /// @notice The voters among the lane's learners.
    function voters(Lane lane) internal pure returns (uint256) {
        return Lane.unwrap(lane) & VOTERS;
    }

    /// @notice Those who approved, and those whose vote is sealed.
    function approvals(Lane lane) internal pure returns (uint256) {
        return (Lane.unwrap(lane) >> APPROVALS_AT) & VOTERS;
    }

    /// @notice Those who rejected, and those whose vote is sealed.
    function rejections(Lane lane) internal pure returns (uint256) {
        return (Lane.unwrap(lane) >> REJECTIONS_AT) & VOTERS;
    }

    /// @notice Whether all its voters voted, or sealed their votes.
    function isComplete(Lane lane) internal pure returns (bool) {
        uint256 votes = (Lane.unwrap(lane) >> APPROVALS_AT) | (Lane.unwrap(lane) >> REJECTIONS_AT);
        return (votes ^ Lane.unwrap(lane)) & VOTERS == 0;
    }

    /// @notice Whether no sealed vote is left to reveal.
    function isRevealed(Lane lane) internal pure returns (bool) {
        return approvals(lane) & rejections(lane) == 0;
    }

    /// @notice Whether a learner's vote is sealed.
    function isSealed(Lane lane, uint256 index) internal pure returns (bool) {
        return Bitmap.has(approvals(lane) & rejections(lane), index % SIZE);
    }

    /// @notice Whether the round is not settled, the lane is at this stage, and a learner of it is to vote and has not: all
    /// that must hold for a vote but the deadline, in two comparisons.
    /// @dev The second one is `takes`, written out: a call of it here would cost each vote 70 gas more.
    function awaits(Lane lane, uint256 index, Stage asked) internal pure returns (bool) {
        uint256 own = Lane.unwrap(lane) >> (index % SIZE);
        return own & OWN == 1 && Lane.unwrap(lane) & (OUTCOME | STAGE) == uint256(asked) << STAGE_AT;
    }

    /// @notice Whether the lane is at this stage of a round that is not settled.
    function takes(Lane lane, Stage asked) internal pure returns (bool) {
        return Lane.unwrap(lane) & (OUTCOME | STAGE) == uint256(asked) << STAGE_AT;
    }

    /// @notice Whether a learner of this lane is to vote.
    function isVoter(Lane lane, uint256 index) internal pure returns (bool) {
        return Bitmap.has(Lane.unwrap(lane), index % SIZE);
    }

    /// @notice Whether a learner of this lane voted.
    function hasVoted(Lane lane, uint256 index) internal pure returns (bool) {
        uint256 votes = (Lane.unwrap(lane) >> APPROVALS_AT) | (Lane.unwrap(lane) >> REJECTIONS_AT);
        return Bitmap.has(votes, index % SIZE);
    }

    function deadline(Lane lane) internal pure returns (uint40) {
        return uint40(Lane.unwrap(lane) >> DEADLINE_AT);
    }

    function proposer(Lane lane) internal pure returns (uint8) {
        return uint8(Lane.unwrap(lane) >> PROPOSER_AT);
    }

    function codec(Lane lane) internal pure returns (uint8) {
        return uint8(Lane.unwrap(lane) >> CODEC_AT);
    }

    function outcome(Lane lane) internal pure returns (Outcome) {
        return Outcome((Lane.unwrap(lane) >> OUTCOME_AT) & 3);
    }

    function isClosed(Lane lane) internal pure returns (bool) {
        return (Lane.unwrap(lane) >> OUTCOME_AT) & 3 != 0;
    }

    function lastLane(Lane lane) internal pure returns (uint256) {
        return (Lane.unwrap(lane) >> LAST_LANE_AT) & 3;
    }

    function decidesEarly(Lane lane) internal pure returns (bool) {
        return Bitmap.has(Lane.unwrap(lane), EARLY_AT);
    }
}

/// @title The lanes of one proposal together
library BallotBoxes {
    /// @notice Writes as many lanes as the voters need, one at least.
    function open(BallotBox storage box, uint256 voters, Lane terms) internal {
        uint256 last = 0;
        for (uint256 rest = voters >> Lanes.SIZE; rest != 0; rest >>= Lanes.SIZE) ++last;
        for (uint256 n = 0; n <= last; ++n) {
            box.lanes[n].lane = terms.create(uint64(voters), last);
            voters >>= Lanes.SIZE;
        }
    }

    /// @notice Writes down the votes, which must be those of before and more.
    function record(BallotBox storage box, Votes memory votes) internal {
        (uint256 approvals, uint256 rejections) = (votes.approvals, votes.rejections);
        uint256 last = 0;
        for (uint256 n = 0; n <= last; ++n) {
            Lane lane = box.lanes[n].lane;
            last = lane.lastLane();
            box.lanes[n].lane = lane.record(uint64(approvals), uint64(rejections));
            (approvals, rejections) = (approvals >> Lanes.SIZE, rejections >> Lanes.SIZE);
        }
    }

    /// @notice Lets all lanes take what reveals the sealed votes.
    function openReveal(BallotBox storage box, uint40 deadline) internal {
        uint256 last = 0;
        for (uint256 n = 0; n <= last; ++n) {
            Lane lane = box.lanes[n].lane;
            last = lane.lastLane();
            box.lanes[n].lane = lane.openReveal(deadline);
        }
    }

    /// @notice Closes all lanes: they take no more votes.
    function close(BallotBox storage box, Outcome outcome) internal {
        uint256 last = 0;
        for (uint256 n = 0; n <= last; ++n) {
            Lane lane = box.lanes[n].lane;
            last = lane.lastLane();
            box.lanes[n].lane = lane.close(outcome);
        }
    }

    /// @notice The votes of all lanes. A box that was never opened has no voters.
    function read(BallotBox storage box) internal view returns (Votes memory votes) {
        uint256 last = 0;
        for (uint256 n = 0; n <= last; ++n) {
            Lane lane = box.lanes[n].lane;
            last = lane.lastLane();
            votes.voters |= lane.voters() << (Lanes.SIZE * n);
            votes.approvals |= lane.approvals() << (Lanes.SIZE * n);
            votes.rejections |= lane.rejections() << (Lanes.SIZE * n);
        }
        uint256 seals = votes.approvals & votes.rejections;
        votes.seals = seals;
        votes.approvals ^= seals;
        votes.rejections ^= seals;
    }
}

/// @title What votes amount to
library Tallies {
    /// @notice Voters who did not vote, or did not reveal their vote.
    function missing(Votes memory votes) internal pure returns (uint256) {
        return votes.voters & ~(votes.approvals | votes.rejections);
    }

    /// @notice How many there are of each.
    function count(Votes memory votes) internal pure returns (uint256 approvals, uint256 rejections, uint256 voters) {
        approvals = Bitmap.count(votes.approvals);
        rejections = Bitmap.count(votes.rejections);
        voters = Bitmap.count(votes.voters);
    }
}
