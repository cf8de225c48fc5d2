/** The files of a .tar.gz, one after another: of the old tar format only what is needed to find plain files by name. */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

const BLOCK = 512;
const CHUNK = 1 << 20;
/** Above any file meant here: a wrong header cannot make the reader take much memory. */
const MAX_FILE_BYTES = 1 << 26;
const REGULAR: readonly string[] = ["0", "\0"];

export interface ArchivedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** @throws Error saying why it is no whole archive, or what the file system or zlib throws */
export async function* archivedFiles(path: string): AsyncGenerator<ArchivedFile> {
  const plain = createGunzip({ chunkSize: CHUNK });
  // An error of either stream reaches whoever reads the last one.
  pipeline(createReadStream(path), plain, () => undefined);
  const parts = plain[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  const take = async (size: number): Promise<Buffer> => {
    const chunks = [rest];
    let length = rest.length;
    while (length < size) {
      const next = await parts.next();
      if (next.done) throw new Error(`the archive ends where ${size} more bytes should be`);
      chunks.push(next.value);
      length += next.value.length;
    }
    const all = chunks.length === 1 ? rest : Buffer.concat(chunks, length);
    rest = all.subarray(size);
    return all.subarray(0, size);
  };
  try {
    for (;;) {
      const header = await take(BLOCK);
      if (header.every((byte) => byte === 0)) return;
      const size = parseInt(text(header, 124, 136), 8);
      if (!(size >= 0 && size <= MAX_FILE_BYTES)) throw new Error("a header of the archive holds no sensible size");
      const bytes = (await take(Math.ceil(size / BLOCK) * BLOCK)).subarray(0, size);
      if (REGULAR.includes(String.fromCharCode(header[156] ?? 0))) yield { name: text(header, 0, 100), bytes };
    }
  } finally {
    plain.destroy();
  }
}

function text(header: Buffer, from: number, to: number): string {
  return header.toString("latin1", from, to).replace(/\0.*$/s, "").trim();
}
