import { stderr, stdout } from "node:process";
import { isatty } from "node:tty";

import colors from "picocolors";
import { pino, type Logger } from "pino";
import pretty from "pino-pretty";

/** Colours, off where standard output is not a terminal (or NO_COLOR is set). */
export const paint = colors.createColors(isatty(stdout.fd) && !process.env.NO_COLOR);

export function print(...lines: readonly string[]): void {
  for (const line of lines) stdout.write(`${line}\n`);
}

/** One JSON document. */
export function printJson(value: unknown): void {
  stdout.write(`${JSON.stringify(value, bigintAsNumber, 2)}\n`);
}

/** One line of JSON, for a stream of them. */
export function printJsonLine(value: unknown): void {
  stdout.write(`${JSON.stringify(value, bigintAsNumber)}\n`);
}

/** Ids are small; what no number holds exactly becomes text. */
function bigintAsNumber(_key: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

/** Logs go to standard error: for people on a terminal, as JSON lines otherwise. */
export function createLogger(level: string): Logger {
  if (!stderr.isTTY) return pino({ level }, pino.destination(2));
  const options = {
    colorize: !process.env.NO_COLOR,
    ignore: "pid,hostname",
    translateTime: "HH:MM:ss",
    destination: 2,
  };
  return pino({ level }, pretty({ ...options, sync: true }));
}

/** A line that is rewritten while something takes long; silent where standard error is not a terminal. */
export function progress(text: string): void {
  if (stderr.isTTY) stderr.write(`\r\u001b[2K${text}`);
}

export function progressDone(): void {
  if (stderr.isTTY) stderr.write("\r\u001b[2K");
}
