// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ballot, Config, Selection} from "../ICollectiveLearning.sol";

/// @notice What an experiment chose, one bit each, so that a step reads all of it in the slot that it reads anyway.
type Traits is uint8;

using TraitBits for Traits global;

/// @title The choices of an experiment
library TraitBits {
    uint8 private constant RANDOM = 1;
    uint8 private constant SEALED = 2;
    uint8 private constant STAKED = 4;
    uint8 private constant EARLY = 8;

    function chosenIn(Config calldata config) internal pure returns (Traits) {
        return
            Traits.wrap(
                (config.selection == Selection.Random ? RANDOM : 0) |
                    (config.ballot == Ballot.Sealed ? SEALED : 0) |
                    (config.stakes != address(0) ? STAKED : 0) |
                    (config.earlyDecision ? EARLY : 0)
            );
    }

    /// @notice Whether proposers are drawn.
    function isRandom(Traits traits) internal pure returns (bool) {
        return Traits.unwrap(traits) & RANDOM != 0;
    }

    /// @notice Whether votes are sealed first.
    function isSealed(Traits traits) internal pure returns (bool) {
        return Traits.unwrap(traits) & SEALED != 0;
    }

    /// @notice Whether a learner needs a stake to join.
    function isStaked(Traits traits) internal pure returns (bool) {
        return Traits.unwrap(traits) & STAKED != 0;
    }

    /// @notice Whether a round settles as soon as its result cannot change.
    function decidesEarly(Traits traits) internal pure returns (bool) {
        return Traits.unwrap(traits) & EARLY != 0;
    }
}
