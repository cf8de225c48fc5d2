// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice A contract that can be a learner: it sends what it is told to, and answers for signatures in its own way.
abstract contract Wallet is IERC1271 {
    function send(address target, bytes calldata call) external returns (bytes memory) {
        return Address.functionCall(target, call);
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view virtual returns (bytes4);
}

/// @notice Takes what its owner signed.
contract OwnedWallet is Wallet {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view override returns (bytes4) {
        return ECDSA.recover(hash, signature) == OWNER ? this.isValidSignature.selector : bytes4(0);
    }
}

/// @notice Takes everything, and says so in as many bytes as it was made for.
contract TalkativeWallet is Wallet {
    uint256 private immutable SIZE;

    constructor(uint256 size) {
        SIZE = size;
    }

    function isValidSignature(bytes32, bytes calldata) external view override returns (bytes4) {
        uint256 size = SIZE;
        bytes32 magic = this.isValidSignature.selector;
        assembly {
            mstore(0, magic)
            return(0, size)
        }
    }
}

/// @notice Answers every question with a revert that looks like a yes.
contract RevertingWallet is Wallet {
    function isValidSignature(bytes32, bytes calldata) external pure override returns (bytes4) {
        bytes32 magic = this.isValidSignature.selector;
        assembly {
            mstore(0, magic)
            revert(0, 32)
        }
    }
}

/// @notice Burns all gas that it gets.
contract BurningWallet is Wallet {
    function isValidSignature(bytes32, bytes calldata) external pure override returns (bytes4) {
        while (true) {}
        return 0;
    }
}

/// @notice Answers with another word than the standard's.
contract MumblingWallet is Wallet {
    function isValidSignature(bytes32, bytes calldata) external pure override returns (bytes4) {
        return 0xffffffff;
    }
}
