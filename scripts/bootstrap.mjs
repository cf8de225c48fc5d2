// Set-up before `npm start` and `npm test`, in plain JavaScript that Node 20 runs: installs what the lock file
// says, under a Node new enough for npm to take the packages that need one. Does nothing when nothing changed.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const NODE = "24.21.0";

const modified = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (modified("node_modules/.package-lock.json") < modified("package-lock.json")) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const recent = major > 22 || (major === 22 && minor >= 19);
  process.stderr.write("Installing dependencies (once; it takes a few minutes)…\n");
  const flags = ["--no-fund", "--no-audit", "--loglevel=error"];
  const [command, args] = recent
    ? ["npm", ["ci", ...flags]]
    : ["npx", ["--yes", `--package=node@${NODE}`, "-c", `npm ci ${flags.join(" ")}`]];
  // npm's own words go to stderr: standard output belongs to the command that follows (`npm start -- --json`).
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    process.stderr.write("npm ci failed: see above. Check the network, then run the same command again.\n");
    process.exit(status ?? 1);
  }
}
