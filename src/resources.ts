/**
 * What was opened, to be closed in the opposite order: the part of `AsyncDisposableStack` that is used here, since Node 22
 * has none.
 */
export class Resources implements AsyncDisposable {
  readonly #closings: (() => unknown)[] = [];

  /** @returns the resource, which is closed in the end */
  use<T extends AsyncDisposable>(resource: T): T {
    this.defer(() => resource[Symbol.asyncDispose]());
    return resource;
  }

  defer(close: () => unknown): void {
    this.#closings.push(close);
  }

  /** Closes all, whatever fails. @throws the first failure */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#closings.pop(); close !== undefined; close = this.#closings.pop()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
