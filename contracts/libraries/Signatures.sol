// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Signatures of keys (ECDSA) and of contracts (ERC-1271)
/// @dev The key is tried first, whatever code the account has: it is cheaper, and right for a delegated account (EIP-7702).
library Signatures {
    /// @dev What a contract may burn: enough for a passkey verified in Solidity; who sends a batch of votes loses no more.
    uint256 private constant CONTRACT_GAS = 500_000;

    /// @notice Whether an account signed, with 65 bytes (r, s, v) or with what its contract takes.
    function isValid(address account, bytes32 hash, bytes calldata signature) internal view returns (bool) {
        (address signer, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(hash, signature);
        if (problem == ECDSA.RecoverError.NoError && signer == account) return true;
        return isValidForContract(account, hash, signature);
    }

    /// @notice Whether an account signed, with a compact signature (EIP-2098).
    /// @dev The mirrored s of a signature does not fit beside the parity, so that this form is not malleable.
    function isValidForKey(address account, bytes32 hash, bytes32 r, bytes32 vs) internal pure returns (bool) {
        bytes32 s = vs & bytes32(uint256(type(int256).max));
        uint8 v = uint8((uint256(vs) >> 255) + 27);
        return ecrecover(hash, v, r, s) == account && account != address(0);
    }

    /// @notice Whether an account's contract takes a signature. One that reverts, burns its gas or returns a megabyte does not.
    function isValidForContract(
        address account,
        bytes32 hash,
        bytes calldata signature
    ) internal view returns (bool valid) {
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (hash, signature));
        bytes32 magic = IERC1271.isValidSignature.selector;
        // In assembly because Solidity would copy all that is returned, at the caller's cost.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let answered := staticcall(CONTRACT_GAS, account, add(question, 32), mload(question), 0, 32)
            valid := and(answered, and(gt(returndatasize(), 31), eq(mload(0), magic)))
        }
    }
}
