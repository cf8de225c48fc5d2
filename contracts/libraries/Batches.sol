// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {ExperimentId, SignedVote} from "../ICollectiveLearning.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Signed votes on one proposal, as they are taken one by one.
/// @param domain The EIP-712 domain separator.
/// @param message The EIP-712 message, of which voter, vote and score are written anew for each vote.
/// @param count How many votes were taken.
/// @param approvals Which of them approve: bit i for the vote taken as number i.
/// @param voters Who gave them, in the order of taking.
/// @param scores The voters' scores.
struct Batch {
    bytes32 domain;
    bytes message;
    uint256 count;
    uint256 approvals;
    address[] voters;
    int64[] scores;
}

using Batches for Batch global;

/// @title Votes by signature, many at once
library Batches {
    bytes32 private constant VOTE_TYPE = keccak256(
        "Vote(uint256 experiment,uint32 round,bytes32 proposal,address voter,bool approve,int64 score)"
    );

    /// @notice A batch with room for so many votes.
    function create(
        bytes32 domain,
        ExperimentId experiment,
        uint32 round,
        bytes32 proposal,
        uint256 size
    ) internal pure returns (Batch memory batch) {
        batch.domain = domain;
        batch.message = abi.encode(VOTE_TYPE, experiment, round, proposal, address(0), false, int64(0));
        batch.voters = new address[](size);
        batch.scores = new int64[](size);
    }

    /// @notice Takes a vote if its voter signed it, and tells whether it did.
    function take(
        Batch memory batch,
        address voter,
        bool approve,
        SignedVote calldata signed,
        bytes[] calldata contractSignatures
    ) internal view returns (bool) {
        int64 score = signed.score;
        bytes32 hash = _hash(batch, voter, approve, score);
        if (!_isSigned(hash, voter, signed, contractSignatures)) return false;
        uint256 place = batch.count;
        batch.voters[place] = voter;
        batch.scores[place] = score;
        unchecked {
            batch.count = place + 1;
        }
        if (approve) batch.approvals |= 1 << place;
        return true;
    }

    /// @notice Cuts off the places of votes that were not taken.
    function close(Batch memory batch) internal pure {
        (uint256 count, address[] memory voters, int64[] memory scores) = (batch.count, batch.voters, batch.scores);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(voters, count)
            mstore(scores, count)
        }
    }

    /// @notice The digest of a list with one learner more.
    function list(bytes32 listed, address learner) internal pure returns (bytes32) {
        return Hashes.efficientKeccak256(listed, bytes32(uint256(uint160(learner))));
    }

    /// @notice The digest of a list.
    function digestOf(address[] calldata learners) internal pure returns (bytes32 listed) {
        uint256 length = learners.length;
        for (uint256 i = 0; i < length; ++i) listed = list(listed, learners[i]);
    }

    /// @dev In assembly so that the message is built once for a batch, not once for a vote. Its words are: type, experiment,
    /// round, proposal, voter, vote, score.
    function _hash(
        Batch memory batch,
        address voter,
        bool approve,
        int64 score
    ) private pure returns (bytes32 content) {
        bytes memory message = batch.message;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(add(message, 0xa0), voter)
            mstore(add(message, 0xc0), approve)
            mstore(add(message, 0xe0), score)
            content := keccak256(add(message, 0x20), 0xe0)
        }
        return MessageHashUtils.toTypedDataHash(batch.domain, content);
    }

    function _isSigned(
        bytes32 hash,
        address voter,
        SignedVote calldata signed,
        bytes[] calldata contractSignatures
    ) private view returns (bool) {
        if (signed.vs != 0) return Signatures.isValidForKey(voter, hash, signed.r, signed.vs);
        uint256 position = uint256(signed.r);
        return
            position < contractSignatures.length &&
            Signatures.isValidForContract(voter, hash, contractSignatures[position]);
    }
}
