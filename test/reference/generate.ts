/** Writes the vector files: `node test/reference/generate.ts`. Does nothing when it is only imported. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { buildVectors } from "./vectors.ts";

export const VECTORS_FOLDER = fileURLToPath(new URL("./vectors/", import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(VECTORS_FOLDER, { recursive: true });
  for (const [name, text] of buildVectors()) {
    writeFileSync(join(VECTORS_FOLDER, name), text);
    console.log(`${name}: ${text.length} bytes`);
  }
}
