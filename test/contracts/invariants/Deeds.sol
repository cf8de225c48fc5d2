// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ContentId, Phase, SignedVote, Status} from "../../../contracts/ICollectiveLearning.sol";
import {VM} from "../Vm.sol";
import {Ballot} from "./Account.sol";
import {Actors} from "./Actors.sol";
import {Messages, VoteMessage} from "./Messages.sol";

/// @notice What a learner sealed last.
struct Secret {
    bool approve;
    bool isOwn;
    bytes32 salt;
}

/// @title What people do, in any order, mostly what is their turn, and the time between
/// @dev Each says first, by the account, whether a deed may be done. What the ledger then does otherwise is a surprise.
abstract contract Deeds is Actors {
    uint256 private _deeds;
    bytes private _lastBatch;
    mapping(uint256 index => Secret) private _secrets;

    // Many at once, or hardly any run would come to its end

    function enrol(uint256 absent) external inWorld(absent) {
        for (uint256 who = 0; who < PEOPLE; ++who) if ((absent >> who) & 1 == 0) _join(who, 1);
        _start(0, true, 1);
    }

    /// @dev A round as it should be, but for who is absent: from it all, from the reveal, or gone for good.
    function play(uint256 name, uint256 approvals, uint256 absent) external inWorld(name) {
        _propose(0, true, name, 1, 1);
        for (uint256 who = 0; who < PEOPLE; ++who) {
            if ((absent >> (who + 64)) & 3 == 3) _leave(who, 1);
            if ((absent >> who) & 1 == 1) continue;
            if (rules.isSealed) _seal(who, (approvals >> who) & 1 == 1, 1, 1);
            else _vote(who, (approvals >> who) & 1 == 1, 0);
        }
        for (uint256 who = 0; who < PEOPLE; ++who) if ((absent >> (who + 128)) & 1 == 0) _reveal(who, 0);
    }

    // Learners

    function join(uint256 who, uint256 way) external inWorld(who) {
        _join(who % PEOPLE, way);
    }

    function _join(uint256 who, uint256 way) private {
        bytes32 link = way % 7 == 1 ? bytes32(0) : _linkOf(who, 0);
        bool may = !isFinal() && _indexOf(who) > PEOPLE && learnerCount() < PLACES && !(rules.isRandom && link == 0);
        bool done = _does(who, abi.encodeCall(LEDGER.join, (ID, "contact", link, "")), way);
        _wonder("join", may != done);
        if (!done) return;
        _noteIndex(who);
        _noteJoined(link);
    }

    function leaveExperiment(uint256 who, uint256 way) external inWorld(who) {
        _leave(who % PEOPLE, way);
    }

    function _leave(uint256 who, uint256 way) private {
        uint256 index = _indexOf(who);
        bool may = !isFinal() && index < PEOPLE && isActive(index);
        bool done = _does(who, abi.encodeCall(LEDGER.leaveExperiment, (ID)), way);
        _wonder("leaveExperiment", may != done);
        if (done) _noteLeft(index);
    }

    function resume(uint256 who, uint256 way) external inWorld(who) {
        who %= PEOPLE;
        uint256 index = _indexOf(who);
        bool may = !isFinal() && index < PEOPLE && !isActive(index);
        bool done = _does(who, abi.encodeCall(LEDGER.resume, (ID)), way);
        _wonder("resume", may != done);
        if (done) _noteResumed(index);
    }

    /// @dev The coordinator is this contract.
    function start(uint256 who, bool asCoordinator, uint256 way) external inWorld(who) {
        _start(who, asCoordinator, way);
    }

    function _start(uint256 who, bool asCoordinator, uint256 way) private {
        bool may =
            status == Status.Enrolling && activeCount() >= LEAST && (asCoordinator || block.timestamp > deadline);
        bytes memory call = abi.encodeCall(LEDGER.startExperiment, (ID));
        bool done = asCoordinator ? _send(address(this), call) : _does(who % PEOPLE, call, way);
        _wonder("startExperiment", may != done);
        if (done) _noteStarted();
    }

    /// @dev Seldom before the start, or hardly any experiment would start.
    function cancel(uint256 who, bool asCoordinator, uint256 way) external inWorld(who) {
        if (status == Status.Enrolling && who % 32 != 0) return;
        bool late = block.timestamp > deadline;
        bool may = status == Status.Enrolling && (asCoordinator || (late && activeCount() < LEAST));
        bytes memory call = abi.encodeCall(LEDGER.cancelExperiment, (ID));
        bool done = asCoordinator ? _send(address(this), call) : _does(who % PEOPLE, call, way);
        _wonder("cancelExperiment", may != done);
        if (done) _noteCancelled();
    }

    // Proposals

    /// @dev Often the turn's own; now and then weights that were proposed or accepted before, or a link of another place.
    function propose(uint256 who, bool inTurn, uint256 name, uint256 wrong, uint256 way) external inWorld(who) {
        _propose(who % PEOPLE, inTurn, name, wrong, way);
    }

    function _propose(uint256 who, bool inTurn, uint256 name, uint256 wrong, uint256 way) private {
        if (inTurn && status == Status.Running) who = _whoIs(_proposer());
        bytes32 digest = name % 8 == 0 ? weights : keccak256(abi.encode("weights", name % 5));
        uint256 revealed = _revealedBy(who);
        bytes32 link = _linkOf(who, wrong % 8 == 0 ? revealed : revealed + 1);
        bool isRight = digest != weights && (!rules.isRandom || wrong % 8 != 0);
        bool may = phase == Phase.Propose && _indexOf(who) == _proposer() && block.timestamp <= deadline && isRight;
        bytes memory call = abi.encodeCall(LEDGER.propose, (ID, uint32(round), ContentId(digest, 0x70), link));
        bool done = _does(who, call, way);
        _wonder("propose", may != done);
        if (done) _noteProposed(digest, link);
    }

    // Open votes

    function vote(uint256 who, bool approve, uint256 wrong) external inWorld(who) {
        _vote(who % PEOPLE, approve, wrong);
    }

    function _vote(uint256 who, bool approve, uint256 wrong) private {
        uint32 named = uint32(
            wrong % 8 == 1
                ? round + 1
                : wrong % 8 == 2 && round > 0
                    ? round - 1
                    : round
        );
        bytes32 proposal = wrong % 8 == 3 ? keccak256("other weights") : _proposal();
        bool may = _mayBallot(_indexOf(who), Phase.Vote, Ballot.Silent) && !rules.isSealed;
        may = may && named == round && proposal == _proposal();
        bool done = _send(_personOf(who), abi.encodeCall(LEDGER.vote, (ID, named, proposal, approve, int64(7))));
        _wonder("vote", may != done);
        if (!done) return;
        _noteVoted(_indexOf(who), approve);
        _settleIfDue();
    }

    /// @dev Some of the votes are not for this, nor signed by whom they are said to be of. The list is the right one, or none,
    /// or wrong: who is counted must not depend on it.
    function castBatch(
        uint256 voters,
        uint256 approvals,
        uint256 forged,
        uint256 kind,
        uint256 list
    ) external inWorld(voters) {
        voters %= 1 << PEOPLE;
        uint256 good = 0;
        uint256 size = 0;
        SignedVote[] memory votes = new SignedVote[](PEOPLE);
        for (uint256 index = 0; index < PEOPLE; ++index) {
            if ((voters >> index) & 1 == 0) continue;
            bool isForged = (forged >> index) & 1 == 1 && kind % 2 == 1;
            votes[size++] = _signed(index, (approvals >> index) & 1 == 1, isForged ? 1 + ((kind / 2) % 8) : 0);
            if (!isForged && _mayBallot(index, Phase.Vote, Ballot.Silent)) good |= 1 << index;
        }
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(votes, size)
        }
        bytes memory call = abi.encodeCall(
            LEDGER.castVotesBySig,
            (ID, uint32(round), _proposal(), voters, approvals, votes, new bytes[](0), _list(list % 3))
        );
        bool done = _send(STRANGER, call);
        _wonder("castVotesBySig", done != (good != 0 && !rules.isSealed));
        if (!done) return;
        _lastBatch = call;
        for (uint256 index = 0; index < PEOPLE; ++index) {
            if ((good >> index) & 1 == 1) _noteVoted(index, (approvals >> index) & 1 == 1);
        }
        _settleIfDue();
    }

    /// @dev Whatever was new in it is counted already.
    function replay() external {
        _replayCall();
        if (_lastBatch.length > 0) _wonder("a batch counted twice", _send(STRANGER, _lastBatch));
    }

    /// @param kind 0: as it should be. Else what differs between what is signed and what is sent.
    function _signed(uint256 index, bool approve, uint256 kind) private view returns (SignedVote memory signed) {
        bool member = index < learnerCount();
        VoteMessage memory message = VoteMessage({
            experiment: kind == 1 ? 2 : 1,
            round: uint32(kind == 2 ? round + 1 : round),
            proposal: kind == 3 ? keccak256("other weights") : _proposal(),
            voter: member ? personAt(index) : address(0),
            approve: kind == 4 ? !approve : approve,
            score: kind == 5 ? int64(-8) : int64(-7)
        });
        bytes32 domain = DOMAIN;
        if (kind == 6) domain = Messages.domainOf(block.chainid + 1, address(LEDGER));
        if (kind == 7) domain = Messages.domainOf(block.chainid, address(this));
        uint256 key = kind == 8 || !member ? uint256(keccak256("nobody's key")) : _keyAt(index);
        (bytes32 r, bytes32 vs) = Messages.signCompactly(key, Messages.hashVote(domain, message));
        return SignedVote({score: -7, r: r, vs: vs});
    }

    function _list(uint256 kind) private view returns (address[] memory list) {
        if (kind == 0) return list;
        uint256 count = learnerCount();
        list = new address[](count);
        for (uint256 i = 0; i < count; ++i) list[i] = personAt(kind == 1 ? i : count - 1 - i);
    }

    // Sealed votes

    function sealVote(uint256 who, bool approve, uint256 copied, uint256 way) external inWorld(who) {
        _seal(who % PEOPLE, approve, copied, way);
    }

    /// @dev Now and then somebody else's vote, copied.
    function _seal(uint256 who, bool approve, uint256 copied, uint256 way) private {
        uint256 index = _indexOf(who);
        Secret memory secret = Secret({
            approve: approve,
            isOwn: copied % 8 != 0,
            salt: keccak256(abi.encode(++_deeds))
        });
        address voter = _personOf(secret.isOwn ? who : (who + 1) % PEOPLE);
        bytes32 commitment = keccak256(
            abi.encode(block.chainid, LEDGER, ID, round, _proposal(), voter, approve, int64(7), secret.salt)
        );
        bool may = _mayBallot(index, Phase.Vote, Ballot.Silent) && rules.isSealed;
        bool done = _does(who, abi.encodeCall(LEDGER.sealVote, (ID, uint32(round), _proposal(), commitment)), way);
        _wonder("sealVote", may != done);
        if (!done) return;
        _secrets[index] = secret;
        _noteSealed(index);
    }

    function reveal(uint256 who, uint256 wrong) external inWorld(who) {
        _reveal(who % PEOPLE, wrong);
    }

    /// @dev By anyone; now and then not what was sealed.
    function _reveal(uint256 who, uint256 wrong) private {
        uint256 index = _indexOf(who);
        Secret memory secret = _secrets[index];
        bool approve = wrong % 8 == 1 ? !secret.approve : secret.approve;
        bytes32 salt = wrong % 8 == 2 ? keccak256("no salt") : secret.salt;
        bool isRight = secret.isOwn && approve == secret.approve && salt == secret.salt;
        bool may = _mayBallot(index, Phase.Reveal, Ballot.Sealed) && isRight;
        bytes memory call = abi.encodeCall(
            LEDGER.reveal,
            (ID, uint32(round), _proposal(), _personOf(who), approve, int64(7), salt)
        );
        bool done = _send(STRANGER, call);
        _wonder("reveal", may != done);
        if (!done) return;
        _noteVoted(index, secret.approve);
        _settleIfDue();
    }

    // Time

    function advance(uint256 who, uint256 way) external inWorld(who) {
        _advance(who, way);
    }

    /// @dev The deadline's last second is too early, the next one is not.
    function advanceInTime(uint256 who, uint256 way) external inWorld(who) {
        if (block.timestamp < deadline) VM.warp(deadline);
        _advance(who, way);
        if (block.timestamp <= deadline && way % 2 == 0) VM.warp(deadline + 1);
        _advance(who, way);
    }

    function _advance(uint256 who, uint256 way) private {
        bool may = (status == Status.Running || status == Status.Paused) && block.timestamp > deadline;
        bool done = _does(who % PEOPLE, abi.encodeCall(LEDGER.advance, (ID)), way);
        _wonder("advance", may != done);
        if (done) _noteAdvanced();
    }

    function wait(uint8 time) external {
        VM.warp(block.timestamp + time / 2);
    }

    function _mayBallot(uint256 index, Phase asked, Ballot before) private view returns (bool) {
        return phase == asked && _ballotOf(index) == before && block.timestamp <= deadline;
    }

    /// @dev How many links of its chain a person has revealed, told from the last one.
    function _revealedBy(uint256 who) private view returns (uint256 number) {
        uint256 index = _indexOf(who);
        if (!rules.isRandom || index > PEOPLE) return 0;
        bytes32 last = this.entry(index).link;
        while (_linkOf(who, number) != last) ++number;
    }

    function _whoIs(uint256 index) private view returns (uint256 who) {
        while (_indexOf(who) != index) ++who;
    }
}
