import { examine, ok, problem, warning, type Finding } from "../../doctor/finding.ts";
import { othersMay } from "../../doctor/folders.ts";
import type { KeyOptions } from "../options.ts";
import { defaultKeyFolder, findKeyFile } from "./folder.ts";
import { addressIn, isKeystore } from "./keystore.ts";
import { readTextFile } from "./passphrase.ts";

/** What the files tell of the key that signs, without a passphrase. */
export async function examineKey(options: KeyOptions & { readonly home?: string }) {
  let address: string | undefined;
  const findings = [
    await examine("key", async () => {
      if (options.key === undefined) return judgeNoKey(options);
      const file = findKeyFile(options.key, options.keys ?? defaultKeyFolder());
      const text = await readTextFile(file, "key");
      address = addressIn(text);
      if (address === undefined) {
        return problem("key", `${file} does not tell an address`, "give a V3 keystore, or a key in hex");
      }
      if (isKeystore(text)) return ok("key", `${address}, in the keystore ${file}`);
      return warning(
        "key",
        `${address}, in ${file}, is not encrypted`,
        `\`colearn key import NAME ${file}\` encrypts it`,
      );
    }),
    ...examinePrivacy(options),
  ];
  return { findings, address };
}

function judgeNoKey({ devAccount }: KeyOptions): Finding {
  if (devAccount !== undefined) return ok("key", `the public test account ${devAccount}, for a local chain`);
  return problem(
    "key",
    "no key is named: nothing can be signed",
    "make one with `colearn key new`, and name it with --key",
  );
}

/** Who can read what should be the operator's alone. */
function examinePrivacy({ key, keys, passphraseFile, home }: KeyOptions & { readonly home?: string }): Finding[] {
  const folder = keys ?? defaultKeyFolder();
  const files: string[] = [];
  try {
    if (key !== undefined) files.push(findKeyFile(key, folder));
  } catch {
    // Told as the key's own problem.
  }
  if (passphraseFile !== undefined) files.push(passphraseFile);
  const readable = files.filter((file) => othersMay(file) !== undefined);
  const findings = readable.map((file) =>
    problem("privacy", `others can read ${file}`, `\`chmod 600 ${file}\`; take a new key if others were there`),
  );
  if (home !== undefined && othersMay(home) === "write") {
    findings.push(warning("privacy", `others can write to ${home}`, `\`chmod go-w ${home}\``));
  }
  if (findings.length > 0) return findings;
  return files.length === 0 ? [] : [ok("privacy", `only you can read ${files.join(" and ")}`)];
}
