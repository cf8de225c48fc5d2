import { defineConfig } from "hardhat/config";

import config from "../../hardhat.config.ts";
import branches from "./plugin.ts";

/** With folders of its own, so that instrumented contracts never stand where others look for the real ones. */
export default defineConfig({
  ...config,
  plugins: [...(config.plugins ?? []), branches],
  paths: { ...config.paths, artifacts: "./coverage/artifacts", cache: "./coverage/cache" },
  typechain: { ...config.typechain, outDir: "./coverage/types" },
});
