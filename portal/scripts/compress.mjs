// Writes .br and .gz beside every text asset of dist, so that the server never compresses at run time.
// index.html stays raw: the server puts a nonce into it.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = new URL("../dist", import.meta.url).pathname;
const COMPRESSED = /\.(js|css|svg|json|txt)$/;
/** Below this a compressed copy saves less than a packet. */
const BYTES_MIN = 512;

function* files(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

for (const path of files(DIST)) {
  if (!COMPRESSED.test(path)) continue;
  const raw = readFileSync(path);
  if (raw.length < BYTES_MIN) continue;
  writeFileSync(`${path}.gz`, gzipSync(raw, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}
