// `npm run e2e`: starts the real server with the real sensor, lets a real script make events, then runs
// Playwright against it. Programs: NENRIN_BIN and NENRIN_SENSOR_BIN, or a debug build made here.
// eBPF needs root, so does this.
import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "./client.mjs";
import { SCRIPT_NAME, runScript, waitForEvents } from "./scenario.mjs";

const E2E = dirname(fileURLToPath(import.meta.url));
const PORTAL = join(E2E, "../..");
const REPO = join(PORTAL, "..");
const OUT = join(PORTAL, "out");
const START_MS_MAX = 60_000;

function programs() {
  const server = process.env.NENRIN_BIN;
  if (server) return { server, sensor: process.env.NENRIN_SENSOR_BIN ?? join(dirname(server), "nenrin-sensor") };
  // The whole workspace: with fewer packages some crates have fewer features, and the engine is built once more.
  const build = ["build", "--locked", "--workspace", "--bins", "--features", "server/portal"];
  const built = spawnSync("cargo", build, { cwd: REPO, stdio: "inherit" });
  if (built.status !== 0) throw new Error("server and sensor were not built");
  const target = resolve(REPO, process.env.CARGO_TARGET_DIR ?? "target", "debug");
  return { server: join(target, "nenrin"), sensor: join(target, "nenrin-sensor") };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Starts `nenrin up` and answers its one line of JSON. */
async function startServer(folder) {
  const { server, sensor } = programs();
  const [port, ingestPort] = [await freePort(), await freePort()];
  const child = spawn(server, [
    "up", "--json", "--data-dir", join(folder, "server"), "--sensor-dir", join(folder, "sensor"), "--sensor-bin", sensor,
    "--listen", `127.0.0.1:${port}`, "--ingest-listen", `127.0.0.1:${ingestPort}`,
  ], { stdio: ["ignore", "pipe", "pipe"] });
  child.stderr.pipe(createWriteStream(join(OUT, "nenrin.log")));
  const said = await new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => reject(new Error("the server did not start in time, see out/nenrin.log")), START_MS_MAX);
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}, see out/nenrin.log`)));
    child.stdout.on("data", (chunk) => {
      text += chunk;
      if (!text.includes("\n")) return;
      clearTimeout(timer);
      resolve(JSON.parse(text.slice(0, text.indexOf("\n"))));
    });
  });
  child.removeAllListeners("exit");
  return { child, said };
}

/** Not the blocking kind of spawn: the server's log must be read all the while, or it stands still. */
function runTests(env) {
  const child = spawn("npx", ["playwright", "test", "--config", join(E2E, "playwright.config.ts"), ...process.argv.slice(2)], {
    cwd: PORTAL, stdio: "inherit", env: { ...process.env, ...env },
  });
  return new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
}

function stop(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.on("exit", resolve);
    child.kill("SIGTERM");
  });
}

async function main() {
  // Always: an older build would be tested in place of the sources.
  if (spawnSync("npm", ["run", "build"], { cwd: PORTAL, stdio: "inherit" }).status !== 0) throw new Error("the portal was not built");
  mkdirSync(OUT, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "nenrin-e2e-"));
  const { child, said } = await startServer(folder);
  try {
    const client = new Client(said.url);
    await client.login(said.adminUser, said.adminPassword);
    const deviceId = await waitForEvents(client, () => runScript(folder));
    const code = await runTests({
      NENRIN_URL: said.url, NENRIN_USER: said.adminUser, NENRIN_PASSWORD: said.adminPassword,
      NENRIN_DEVICE: deviceId, NENRIN_SCRIPT: SCRIPT_NAME, NENRIN_COOKIE: client.cookie,
    });
    const reports = await client.get("/csp-reports/count");
    if (reports.count !== 0) throw new Error(`${reports.count} CSP reports, see out/nenrin.log`);
    console.log("CSP reports: 0");
    return code;
  } finally {
    await stop(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

main().then((code) => process.exit(code), (error) => {
  console.error(error.message);
  process.exit(1);
});
