/**
 * Starts one attempt after the other: the next one as soon as one comes to nothing, or when patience with the last one
 * ends, which may win all the same.
 * @param attempts give nothing where they come to nothing, and never throw
 * @returns what the first attempt gave that came to something, or nothing when all are over
 */
export function firstOf<T extends object>(
  attempts: readonly (() => Promise<T | undefined>)[],
  patienceMilliseconds: number,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let next = 0;
    let open = 0;
    let timer: NodeJS.Timeout | undefined;
    const startNext = () => {
      clearTimeout(timer);
      const attempt = attempts[next++];
      if (attempt === undefined) {
        if (open === 0) resolve(undefined);
        return;
      }
      open++;
      timer = setTimeout(startNext, patienceMilliseconds);
      attempt().then((result) => {
        open--;
        if (result === undefined) {
          startNext();
          return;
        }
        clearTimeout(timer);
        next = attempts.length;
        resolve(result);
      }, reject);
    };
    startNext();
  });
}
