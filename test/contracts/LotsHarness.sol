// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Lots} from "../../contracts/libraries/Lots.sol";

/// @notice Lets a test in TypeScript draw lots.
contract LotsHarness {
    function draw(bytes32 seed, uint256 set) external pure returns (uint256) {
        return Lots.draw(seed, set);
    }
}
