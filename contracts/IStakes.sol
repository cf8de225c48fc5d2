// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ExperimentId} from "./ICollectiveLearning.sol";

/// @title What the ledger asks about stakes
/// @notice An experiment may name a contract that holds its learners' stakes. The ledger asks it once, when a learner joins.
interface IStakes {
    /// @notice Whether a learner staked what the experiment asks for.
    function isStaked(ExperimentId experiment, address learner) external view returns (bool);
}
