/** Tests that mostly wait, run at once: each is told of by itself. They must share nothing. */
export function sideBySide(tests: Readonly<Record<string, () => Promise<void>>>): void {
  const outcomes = new Map<string, Promise<unknown>>();
  before(() => {
    for (const [title, test] of Object.entries(tests)) {
      outcomes.set(
        title,
        test().then(
          () => undefined,
          (error: unknown) => error,
        ),
      );
    }
  });
  for (const title of Object.keys(tests)) {
    it(title, async () => {
      const failure = await outcomes.get(title);
      if (failure !== undefined) throw failure as Error;
    });
  }
  after(() => Promise.all(outcomes.values()));
}
