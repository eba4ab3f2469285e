// Every page in both themes and both languages: axe finds nothing, and a picture for the eye.
import { expect, test } from "@playwright/test";
import { LANGS, SCRIPT, THEMES, expectAccessible, openTimeline, paneReady, setPrefs, shot, signedIn } from "./portal";

for (const theme of THEMES) {
  for (const lang of LANGS) {
    test.describe(`${theme} ${lang}`, () => {
      test.beforeEach(({ context }) => setPrefs(context, { theme, lang }));

      test("login", async ({ page }) => {
        await page.goto("/login");
        await page.waitForSelector("input[name=user]");
        await expectAccessible(page);
        await shot(page, `login-plain-${theme}-${lang}`);
      });

      test("devices", async ({ page, context }) => {
        await signedIn(context);
        await page.goto("/devices");
        await page.waitForSelector("main.devices[data-ready]");
        await expectAccessible(page);
        await shot(page, `devices-list-${theme}-${lang}`);
      });

      test("timeline, pane, help", async ({ page, context }) => {
        await signedIn(context);
        await openTimeline(page, `?q=${SCRIPT}`);
        await expect(page.locator("html")).toHaveAttribute("lang", lang);
        await expectAccessible(page);
        await shot(page, `timeline-rows-${theme}-${lang}`);
        await page.locator('.grid-row[data-failed="true"]').first().click();
        await paneReady(page);
        await expectAccessible(page);
        await shot(page, `timeline-pane-${theme}-${lang}`);
        await page.keyboard.press("?");
        await page.getByRole("dialog").waitFor();
        await expectAccessible(page);
        await shot(page, `help-dialog-${theme}-${lang}`);
      });
    });
  }
}

test("200 % zoom at 1280 px: nothing is lost sideways", async ({ page, context }) => {
  await setPrefs(context, {});
  await signedIn(context);
  await page.setViewportSize({ width: 640, height: 480 });
  await openTimeline(page);
  await shot(page, "timeline-narrow-light-en");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
});
