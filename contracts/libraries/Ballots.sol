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
///                               252      early decision
type Lane is uint256;

/// @dev A struct, because an array of bare words makes the compiler reckon with several to a slot.
struct LaneSlot {
    Lane lane;
}

/// @notice The votes on one proposal.
struct BallotBox {
    LaneSlot[4] lanes;
}

/// @notice The votes of all lanes, as sets of learners.
struct Votes {
    uint256 voters;
    uint256 approvals;
    uint256 rejections;
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
    uint256 private constant EARLY_DECISION_AT = 252;

    /// @notice What every lane of a ballot box holds besides voters and votes.
    /// @param end Unix time in seconds after which no vote counts.
    /// @param selected Index of the proposer.
    /// @param format Codec of the proposal.
    /// @param early Whether the round settles as soon as its result cannot change.
    /// @param result Anything but `Open` closes the box.
    function terms(uint40 end, uint8 selected, uint8 format, bool early, Outcome result) internal pure returns (Lane) {
        return
            Lane.wrap(
                (uint256(end) << DEADLINE_AT) |
                    (uint256(selected) << PROPOSER_AT) |
                    (uint256(format) << CODEC_AT) |
                    (uint256(result) << OUTCOME_AT) |
                    (uint256(early ? 1 : 0) << EARLY_DECISION_AT)
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

    /// @notice The lane of a settled round. The outcome must be `Open` before.
    function close(Lane lane, Outcome result) internal pure returns (Lane) {
        return Lane.wrap(Lane.unwrap(lane) | (uint256(result) << OUTCOME_AT));
    }

    /// @notice The voters among the lane's learners.
    function voters(Lane lane) internal pure returns (uint256) {
        return Lane.unwrap(lane) & VOTERS;
    }

    /// @notice Those who approved.
    function approvals(Lane lane) internal pure returns (uint256) {
        return (Lane.unwrap(lane) >> APPROVALS_AT) & VOTERS;
    }

    /// @notice Those who rejected.
    function rejections(Lane lane) internal pure returns (uint256) {
        return (Lane.unwrap(lane) >> REJECTIONS_AT) & VOTERS;
    }

    /// @notice Whether all its voters voted.
    function isComplete(Lane lane) internal pure returns (bool) {
        return (approvals(lane) | rejections(lane)) == voters(lane);
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

    function earlyDecision(Lane lane) internal pure returns (bool) {
        return Bitmap.has(Lane.unwrap(lane), EARLY_DECISION_AT);
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
    }
}

/// @title What votes amount to
library Tallies {
    /// @notice Voters who did not vote.
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
