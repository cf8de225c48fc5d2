// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The rule of approval
/// @notice The only place on the ledger that knows it; `src/learning/approval.ts` is its mirror, held equal by a test.
library Approval {
    /// @notice All of the voters, in basis points.
    uint256 internal constant WHOLE = 10_000;

    /// @notice Whether that many approvals make a proposal everyone's weights.
    /// @dev Strictly more than the given part: at 5000 a tie rejects. Who did not vote counts as not approving.
    function isAccepted(uint256 approvals, uint256 voters, uint256 approvalBps) internal pure returns (bool) {
        return approvals * WHOLE > approvalBps * voters;
    }

    /// @notice Whether the votes still to come can no longer change the result.
    /// @dev Approvals only grow, to at most all voters that did not reject.
    function isDecided(
        uint256 approvals,
        uint256 rejections,
        uint256 voters,
        uint256 approvalBps
    ) internal pure returns (bool) {
        return isAccepted(approvals, voters, approvalBps) || !isAccepted(voters - rejections, voters, approvalBps);
    }
}
