import { createReadStream, fstatSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { stdin, stderr } from "node:process";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text as streamText } from "node:stream/consumers";

import { UserError } from "../../errors.ts";

/** Where a passphrase is read from; without either, from the terminal. */
export interface PassphraseOptions {
  readonly passphraseFile?: string | undefined;
  readonly passphraseFd?: number | undefined;
}

/** A keystore is worth as much as its passphrase, should the file be stolen. */
const SHORTEST = 8;
const REMEDY = "give it with --passphrase-file or --passphrase-fd";

/**
 * The passphrase of a keystore.
 * @param what the keystore, for people
 * @throws UserError where there is none to be had
 */
export async function readPassphrase(options: PassphraseOptions, what: string): Promise<string> {
  return (await readGiven(options)) ?? ask(`Passphrase of ${what}: `, what);
}

/**
 * A passphrase for a new keystore: asked for twice at the terminal.
 * @throws UserError where it is too short, or the second is another
 */
export async function choosePassphrase(options: PassphraseOptions, what: string): Promise<string> {
  const given = await readGiven(options);
  const passphrase = given ?? (await ask(`New passphrase of ${what}: `, what));
  if (passphrase.length < SHORTEST) {
    throw new UserError("passphrase", `the passphrase has fewer than ${SHORTEST} characters`, {
      remedy: "take a longer one: some words that nobody guesses",
    });
  }
  if (given === undefined && (await ask("The same once more: ", what)) !== passphrase) {
    throw new UserError("passphrase", "the two passphrases differ", { remedy: "try again" });
  }
  return passphrase;
}

async function readGiven({ passphraseFile, passphraseFd }: PassphraseOptions): Promise<string | undefined> {
  if (passphraseFile !== undefined && passphraseFd !== undefined) {
    throw new UserError("passphrase", "--passphrase-file and --passphrase-fd exclude each other", {
      remedy: "give one of them",
    });
  }
  if (passphraseFd !== undefined) return withoutLineEnd(await readDescriptor(passphraseFd));
  if (passphraseFile === undefined) return undefined;
  warnOfReaders(passphraseFile, "passphrase");
  return withoutLineEnd(await readTextFile(passphraseFile, "passphrase"));
}

function withoutLineEnd(text: string): string {
  return text.replace(/[\r\n]+$/, "");
}

async function readDescriptor(fd: number): Promise<string> {
  try {
    const stat = fstatSync(fd);
    // What this program has open for itself would never end.
    if (!stat.isFile() && !stat.isFIFO() && !stat.isSocket()) throw new Error("it is neither a file nor a pipe");
    return await streamText(createReadStream("", { fd, autoClose: false }));
  } catch {
    throw new UserError("passphrase", `no passphrase can be read from file descriptor ${fd}`, {
      remedy: `open it: \`--passphrase-fd ${fd} ${fd}< FILE\``,
    });
  }
}

/** @throws UserError that names the file, and what it should have held */
export async function readTextFile(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new UserError(what, `the ${what} file ${file} cannot be read`, { remedy: "check its path", cause });
  }
}

/** Whether anybody but its owner can read a file. */
export function isReadByOthers(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && stat.isFile() && (stat.mode & 0o077) !== 0 && process.platform !== "win32";
}

export function warnOfReaders(file: string, what: string): void {
  if (!isReadByOthers(file)) return;
  stderr.write(`warning: others can read the ${what} in ${file}; \`chmod 600 ${file}\` mends it\n`);
}

/** Asks without showing what is typed. */
async function ask(question: string, what: string): Promise<string> {
  if (!stdin.isTTY) {
    throw new UserError("passphrase", `${what} needs a passphrase, and there is no terminal to ask at`, {
      remedy: REMEDY,
    });
  }
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  // From here on the terminal shows nothing: only now is it time to ask.
  const prompt = createInterface({ input: stdin, output: silent, terminal: true });
  stderr.write(question);
  // Ctrl-C and Ctrl-D close it, and the question would wait for ever.
  const closed = new Promise<never>((_resolve, reject) => {
    const leave = () => reject(new UserError("passphrase", "no passphrase was given", { remedy: REMEDY }));
    prompt.once("SIGINT", leave).once("close", leave);
  });
  closed.catch(() => undefined);
  try {
    return await Promise.race([prompt.question(""), closed]);
  } finally {
    prompt.close();
    stderr.write("\n");
  }
}
