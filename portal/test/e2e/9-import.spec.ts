// Windows event logs by the browser: chosen, imported, the same again adds nothing; then the timeline names the script
// behind each connection of one powershell_ise.exe, and the tree shows what it ran.
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import type { Page } from "@playwright/test";
import { LANGS, THEMES, expectAccessible, setPrefs, shot, signedIn } from "./portal";

/** Two tabs of one PowerShell ISE, as Sysmon and PowerShell log them. */
const LOG = join(import.meta.dirname, "../../../crates/winlog/tests/runs/two-tabs.xml");
const COMPUTER = "ws01.example.com";
const HOUR = "from=2026-11-24T09:30:00Z&to=2026-11-24T10:30:00Z";

async function importLog(page: Page): Promise<string> {
  await page.goto("/import");
  await page.waitForSelector("main[data-ready]");
  await page.locator("#import-files").setInputFiles(LOG);
  return page.locator("[data-import-done]").innerText();
}

async function openImported(page: Page, search: string): Promise<void> {
  await page.goto("/devices");
  await page.waitForSelector("main.devices[data-ready]");
  const address = await page.getByRole("link", { name: COMPUTER }).first().getAttribute("href");
  await page.goto(`${address!.split("?")[0]!}?${HOUR}${search}`);
  await page.waitForSelector('main.timeline[data-ready][data-counts="ready"]');
}

test("an event log becomes a timeline that names the scripts", async ({ page, context }) => {
  await setPrefs(context, {});
  await signedIn(context);
  const first = await importLog(page);
  expect(first).toMatch(/^32 events = /);
  const again = await importLog(page);
  expect(again).toMatch(/ = 0 rows /);

  await openImported(page, "&g=Network&q=proc:powershell_ise.exe");
  const rows = page.locator(".grid-row");
  // Sysmon does not log the thread of a connection: what the scripts name decides, and the level says so.
  await expect(rows.filter({ hasText: "api.securitycenter.windows.com:443" })).toContainText("Get-Alerts.ps1 (likely, by content)");
  await expect(rows.filter({ hasText: "login.windows.net:443" })).toContainText("Get-Token.ps1 (likely, by content)");
  await expect(page.locator(".state-dot")).toHaveText("Imported, no sensor");
});

for (const theme of THEMES) {
  for (const lang of LANGS) {
    test(`import and attribution look right, ${theme} ${lang}`, async ({ page, context }) => {
      await setPrefs(context, { theme, lang });
      await signedIn(context);
      await importLog(page);
      await expectAccessible(page);
      await shot(page, `import-done-${theme}-${lang}`);
      await openImported(page, "&g=Network&q=proc:powershell_ise.exe");
      await page.locator(".grid-row").filter({ hasText: "Get-Alerts.ps1" }).first().click();
      await page.getByRole("tree").waitFor();
      await expect(page.locator('.pane [data-stale="true"]')).toHaveCount(0);
      await expect(page.getByRole("tree")).toContainText("Get-Alerts.ps1");
      await expectAccessible(page);
      await shot(page, `attribution-pane-${theme}-${lang}`);
    });
  }
}
