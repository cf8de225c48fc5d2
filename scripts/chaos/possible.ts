/** What can fail on this machine. */
import { anvilProgram } from "../anvil/start.ts";
import type { FaultKind } from "./plan.ts";
import { SmallDisk } from "./small-disk.ts";

/** Faults that cannot be made here: to fill a disk, root on Linux is needed; to restart the chain, anvil. */
export async function impossibleHere(): Promise<FaultKind[]> {
  const without: FaultKind[] = [];
  if (!(await SmallDisk.isPossible())) without.push("full disk");
  if (anvilProgram() === undefined) without.push("restart of the chain");
  return without;
}
