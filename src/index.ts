/**
 * The package's interface for programs: read and write the ledger, run a node with a learner of one's own, audit, take a model
 * home. What is not here is the program's own and may change in any version.
 */
export { audit } from "./audit/audit.ts";
export { ColearnError, UserError } from "./errors.ts";
export { isBetter } from "./learning/interface.ts";
export type { Evaluation, MachineLearningInterface, Metric, Model, WorkOptions } from "./learning/interface.ts";
export { connect, requireContract } from "./ledger/connect.ts";
export { deployContract, deployStakes } from "./ledger/deploy.ts";
export { RevertError } from "./ledger/errors.ts";
export { Ledger } from "./ledger/ledger.ts";
export { Transactor } from "./ledger/transactor.ts";
export type { Done } from "./ledger/done.ts";
export type { CastVote, Experiment, ExperimentConfig, Round, Snapshot } from "./ledger/types.ts";
export type { NodeEvent } from "./node/events.ts";
export { fetchModel, writeModel } from "./node/export.ts";
export { launch } from "./node/launch.ts";
export type { LaunchOptions } from "./node/launch.ts";
export { openStore } from "./node/open-store.ts";
export { publishExperiment } from "./node/publish.ts";
export type { Store } from "./storage/store.ts";
export { formatContentId, parseContentId } from "./weights/content-id.ts";
export type { ContentId } from "./weights/content-id.ts";
export { encodeManifest, parseManifest } from "./weights/manifest.ts";
export type { Manifest } from "./weights/manifest.ts";
export { decodeWeights, encodeWeights } from "./weights/safetensors.ts";
export { specOf } from "./weights/spec.ts";
export type { Weights } from "./weights/weights.ts";
