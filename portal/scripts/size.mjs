// Fails when the first load or a lazy chunk is larger than the portal's limits (gzip bytes).
import { readdirSync, readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";

const FIRST_LOAD_BYTES_MAX = 250 * 1024;
const CHUNK_BYTES_MAX = 130 * 1024;

const dist = new URL("../dist/", import.meta.url).pathname;
const html = readFileSync(`${dist}index.html`, "utf8");
const first = new Set([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1]));
/** The timeline is what most people open first, so everything it shows at once counts as first load too. */
const TIMELINE_CHUNK = /^(TimelinePage|Chart|SearchBox|EventPane|search)-/;

let firstBytes = 0;
let tooLarge = false;
for (const name of readdirSync(`${dist}assets`).sort()) {
  if (!/\.(js|css)$/.test(name)) continue;
  const bytes = gzipSync(readFileSync(`${dist}assets/${name}`), { level: 9 }).length;
  const isFirst = first.has(`assets/${name}`) || TIMELINE_CHUNK.test(name);
  if (isFirst) firstBytes += bytes;
  else if (bytes > CHUNK_BYTES_MAX) tooLarge = true;
  const raw = statSync(`${dist}assets/${name}`).size;
  console.log(`${isFirst ? "first" : "lazy "} ${(bytes / 1024).toFixed(1).padStart(7)} KB gz ${(raw / 1024).toFixed(0).padStart(6)} KB  ${name}`);
}
console.log(`first load ${(firstBytes / 1024).toFixed(1)} KB gz (limit ${FIRST_LOAD_BYTES_MAX / 1024})`);
if (firstBytes > FIRST_LOAD_BYTES_MAX || tooLarge) {
  console.error("a size limit is broken");
  process.exit(1);
}
