// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title Drawing a proposer
/// @notice Each learner commits to a hash chain when it joins, and each proposal reveals one link more of its proposer's,
/// which is mixed into the seed. So every proposer adds what it had fixed before it knew the seed.
library Lots {
    /// @notice The link before this one: who knows a link knows all that were revealed, and none to come.
    function previous(bytes32 link) internal pure returns (bytes32) {
        return keccak256(abi.encode(link));
    }

    /// @notice The seed with something more in it.
    function mix(bytes32 seed, bytes32 entropy) internal pure returns (bytes32) {
        return Hashes.efficientKeccak256(seed, entropy);
    }

    /// @notice Who has the lowest lot, of a set that is not empty.
    /// @dev A lot depends on the seed and the index alone. So whoever knows a seed before others do gains nothing by leaving
    /// or resuming: a learner outside the set could only lose its own chance, and changes nobody else's lot.
    function draw(bytes32 seed, uint256 set) internal pure returns (uint256 drawn) {
        uint256 least = type(uint256).max;
        for (uint256 index = 0; set != 0; ++index) {
            if (set & 1 == 1) {
                uint256 lot = uint256(Hashes.efficientKeccak256(seed, bytes32(index)));
                if (lot <= least) (least, drawn) = (lot, index);
            }
            set >>= 1;
        }
    }
}
