// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {PlainToken} from "./PlainToken.sol";

/// @notice Makes a call while it transfers, as a token with hooks lets its holders do.
contract ReentrantToken is PlainToken {
    address private _payer;
    address private _target;
    bytes private _call;

    /// @notice How often the call was made, and how often it was refused.
    uint256 public attempts;
    uint256 public refusals;
    /// @notice What the last refused call reverted with.
    bytes public refusal;

    /// @notice Sets the call to make during each payment by an account.
    function arm(address payer, address target, bytes calldata call_) external {
        (_payer, _target, _call) = (payer, target, call_);
    }

    /// @notice Makes a call as this token's own account.
    function execute(address target, bytes calldata call_) external {
        Address.functionCall(target, call_);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (_target == address(0) || from != _payer) return;
        ++attempts;
        // solhint-disable-next-line avoid-low-level-calls
        (bool done, bytes memory answer) = _target.call(_call);
        if (done) return;
        ++refusals;
        refusal = answer;
    }
}
