/** Wire types of protobuf's fields: https://protobuf.dev/programming-guides/encoding/ */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * Whether a protobuf message has more than so many fields, each element of a repeated one counted, without decoding or
 * copying any of them. Fields in nested messages do not count.
 * @throws Error when it is no protobuf as far as it was read
 */
export function hasMoreFieldsThan(message: Uint8Array, most: number): boolean {
  let fields = 0;
  for (let at = 0; at < message.length; fields += 1) {
    if (fields === most) return true;
    const key = readVarint(message, at);
    const wireType = key.value % 8;
    if (wireType === VARINT) at = readVarint(message, key.end).end;
    else if (wireType === FIXED64) at = key.end + 8;
    else if (wireType === FIXED32) at = key.end + 4;
    else if (wireType === BYTES) {
      const length = readVarint(message, key.end);
      at = length.end + length.value;
    } else throw new Error(`protobuf: the wire type ${wireType} at ${at}`);
  }
  return false;
}

/** At most ten bytes of seven bits each; a value beyond exact integers is inexact and large, which is all that matters. */
function readVarint(message: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let index = 0; index < 10; index += 1) {
    const byte = message[start + index];
    if (byte === undefined) break;
    value += (byte % 128) * 2 ** (7 * index);
    if (byte < 128) return { value, end: start + index + 1 };
  }
  throw new Error(`protobuf: no number at ${start}`);
}
