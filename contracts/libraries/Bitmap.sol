// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Sets of learners
/// @notice A set of at most 256 learners is one word: bit i stands for the learner with index i.
library Bitmap {
    /// @notice The set of one learner.
    function only(uint256 index) internal pure returns (uint256) {
        return 1 << index;
    }

    /// @notice Whether a learner is in the set.
    function has(uint256 set, uint256 index) internal pure returns (bool) {
        return (set >> index) & 1 == 1;
    }

    /// @notice The set with one learner more.
    function with(uint256 set, uint256 index) internal pure returns (uint256) {
        return set | only(index);
    }

    /// @notice The learners of one set that are not in the other.
    function without(uint256 set, uint256 other) internal pure returns (uint256) {
        return set & ~other;
    }

    /// @notice Whether the set has two learners or more.
    /// @dev `set & (set - 1)` drops the lowest learner.
    function hasTwo(uint256 set) internal pure returns (bool) {
        return set != 0 && set & (set - 1) != 0;
    }

    /// @notice How many learners are in the set.
    /// @dev Adds neighbouring fields of 1, 2, 4 and 8 bits, then all fields of 16 bits at once by a multiplication, which
    /// leaves their sum in the highest (Warren, Hacker's Delight, 5-1).
    function count(uint256 set) internal pure returns (uint256 total) {
        unchecked {
            total = set - ((set >> 1) & (type(uint256).max / 3));
            total = (total & (type(uint256).max / 5)) + ((total >> 2) & (type(uint256).max / 5));
            total = (total + (total >> 4)) & (type(uint256).max / 17);
            total = (total & (type(uint256).max / 257)) + ((total >> 8) & (type(uint256).max / 257));
            return (total * (type(uint256).max / 65535)) >> 240;
        }
    }

    /// @notice The lowest index in a set that is not empty.
    function lowest(uint256 set) internal pure returns (uint256) {
        return Math.log2(set & (~set + 1));
    }

    /// @notice The next index in a set that is not empty, in a circle: after the highest comes the lowest.
    function nextAfter(uint256 set, uint256 index) internal pure returns (uint256) {
        // Shifted in two steps, because after index 255 none is left and 1 << 256 is no mask.
        uint256 later = (((set >> index) >> 1) << index) << 1;
        return lowest(later == 0 ? set : later);
    }
}
