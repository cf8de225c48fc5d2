// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CollectiveLearning} from "../../../contracts/CollectiveLearning.sol";
import {
    Admission,
    Ballot as BallotKind,
    Config,
    ContentId,
    ExperimentId,
    Selection,
    Status
} from "../../../contracts/ICollectiveLearning.sol";
import {VM} from "../Vm.sol";
import {Account, Rules} from "./Account.sol";
import {Messages} from "./Messages.sol";

/// @title Six people with keys, the experiment they may join, and how they send what they do
abstract contract Actors is Account {
    uint256 public constant PEOPLE = 6;
    ExperimentId public constant ID = ExperimentId.wrap(1);
    address internal constant STRANGER = address(0xABCD);
    uint256 internal constant PLACES = 5;
    uint256 private constant KEYS_FROM = 0xC01EA2;

    CollectiveLearning public immutable LEDGER;
    bytes32 internal immutable DOMAIN;

    /// @notice The first deed of which ledger and account differ whether it may be done. Empty: there is none.
    string public surprise;

    address[] private _people;
    /// @dev Who joined, in this order: places among the people.
    uint256[] private _joined;
    mapping(uint256 who => uint256 place) private _places;
    bytes private _lastRequest;

    constructor(CollectiveLearning ledger) {
        LEDGER = ledger;
        DOMAIN = Messages.domainOf(block.chainid, address(ledger));
        for (uint256 who = 0; who < PEOPLE; ++who) _people.push(VM.addr(_keyOf(who)));
    }

    /// @dev The first deed of all draws the rules: all kinds of experiments have their turn.
    modifier inWorld(uint256 seed) {
        if (status == Status.None) _create(uint256(keccak256(abi.encode(seed))));
        _;
    }

    function personAt(uint256 index) public view returns (address) {
        return _people[_joined[index]];
    }

    function _personOf(uint256 who) internal view returns (address) {
        return _people[who];
    }

    function _keyOf(uint256 who) internal pure returns (uint256) {
        return KEYS_FROM + who;
    }

    function _keyAt(uint256 index) internal view returns (uint256) {
        return _keyOf(_joined[index]);
    }

    /// @dev The index of a person who never joined is one that nobody has.
    function _indexOf(uint256 who) internal view returns (uint256) {
        return _places[who] == 0 ? type(uint256).max : _places[who] - 1;
    }

    function _noteIndex(uint256 who) internal {
        _joined.push(who);
        _places[who] = _joined.length;
    }

    /// @dev The hash chain of a person, from its end: link 0 is given when joining.
    function _linkOf(uint256 who, uint256 number) internal pure returns (bytes32 link) {
        link = keccak256(abi.encode("chain of", who));
        for (uint256 i = number; i < ROUNDS; ++i) link = keccak256(abi.encode(link));
    }

    /// @dev One deed in four is signed and sent by a stranger, after others that only look like it, and then once more.
    function _does(uint256 who, bytes memory call, uint256 way) internal returns (bool done) {
        address learner = _people[who];
        if (way % 4 != 0) return _send(learner, call);
        uint256 nonce = LEDGER.nonces(learner);
        uint256 end = block.timestamp + (way % 8 == 0 ? 0 : 1000);
        _tryForged(who, call, nonce, way / 4);
        bytes32 hash = Messages.hashCall(DOMAIN, learner, call, nonce, end);
        bytes memory request = _requestOf(learner, call, end, _keyOf(who), hash);
        done = _send(STRANGER, request);
        if (done) _lastRequest = request;
        _wonder("a nonce was not used up", LEDGER.nonces(learner) != nonce + (done ? 1 : 0));
        _replayCall();
    }

    /// @dev What was done by signature is not done again, though it might be done now by another one.
    function _replayCall() internal {
        if (_lastRequest.length > 0) _wonder("a signed call counted twice", _send(STRANGER, _lastRequest));
    }

    function _tryForged(uint256 who, bytes memory call, uint256 nonce, uint256 kind) private {
        kind %= 6;
        address learner = _people[who];
        uint256 end = kind == 0 ? block.timestamp - 1 : block.timestamp;
        bytes32 domain = DOMAIN;
        if (kind == 1) domain = Messages.domainOf(block.chainid + 1, address(LEDGER));
        if (kind == 2) domain = Messages.domainOf(block.chainid, address(this));
        bytes32 hash = Messages.hashCall(
            domain,
            kind == 3 ? _people[(who + 1) % PEOPLE] : learner,
            call,
            kind == 4 ? nonce + 1 : nonce,
            end
        );
        uint256 key = _keyOf(kind == 5 ? (who + 1) % PEOPLE : who);
        if (_send(STRANGER, _requestOf(learner, call, end, key, hash))) _wonder("a forged call counted", true);
    }

    function _requestOf(
        address learner,
        bytes memory call,
        uint256 end,
        uint256 key,
        bytes32 hash
    ) private view returns (bytes memory) {
        return abi.encodeCall(LEDGER.executeBySig, (learner, call, end, Messages.sign(key, hash)));
    }

    /// @dev The first experiment is theirs; the second only so that there is another one to sign votes for.
    function _create(uint256 seed) private {
        uint16[5] memory approvals = [0, 4999, 5000, 6666, 9999];
        _noteCreated(
            Rules({
                isSealed: seed & 1 == 1,
                isRandom: seed & 2 == 2,
                early: seed & 4 == 4,
                approvalBps: approvals[(seed >> 3) % approvals.length]
            })
        );
        for (uint256 i = 0; i < 2; ++i) LEDGER.createExperiment(_config());
    }

    function _config() private view returns (Config memory) {
        return
            Config({
                manifest: ContentId(keccak256("manifest"), 0x55),
                weights: ContentId(weights, 0x55),
                rounds: uint32(ROUNDS),
                minLearners: uint16(LEAST),
                maxLearners: uint16(PLACES),
                approvalBps: rules.approvalBps,
                proposeWindow: uint32(PROPOSE_WINDOW),
                voteWindow: uint32(VOTE_WINDOW),
                pauseLimit: uint32(PAUSE_LIMIT),
                enrolmentDeadline: uint40(deadline),
                admission: Admission.Open,
                selection: rules.isRandom ? Selection.Random : Selection.RoundRobin,
                ballot: rules.isSealed ? BallotKind.Sealed : BallotKind.Open,
                earlyDecision: rules.early,
                revealWindow: rules.isSealed ? uint32(REVEAL_WINDOW) : 0,
                stakes: address(0)
            });
    }

    function _send(address sender, bytes memory call) internal returns (bool done) {
        VM.prank(sender);
        (done, ) = address(LEDGER).call(call);
    }

    function _wonder(string memory deed, bool differs) internal {
        if (differs && bytes(surprise).length == 0) surprise = deed;
    }
}
