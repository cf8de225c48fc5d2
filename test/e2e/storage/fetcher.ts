/**
 * A store in a process of its own, to be killed: `node fetcher.ts <directory> <content id> <provider>`. It prints the
 * number of bytes it has so far, line by line, and `done` at the end.
 */
import { openHeliaStore } from "../../../src/storage/helia.ts";
import { parseContentId } from "../../../src/weights/content-id.ts";

const [directory = "", id = "", provider = ""] = process.argv.slice(2);
const store = await openHeliaStore({ directory });
await store.get(parseContentId(id), {
  maxBytes: 1e9,
  providers: [provider],
  onProgress: (bytes) => process.stdout.write(`${bytes}\n`),
});
process.stdout.write("done\n");
await store.stop();
