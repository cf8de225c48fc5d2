import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { create } from "kubo-rpc-client";

import { DiskBlockstore } from "../../../src/storage/disk-blockstore.ts";
import { openHeliaStore } from "../../../src/storage/helia.ts";
import { openKuboStore } from "../../../src/storage/kubo.ts";
import { RAW } from "../../../src/weights/content-id.ts";
import { storeContract } from "./contract.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

storeContract("Helia", async () => {
  const directory = await temporaryDirectory();
  const store = await openHeliaStore({ directory: directory.path });
  const blocks = new DiskBlockstore(join(directory.path, "blocks"));
  return {
    store,
    async plant({ cid, bytes }) {
      await blocks.put(cid, bytes);
    },
    async close() {
      await store.stop();
      await directory.remove();
    },
  };
});

storeContract("Kubo", async () => {
  const directory = await temporaryDirectory();
  const daemon = spawn(process.execPath, [join(import.meta.dirname, "kubo-daemon.ts"), directory.path], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(daemon, "exit");
  const [line] = (await once(daemon.stdout, "data")) as [Buffer];
  const url = line.toString().trim();
  const client = create({ url });
  const store = await openKuboStore({ url });
  return {
    store,
    async plant({ cid, bytes }) {
      const format = cid.code === RAW ? "raw" : "dag-pb";
      await client.block.put(bytes, { format, mhtype: "sha2-256", version: 1 });
    },
    async close() {
      await store.stop();
      daemon.stdin.end();
      await exited;
      await directory.remove();
    },
  };
});
