// What happens on the device during the test: one script that makes file, process, DNS and network events.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const SCRIPT_NAME = "keihi-upload.sh";

const SCRIPT = `#!/bin/bash
# Sends the expense report; nobody listens on the port, and the host does not exist.
cd "$(dirname "$0")" || exit 1
echo "2026-11 経費" > keihi-2026-11.csv
sleep 0.4
/bin/bash -c '/usr/bin/wc -l keihi-2026-11.csv' > /dev/null
sleep 0.7
getent hosts keihi.example.invalid
sleep 0.5
mv keihi-2026-11.csv keihi-sent.csv
/bin/ls -l keihi-sent.csv > /dev/null
sleep 0.3
( exec 3<> /dev/tcp/127.0.0.1/9 ) 2> /dev/null
sleep 0.6
/bin/bash -c '/bin/cat keihi-sent.csv; exit 3' > /dev/null
exec 3<> /dev/tcp/127.0.0.1/9
`;

/** ActionTypes of the script that must be visible before the browser starts. */
const WANTED = ["ProcessCreated", "FileCreated", "ConnectionFailed"];
const WAIT_MS_MAX = 90_000;
const POLL_MS = 500;
/** The first run may fall into the sensor's start; then it is run again. */
const RUN_AGAIN_MS = 15_000;

export function runScript(folder) {
  const home = join(folder, "keihi");
  mkdirSync(home, { recursive: true });
  const path = join(home, SCRIPT_NAME);
  writeFileSync(path, SCRIPT);
  chmodSync(path, 0o755);
  spawnSync(path, { stdio: "ignore" });
}

/** Runs the script once the device is there, waits until its events are; answers the device's id. */
export async function waitForEvents(client, run) {
  const until = Date.now() + WAIT_MS_MAX;
  let ranAt = 0;
  let seen = new Set();
  while (Date.now() < until) {
    const device = (await client.get("/devices")).items[0];
    if (device?.lastEvent !== undefined) {
      if (Date.now() - ranAt > RUN_AGAIN_MS) {
        run();
        ranAt = Date.now();
      }
      const page = await client.get(`/devices/${device.id}/timeline?limit=500&q=${SCRIPT_NAME}`);
      seen = new Set(page.items.map((item) => item.actionType));
      if (WANTED.every((action) => seen.has(action))) return device.id;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the script's events did not arrive; seen: ${[...seen].join(", ") || "none"}`);
}
