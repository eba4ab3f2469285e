// From an act on this machine to its alert in the browser, and from there to the event on the timeline.
import { execFileSync } from "node:child_process";
import { expect, test } from "@playwright/test";
import { LANGS, THEMES, expectAccessible, setPrefs, shot, signedIn } from "./portal";

const TITLE = "Nenrin detection test";
/** From the act to the alert, with a busy machine's delays. */
const PATIENCE_MS = 60_000;

test("an act becomes an alert, which leads to its event", async ({ page, context }) => {
  await setPrefs(context, {});
  await signedIn(context);
  // The word that `nenrin detect test` has in its command line.
  execFileSync("/bin/sh", ["-c", "/bin/true nenrin-detection-test-browser; /bin/sleep 1"]);
  await expect(async () => {
    await page.goto("/alerts");
    await page.waitForSelector("main.alerts[data-ready]");
    await expect(page.locator("tr[data-alert]", { hasText: TITLE })).toHaveCount(1);
  }).toPass({ timeout: PATIENCE_MS });
  await page.locator("tr[data-alert]", { hasText: TITLE }).click();
  const pane = page.locator(".alert-detail[data-ready]");
  await expect(pane.getByRole("heading", { level: 2, name: TITLE })).toBeVisible();
  await pane.locator(".pane-actions a").click();
  await page.waitForSelector("main.timeline[data-ready]");
  await expect(page.locator(".pane")).toContainText("nenrin-detection-test-browser");
});

for (const theme of THEMES) {
  for (const lang of LANGS) {
    test(`alerts look right, ${theme} ${lang}`, async ({ page, context }) => {
      await setPrefs(context, { theme, lang });
      await signedIn(context);
      await page.goto("/alerts");
      await page.waitForSelector("main.alerts[data-ready] tr[data-alert]");
      await expectAccessible(page);
      await page.locator("tr[data-alert]").first().click();
      await page.waitForSelector(".alert-detail[data-ready]");
      await expectAccessible(page);
      await shot(page, `alerts-pane-${theme}-${lang}`);
    });
  }
}
