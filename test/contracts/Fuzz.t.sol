// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ballot, Config, ExperimentId, Outcome, Selection, SignedVote} from "../../contracts/ICollectiveLearning.sol";
import {BallotBox, Lane, Lanes, Stage, Votes} from "../../contracts/libraries/Ballots.sol";
import {Batch, Batches} from "../../contracts/libraries/Batches.sol";
import {Lots} from "../../contracts/libraries/Lots.sol";
import {Signatures} from "../../contracts/libraries/Signatures.sol";
import {TraitBits, Traits} from "../../contracts/libraries/Traits.sol";
import {Messages, VoteMessage} from "./invariants/Messages.sol";
import {VM} from "./Vm.sol";

/// @dev The order of secp256k1: keys are below it.
uint256 constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

function keyFrom(uint256 seed) pure returns (uint256) {
    return (seed % (ORDER - 1)) + 1;
}

contract LotsTest {
    function testFuzz_theDrawnOneIsOfTheSetAndHasTheLowestLot(bytes32 seed, uint256 set) public pure {
        VM.assume(set != 0);
        uint256 drawn = Lots.draw(seed, set);
        assert((set >> drawn) & 1 == 1);
        bytes32 least = keccak256(abi.encode(seed, drawn));
        for (uint256 i = 0; i < 256; ++i) {
            if ((set >> i) & 1 == 1) assert(keccak256(abi.encode(seed, i)) >= least);
        }
    }

    function testFuzz_whoIsNotDrawnChangesNothingByLeaving(bytes32 seed, uint256 set, uint8 leaver) public pure {
        VM.assume(set != 0);
        uint256 drawn = Lots.draw(seed, set);
        if (drawn != leaver) assert(Lots.draw(seed, set & ~(1 << uint256(leaver))) == drawn);
    }

    function testFuzz_aLinkTellsTheOneBeforeIt(bytes32 link) public pure {
        assert(Lots.previous(link) == keccak256(bytes.concat(link)));
    }

    function testFuzz_allThatIsMixedInMatters(bytes32 seed, bytes32 entropy, bytes32 other) public pure {
        VM.assume(entropy != other);
        assert(Lots.mix(seed, entropy) != Lots.mix(seed, other));
        assert(Lots.mix(entropy, seed) != Lots.mix(other, seed));
        assert(Lots.mix(seed, entropy) == keccak256(bytes.concat(seed, entropy)));
    }
}

contract TraitsTest {
    function testFuzz_eachChoiceIsReadBackAsItWasMade(bool lot, bool seals, address stakes, bool early) public view {
        Config memory config;
        config.selection = lot ? Selection.Random : Selection.RoundRobin;
        config.ballot = seals ? Ballot.Sealed : Ballot.Open;
        config.stakes = stakes;
        config.earlyDecision = early;
        Traits traits = this.chosenIn(config);
        assert(traits.isRandom() == lot);
        assert(traits.isSealed() == seals);
        assert(traits.isStaked() == (stakes != address(0)));
        assert(traits.decidesEarly() == early);
    }

    function chosenIn(Config calldata config) external pure returns (Traits) {
        return TraitBits.chosenIn(config);
    }
}

contract SealedLanesTest {
    BallotBox private _box;

    function testFuzz_aSealedVoteIsNeitherUntilItIsRevealedAsWhatItIs(
        uint64 voters,
        uint8 index,
        bool approve
    ) public pure {
        VM.assume((voters >> (index % 64)) & 1 == 1);
        Lane empty = Lanes.terms(9, 1, 0x70, Stage.Seal, false, Outcome.Open).create(voters, 0);
        assert(empty.awaits(index, Stage.Seal) && !empty.awaits(index, Stage.Vote) && !empty.isSealed(index));
        Lane sealed_ = empty.seal(index);
        assert(sealed_.isSealed(index) && sealed_.hasVoted(index) && !sealed_.awaits(index, Stage.Seal));
        Lane open = sealed_.openReveal(77);
        assert(open.takes(Stage.Reveal) && open.deadline() == 77 && open.voters() == voters);
        Lane revealed = open.reveal(index, approve);
        assert(!revealed.isSealed(index) && revealed.isRevealed());
        uint256 bit = 1 << (index % 64);
        assert(revealed.approvals() == (approve ? bit : 0));
        assert(revealed.rejections() == (approve ? 0 : bit));
    }

    function testFuzz_aLaneIsCompleteOnceAllItsVotersVotedOrSealed(
        uint64 voters,
        uint64 votes,
        uint64 seals
    ) public pure {
        Lane lane = Lanes.terms(9, 1, 0x70, Stage.Seal, false, Outcome.Open).create(voters, 0);
        votes &= voters;
        seals &= voters;
        for (uint256 i = 0; i < 64; ++i) {
            if ((seals >> i) & 1 == 1) lane = lane.seal(i);
            else if ((votes >> i) & 1 == 1) lane = lane.cast(i, i % 2 == 0);
        }
        assert(lane.isComplete() == ((votes | seals) == voters));
        assert(lane.isRevealed() == (seals == 0));
    }

    /// @dev Votes recorded at once, over all lanes; then some of what is sealed is revealed.
    function testFuzz_aBoxKeepsVotesAndSealsApart(uint256 voters, uint256 given, uint256 seals, uint256 yes) public {
        VM.assume(voters != 0);
        given &= voters;
        seals &= voters & ~given;
        _box.open(voters, Lanes.terms(9, 1, 0x55, Stage.Seal, true, Outcome.Open));
        Votes memory votes = _box.read();
        votes.approvals = (given & yes) | seals;
        votes.rejections = (given & ~yes) | seals;
        _box.record(votes);
        _box.openReveal(50);
        votes = _box.read();
        assert(votes.voters == voters && votes.seals == seals);
        assert(votes.approvals == given & yes && votes.rejections == given & ~yes);
        assert(votes.missing() == voters & ~given);
        for (uint256 n = 0; n < 4; ++n) {
            if (n > 0 && voters >> (64 * n) == 0) break;
            assert(_box.lanes[n].lane.takes(Stage.Reveal) && _box.lanes[n].lane.deadline() == 50);
        }
    }
}

contract SignaturesTest {
    function testFuzz_onlyTheSignerOfThisHashIsTakenForIt(
        uint256 seed,
        bytes32 hash,
        uint256 other,
        uint8 bit
    ) public view {
        (uint256 key, uint256 another) = (keyFrom(seed), keyFrom(other));
        VM.assume(key != another);
        address account = VM.addr(key);
        (bytes32 r, bytes32 vs) = Messages.signCompactly(key, hash);
        assert(Signatures.isValidForKey(account, hash, r, vs));
        assert(!Signatures.isValidForKey(VM.addr(another), hash, r, vs));
        assert(!Signatures.isValidForKey(account, hash ^ bytes32(1 << uint256(bit)), r, vs));
        assert(!Signatures.isValidForKey(address(0), hash, r, bytes32(0)));
        assert(this.isValid(account, hash, Messages.sign(key, hash)));
        assert(!this.isValid(account, hash, Messages.sign(another, hash)));
    }

    function testFuzz_nobodyIsTakenForWhatAnythingElseSays(
        address account,
        bytes32 hash,
        bytes calldata noise
    ) public view {
        VM.assume(account.code.length == 0 && uint160(account) > 0xffff);
        assert(!Signatures.isValid(account, hash, noise));
        assert(!Signatures.isValidForContract(account, hash, noise));
        assert(!Signatures.isValidForKey(address(0), hash, hash, hash));
    }

    function isValid(address account, bytes32 hash, bytes calldata signature) external view returns (bool) {
        return Signatures.isValid(account, hash, signature);
    }
}

contract BatchesTest {
    function testFuzz_aVoteIsTakenIfItsVoterSignedAllOfIt(
        uint256 seed,
        bytes32 domain,
        VoteMessage memory message,
        uint8 changed
    ) public view {
        uint256 key = keyFrom(seed);
        message.voter = VM.addr(key);
        (bytes32 r, bytes32 vs) = Messages.signCompactly(key, Messages.hashVote(domain, message));
        assert(this.take(domain, message, r, vs));

        VoteMessage memory other = VoteMessage({
            experiment: message.experiment ^ (changed % 7 == 0 ? 1 : 0),
            round: message.round ^ (changed % 7 == 1 ? 1 : 0),
            proposal: message.proposal ^ bytes32(uint256(changed % 7 == 2 ? 1 : 0)),
            voter: changed % 7 == 3 ? address(this) : message.voter,
            approve: changed % 7 == 4 ? !message.approve : message.approve,
            score: message.score ^ (changed % 7 == 5 ? int64(1) : int64(0))
        });
        bytes32 elsewhere = domain ^ bytes32(uint256(changed % 7 == 6 ? 1 : 0));
        assert(!this.take(elsewhere, other, r, vs));
    }

    function take(bytes32 domain, VoteMessage memory m, bytes32 r, bytes32 vs) external view returns (bool) {
        return this.takeSigned(domain, m, SignedVote({score: m.score, r: r, vs: vs}), new bytes[](0));
    }

    function takeSigned(
        bytes32 domain,
        VoteMessage memory m,
        SignedVote calldata signed,
        bytes[] calldata none
    ) external view returns (bool taken) {
        Batch memory batch = Batches.create(domain, ExperimentId.wrap(m.experiment), m.round, m.proposal, 2);
        taken = batch.take(m.voter, m.approve, signed, none);
        batch.close();
        assert(batch.voters.length == (taken ? 1 : 0) && batch.scores.length == batch.voters.length);
        if (!taken) return false;
        assert(batch.voters[0] == m.voter && batch.scores[0] == m.score && batch.approvals == (m.approve ? 1 : 0));
    }

    function testFuzz_theDigestOfAListGrowsByOneLearner(address[] calldata learners, address more) public view {
        bytes32 listed = Batches.digestOf(learners);
        address[] memory longer = new address[](learners.length + 1);
        for (uint256 i = 0; i < learners.length; ++i) longer[i] = learners[i];
        longer[learners.length] = more;
        assert(this.digestOf(longer) == Batches.list(listed, more));
        assert(listed != Batches.list(listed, more));
    }

    function digestOf(address[] calldata learners) external pure returns (bytes32) {
        return Batches.digestOf(learners);
    }
}
