import { type BackendChoice, useBackend } from "../learning/tfjs/backend.ts";
import { ok, warning, type Finding } from "./finding.ts";

export async function examineBackend(choice: BackendChoice): Promise<Finding> {
  const { name, description } = await useBackend(choice);
  if (name !== "cpu") return ok("backend", description);
  return warning("backend", description, "leave --backend out: others are many times faster");
}
