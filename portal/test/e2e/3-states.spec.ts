// Empty, broken, slow and offline say what they are.
import { expect, test } from "@playwright/test";
import { TIMELINE, expectAccessible, openTimeline, setPrefs, shot, signedIn } from "./portal";

test.beforeEach(async ({ context }) => {
  await setPrefs(context, {});
  await signedIn(context);
});

const ROWS = /\/timeline\?/;

test("no match says why and offers the way out", async ({ page }) => {
  await openTimeline(page);
  await page.keyboard.press("/");
  await page.keyboard.type("no-such-thing-anywhere");
  await expect(page.getByRole("heading", { name: "No events match" })).toBeVisible();
  await page.waitForSelector('main.timeline[data-counts="ready"]');
  await expectAccessible(page);
  await shot(page, "timeline-empty-light-en");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(page.locator(".grid-row.event").first()).toBeVisible();
});

test("an error has its correlation id and a retry that works", async ({ page }) => {
  const body = { error: { code: "internal", message: "the store could not be read", correlationId: "c0ffee" } };
  await page.route(ROWS, (route) => route.fulfill({ status: 500, json: body }));
  await page.goto(TIMELINE);
  await expect(page.getByRole("alert")).toContainText("c0ffee");
  await expectAccessible(page);
  await shot(page, "timeline-error-light-en");
  await page.unroute(ROWS);
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(page.locator(".grid-row.event").first()).toBeVisible();
});

test("a slow answer shows a skeleton, then rows", async ({ page }) => {
  await page.route(ROWS, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue();
  });
  await page.goto(TIMELINE);
  await expect(page.locator('.skeleton[data-shown="true"]')).toBeVisible();
  await shot(page, "timeline-slow-light-en");
  await page.waitForSelector("main.timeline[data-ready]");
});

test("old rows stay, dimmed, while new ones load", async ({ page }) => {
  await openTimeline(page);
  await page.route(ROWS, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await route.continue();
  });
  await page.keyboard.press("!");
  await expect(page.getByRole("grid")).toHaveAttribute("aria-busy", "true");
  await expect(page.locator(".grid-row.event").first()).toBeVisible();
});

test("offline is a banner, what was read stays", async ({ page, context }) => {
  await openTimeline(page);
  await context.setOffline(true);
  await expect(page.getByText("The server cannot be reached")).toBeVisible();
  await expect(page.locator(".grid-row.event").first()).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText("The server cannot be reached")).toBeHidden();
});

test("live rows appear at the top, and wait behind the pill elsewhere", async ({ page, context }) => {
  await context.clearCookies();
  await signedIn(context);
  await openTimeline(page);
  await page.getByRole("button", { name: "Live" }).click();
  await expect(page.locator('.live[data-live="open"]')).toBeVisible();
  const first = await page.locator(".grid-row.event").first().getAttribute("data-event");
  // The sensor sees its own machine: reading the page's process list is event enough.
  await expect(page.locator(".grid-row.event").first()).not.toHaveAttribute("data-event", first!, { timeout: 30_000 });
});
