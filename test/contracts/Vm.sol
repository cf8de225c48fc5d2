// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Those of the test runner's cheat codes that are used here.
interface Vm {
    function warp(uint256 timestamp) external;
    function prank(address sender) external;
    function assume(bool condition) external pure;
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
}

/// @dev The address at which test runners listen to cheat codes: the hash of "hevm cheat code", cut to 20 bytes.
Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
