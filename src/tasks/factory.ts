/** What can be learned here: data loaders, models and tasks by name. */
import { UserError } from "../errors.ts";
import type { DataLoader } from "./data-loader.ts";
import type { ModelDefinition } from "./model.ts";
import type { ComposedTask } from "./task.ts";

/**
 * A registry after `FactoryRegistry` of fetchai/colearn: whatever is registered can be named in a manifest. A model is
 * registered after the data loaders that it declares itself compatible with.
 */
export class LearnerFactory {
  readonly #dataLoaders = new Map<string, DataLoader>();
  readonly #models = new Map<string, ModelDefinition>();
  readonly #tasks = new Map<string, ComposedTask>();

  /** @throws TypeError where the name is taken */
  registerDataLoader(loader: DataLoader): this {
    return this.#add(this.#dataLoaders, "data loader", loader);
  }

  /** @throws TypeError where the name is taken, or a compatible data loader is not registered */
  registerModel(model: ModelDefinition): this {
    const unknown = model.compatible.find((name) => !this.#dataLoaders.has(name));
    if (unknown !== undefined) {
      throw new TypeError(`the model ${model.name} takes samples of ${unknown}, which is no data loader here`);
    }
    return this.#add(this.#models, "model", model);
  }

  /** Registers the task, and its data loader and model where that was not done before. */
  registerTask(task: ComposedTask): this {
    if (this.#dataLoaders.get(task.data.name) !== task.data) this.registerDataLoader(task.data);
    if (this.#models.get(task.model.name) !== task.model) this.registerModel(task.model);
    return this.#add(this.#tasks, "task", task);
  }

  /** In the order of registration, as are the others. */
  get tasks(): readonly ComposedTask[] {
    return [...this.#tasks.values()];
  }

  get dataLoaders(): readonly DataLoader[] {
    return [...this.#dataLoaders.values()];
  }

  get models(): readonly ModelDefinition[] {
    return [...this.#models.values()];
  }

  /** Names of the data loaders that each model takes samples of. */
  get compatibilities(): ReadonlyMap<string, readonly string[]> {
    return new Map(this.models.map(({ name, compatible }) => [name, compatible]));
  }

  /** @throws UserError `unknown-task` with the names there are */
  task(name: string): ComposedTask {
    const task = this.#tasks.get(name);
    if (task !== undefined) return task;
    throw new UserError("unknown-task", `no task is called ${JSON.stringify(name)}`, {
      remedy: `use one of: ${[...this.#tasks.keys()].join(", ")}, or give the module of one of your own with --learner`,
    });
  }

  #add<T extends { readonly name: string }>(kind: Map<string, T>, what: string, entry: T): this {
    if (kind.has(entry.name)) throw new TypeError(`there is a ${what} called ${entry.name} already`);
    kind.set(entry.name, entry);
    return this;
  }
}
