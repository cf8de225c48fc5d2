// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PlainToken} from "./PlainToken.sol";

/// @notice Moves nothing, and returns false instead of reverting, once it is told to fail.
contract FalseToken is PlainToken {
    bool private _failing;

    function fail() external {
        _failing = true;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        return !_failing && super.transfer(to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return !_failing && super.transferFrom(from, to, value);
    }
}
