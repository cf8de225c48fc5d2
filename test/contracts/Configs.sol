// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Admission, Ballot, Config, ContentId, Selection} from "../../contracts/ICollectiveLearning.sol";

/// @notice An experiment with stakes, open in all else.
function stakedConfig(uint32 rounds, address stakes, bool earlyDecision) view returns (Config memory) {
    return
        Config({
            manifest: ContentId(keccak256("manifest"), 0x55),
            weights: ContentId(keccak256("initial"), 0x55),
            rounds: rounds,
            minLearners: 2,
            maxLearners: 256,
            approvalBps: 5000,
            proposeWindow: 100,
            voteWindow: 100,
            pauseLimit: 300,
            enrolmentDeadline: uint40(block.timestamp + 200),
            admission: Admission.Open,
            selection: Selection.RoundRobin,
            ballot: Ballot.Open,
            earlyDecision: earlyDecision,
            revealWindow: 0,
            stakes: stakes
        });
}
