// Loaded into a node's process before all else (NODE_OPTIONS=--import …): its clock is wrong by as many milliseconds as the
// file CHAOS_CLOCK says, and the file may change at any time.
import { readFileSync, watchFile } from "node:fs";

const path = process.env.CHAOS_CLOCK;
const right = Date.now.bind(Date);
let wrongBy = 0;

function look() {
  try {
    wrongBy = Number(readFileSync(path, "utf8")) || 0;
  } catch {
    wrongBy = 0;
  }
}

look();
watchFile(path, { interval: 250, persistent: false }, look);
Date.now = () => right() + wrongBy;
globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length === 0 ? [right() + wrongBy] : args));
  }
};
