// What the specs share: sign in, preferences, axe, screenshots.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "@playwright/test";
import { expect } from "@playwright/test";

export const DEVICE = process.env["NENRIN_DEVICE"]!;
export const SCRIPT = process.env["NENRIN_SCRIPT"]!;
export const TIMELINE = `/devices/${DEVICE}/timeline`;
export const THEMES = ["light", "dark"] as const;
export const LANGS = ["en", "ja"] as const;

const PORTAL = join(import.meta.dirname, "../..");
const AXE = readFileSync(join(PORTAL, "node_modules/axe-core/axe.min.js"), "utf8");
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export interface Prefs {
  theme?: string;
  lang?: string;
  zone?: string;
  live?: boolean;
}

/** Preferences are the browser's; they are set once per context, before the first page. */
export async function setPrefs(context: BrowserContext, prefs: Prefs): Promise<void> {
  await context.addInitScript((stored) => {
    if (localStorage.getItem("nenrin.prefs") === null) localStorage.setItem("nenrin.prefs", stored);
  }, JSON.stringify({ theme: "light", lang: "en", live: false, ...prefs }));
}

export async function signedIn(context: BrowserContext): Promise<void> {
  const [name, value] = process.env["NENRIN_COOKIE"]!.split("=") as [string, string];
  await context.addCookies([{ name, value, url: process.env["NENRIN_URL"]!, secure: true }]);
}

/** Opens an address of the timeline and waits for its first rows, counts and bars. */
export async function openTimeline(page: Page, search = ""): Promise<void> {
  await page.goto(TIMELINE + search);
  await page.waitForSelector('main.timeline[data-ready][data-counts="ready"]');
  await page.waitForSelector(".chart canvas");
}

interface Violation {
  id: string;
  targets: string[];
}

/** Runs axe by the debugger, so that the page's CSP stays as it is. */
export async function expectAccessible(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: AXE });
  const run = `axe.run({ exclude: [["[data-tabster-dummy]"]] }, { runOnly: ${JSON.stringify(AXE_TAGS)} })
    .then((result) => JSON.stringify(result.violations.map((it) => ({ id: it.id, targets: it.nodes.map((node) => node.target.join(" ")) }))))`;
  const answer = await session.send("Runtime.evaluate", { expression: run, awaitPromise: true, returnByValue: true });
  await session.detach();
  expect(JSON.parse(String(answer.result.value)) as Violation[]).toEqual([]);
}

export async function shot(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(PORTAL, "out/shots", `${name}.png`), animations: "disabled" });
}

/** Waits until the pane has everything: fields and tree of the selected event. */
export async function paneReady(page: Page): Promise<void> {
  await page.getByRole("tree").waitFor();
  await expect(page.locator('.pane [data-stale="true"]')).toHaveCount(0);
}

export const README_PICTURE = join(PORTAL, "../docs/images/timeline.png");
