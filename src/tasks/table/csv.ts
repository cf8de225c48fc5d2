/**
 * CSV files, plain or gzip'ed, row by row: a file costs the memory of a block of its rows. Papa Parse reads them; what is
 * here is how a stream is cut into blocks, and errors that name file and row.
 */
import { type FileHandle, open } from "node:fs/promises";

import Papa from "papaparse";

import { UserError } from "../../errors.ts";
import { Resources } from "../../resources.ts";
import { findFile, openUnpacked } from "../files.ts";

/** A row is refused beyond this: a quote that nobody closes must not take the whole file into memory, again and again. */
const MAX_ROW_LENGTH = 4 << 20;

export interface Row {
  /** From 1; a header counts. */
  readonly number: number;
  readonly cells: readonly string[];
}

/** What is wrong with a row, thrown by whoever looks at its cells and does not know the file. */
export class RowFault extends Error {}

/** @throws UserError `data-malformed` in place of what was thrown, if that is a RowFault */
export function atRow(path: string, row: number, error: unknown): unknown {
  if (!(error instanceof RowFault)) return error;
  return new UserError("data-malformed", `row ${row} of ${path}: ${error.message}`, { cause: error });
}

/**
 * The first of the files that is in the folder, plain or with .gz.
 * @throws UserError `data-missing`
 */
export async function findTable(folder: string, names: readonly string[], remedy: string): Promise<string> {
  const path = await findFile(folder, names);
  if (path !== undefined) return path;
  throw new UserError("data-missing", `there is no file ${names.join(" or ")} in ${folder}`, { remedy });
}

/**
 * A file's rows in blocks, without the empty ones.
 * @throws UserError `data-unreadable`, or `data-malformed` naming the row
 */
export async function* readRows(path: string): AsyncGenerator<readonly Row[]> {
  const parser = new Papa.Parser({ delimiter: ",", newline: "\n" });
  let rest = "";
  let count = 0;
  const take = (isLast: boolean): Row[] => {
    const { data, errors, meta } = parser.parse(rest, 0, !isLast) as Papa.ParseResult<string[]>;
    const fault = errors[0];
    if (fault !== undefined) throw atRow(path, count + (fault.row ?? 0) + 1, new RowFault(fault.message));
    rest = isLast ? "" : rest.slice(meta.cursor);
    const rows: Row[] = [];
    for (const cells of data) {
      count++;
      const last = cells.length - 1;
      cells[last] = cells[last]?.replace(/\r$/, "") ?? "";
      if (last > 0 || cells[0]?.trim() !== "") rows.push({ number: count, cells });
    }
    return rows;
  };
  for await (const text of readText(path)) {
    rest += text;
    yield take(false);
    if (rest.length > MAX_ROW_LENGTH) throw atRow(path, count + 1, new RowFault("it does not end: is a quote open?"));
  }
  yield take(true);
}

async function* readText(path: string): AsyncGenerator<string> {
  let isFirst = true;
  try {
    for await (const text of openUnpacked(path).setEncoding("utf8") as AsyncIterable<string>) {
      yield isFirst ? text.replace(/^\uFEFF/, "") : text;
      isFirst = false;
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isBroken = code?.startsWith("Z_") === true;
    throw new UserError(
      isBroken ? "data-malformed" : "data-unreadable",
      `${path} ${isBroken ? "is not a whole gzip file" : "cannot be read"}: ${message}`,
      { cause: error },
    );
  }
}

/** Whose row it is: one target's, all of them's, or nobody's. */
export type OwnerOfRow = (row: Row) => number | "everyone" | undefined;

/**
 * Copies a file's rows to the new files of those who own them, going through it once, in its order.
 * @throws UserError as `readRows`
 */
export async function dealRows(path: string, targets: readonly string[], ownerOf: OwnerOfRow): Promise<void> {
  await using files = new Resources();
  const handles: FileHandle[] = [];
  for (const target of targets) handles.push(files.use(await open(target, "wx")));
  for await (const rows of readRows(path)) {
    const parts: string[][][] = handles.map(() => []);
    for (const row of rows) {
      const owner = ownerOf(row);
      if (owner === "everyone") for (const part of parts) part.push([...row.cells]);
      else if (owner !== undefined) parts[owner]?.push([...row.cells]);
    }
    for (const [index, part] of parts.entries()) {
      if (part.length > 0) await handles[index]?.writeFile(`${Papa.unparse(part, { newline: "\n" })}\n`);
    }
  }
}
