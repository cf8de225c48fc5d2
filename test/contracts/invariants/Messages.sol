// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {VM} from "../Vm.sol";

/// @notice What a vote by signature says.
struct VoteMessage {
    uint256 experiment;
    uint32 round;
    bytes32 proposal;
    address voter;
    bool approve;
    int64 score;
}

/// @title What people sign, written from EIP-712 and the interface's words, not from the contract
library Messages {
    bytes32 private constant DOMAIN = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant VOTE = keccak256(
        "Vote(uint256 experiment,uint32 round,bytes32 proposal,address voter,bool approve,int64 score)"
    );
    bytes32 private constant CALL = keccak256("Call(address learner,bytes call,uint256 nonce,uint256 deadline)");

    function domainOf(uint256 chain, address ledger) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, keccak256("CollectiveLearning"), keccak256("1"), chain, ledger));
    }

    function hashVote(bytes32 domain, VoteMessage memory m) internal pure returns (bytes32) {
        return
            _hash(domain, keccak256(abi.encode(VOTE, m.experiment, m.round, m.proposal, m.voter, m.approve, m.score)));
    }

    function hashCall(
        bytes32 domain,
        address learner,
        bytes memory call,
        uint256 nonce,
        uint256 deadline
    ) internal pure returns (bytes32) {
        return _hash(domain, keccak256(abi.encode(CALL, learner, keccak256(call), nonce, deadline)));
    }

    /// @notice A signature in 65 bytes.
    function sign(uint256 key, bytes32 hash) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, hash);
        return abi.encodePacked(r, s, v);
    }

    /// @notice A signature in 64 bytes (EIP-2098).
    function signCompactly(uint256 key, bytes32 hash) internal pure returns (bytes32 r, bytes32 vs) {
        uint8 v;
        (v, r, vs) = VM.sign(key, hash);
        if (v == 28) vs |= bytes32(uint256(1) << 255);
    }

    function _hash(bytes32 domain, bytes32 content) private pure returns (bytes32) {
        return keccak256(abi.encodePacked("\x19\x01", domain, content));
    }
}
