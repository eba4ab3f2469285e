// CPU time, memory and sizes of the timeline. Wall time is only printed: the machine is shared.
import type { CDPSession } from "@playwright/test";
import { expect, test } from "@playwright/test";
import { made, serveMade } from "./made";
import { TIMELINE, openTimeline, setPrefs, signedIn } from "./portal";

const ROWS = 10_000;
const LOAD_SCRIPT_MS_MAX = 250;
const KEY_CPU_MS_MAX = 30;
const HEAP_MB_MAX = 20;
const NODES_MAX = 1200;
const PRESSES = 40;

async function metrics(session: CDPSession): Promise<Record<string, number>> {
  const answer = await session.send("Performance.getMetrics");
  return Object.fromEntries(answer.metrics.map((metric) => [metric.name, metric.value]));
}

test("ten thousand rows: CPU, heap and nodes stay within limits", async ({ page, context }) => {
  await setPrefs(context, {});
  await signedIn(context);
  await serveMade(page, Array.from({ length: ROWS }, (_, n) => made(n)));
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const started = Date.now();
  await page.goto(TIMELINE);
  await page.waitForSelector("main.timeline[data-ready]");
  const firstRowMs = Date.now() - started;
  await openTimeline(page);
  const loaded = await metrics(session);

  const before = await metrics(session);
  for (let i = 0; i < PRESSES; i++) {
    await page.keyboard.press("j");
    await page.waitForTimeout(20);
  }
  const after = await metrics(session);
  const keyMs = ((after["TaskDuration"]! - before["TaskDuration"]!) * 1000) / PRESSES;

  const grid = page.getByRole("grid");
  const bottom = page.getByText("No earlier events in this range");
  for (let i = 0; i < 400 && !(await bottom.isVisible()); i++) {
    await grid.evaluate((element) => element.scrollBy(0, 1200));
    await page.waitForTimeout(20);
  }
  await expect(bottom).toBeVisible();
  await session.send("HeapProfiler.collectGarbage");
  const end = await metrics(session);
  const [heapMb, nodes] = [end["JSHeapUsedSize"]! / 1e6, await page.locator("*").count()];
  const scriptMs = loaded["ScriptDuration"]! * 1000;
  console.log(`first row ${firstRowMs} ms, load script ${scriptMs.toFixed(0)} ms CPU, j ${keyMs.toFixed(1)} ms CPU, heap ${heapMb.toFixed(1)} MB, ${nodes} nodes`);
  expect(scriptMs).toBeLessThan(LOAD_SCRIPT_MS_MAX);
  expect(keyMs).toBeLessThan(KEY_CPU_MS_MAX);
  expect(heapMb).toBeLessThan(HEAP_MB_MAX);
  expect(nodes).toBeLessThan(NODES_MAX);
});
