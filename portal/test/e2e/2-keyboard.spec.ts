// The timeline without a mouse.
import { expect, test } from "@playwright/test";
import { openTimeline, setPrefs, signedIn } from "./portal";

test.beforeEach(async ({ context }) => {
  await setPrefs(context, {});
  await signedIn(context);
});

const selected = '[role="row"][aria-selected="true"]';

test("j, k, Enter, Escape", async ({ page }) => {
  await openTimeline(page);
  await page.keyboard.press("j");
  const first = await page.locator(selected).getAttribute("data-event");
  await page.keyboard.press("j");
  await expect(page.locator(selected)).not.toHaveAttribute("data-event", first!);
  await page.keyboard.press("k");
  await expect(page.locator(selected)).toHaveAttribute("data-event", first!);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("complementary", { name: "Event" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("complementary", { name: "Event" })).toBeHidden();
  await expect(page).not.toHaveURL(/[?&]e=/);
});

test("!, o, u, [, ] and Back", async ({ page }) => {
  await openTimeline(page);
  await page.keyboard.press("!");
  await expect(page).toHaveURL(/fail=1/);
  await page.keyboard.press("o");
  await expect(page).toHaveURL(/o=asc/);
  await page.goBack();
  await page.goBack();
  await expect(page).not.toHaveURL(/fail=1|o=asc/);
  await expect(page.locator(".grid-row.day").first()).toContainText("JST");
  await page.keyboard.press("u");
  await expect(page.locator(".grid-row.day").first()).toContainText("UTC");
  await page.keyboard.press("]");
  await expect(page).toHaveURL(/from=.*&to=/);
});

test("? shows the shortcuts, g d leads to the devices", async ({ page }) => {
  await openTimeline(page);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("Keyboard and search");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await expect(page).toHaveURL(/\/devices$/);
});

test("keys in the search box are text", async ({ page }) => {
  await openTimeline(page);
  await page.keyboard.press("/");
  await page.keyboard.type("jk!");
  await expect(page.getByRole("searchbox")).toHaveValue("jk!");
  await expect(page.locator(selected)).toHaveCount(0);
});

test("scrolling far keeps the window bounded and sorted", async ({ page }) => {
  await openTimeline(page, "?range=24h");
  const grid = page.getByRole("grid");
  for (let i = 0; i < 30; i++) {
    await grid.evaluate((element) => element.scrollBy(0, 3000));
    await page.waitForTimeout(50);
  }
  const times = await page.locator(".grid-row.event .time").allTextContents();
  expect(times.length).toBeGreaterThan(0);
  expect(await page.locator(".grid-row").count()).toBeLessThan(90);
});
