import { base58btc } from "multiformats/bases/base58";
import * as Digest from "multiformats/hashes/digest";

const IDENTITY = 0x00;
/** A protobuf of an ed25519 public key: type 1, then 32 bytes. */
const KEY_PREFIX = [0x08, 0x01, 0x12, 0x20];

/** Peer ids that nobody has, another for each number. */
export function peerIdOf(number: number): string {
  const key = new Uint8Array(36);
  key.set(KEY_PREFIX);
  new DataView(key.buffer).setUint32(32, number);
  return base58btc.baseEncode(Digest.create(IDENTITY, key).bytes);
}
