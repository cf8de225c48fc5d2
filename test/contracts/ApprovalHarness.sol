// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Approval} from "../../contracts/libraries/Approval.sol";

/// @notice Lets a test in TypeScript call the rule of approval.
contract ApprovalHarness {
    function isAccepted(uint256 approvals, uint256 voters, uint256 approvalBps) external pure returns (bool) {
        return Approval.isAccepted(approvals, voters, approvalBps);
    }
}
