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

test("an input method is not disturbed: no search, no shortcut before the text is chosen", async ({ page, context }) => {
  await openTimeline(page);
  await page.keyboard.press("/");
  const session = await context.newCDPSession(page);
  await session.send("Input.imeSetComposition", { text: "けいひ!", selectionStart: 4, selectionEnd: 4 });
  await page.waitForTimeout(400);
  await expect(page).not.toHaveURL(/q=|fail=1/);
  await session.send("Input.insertText", { text: "経費" });
  await expect(page).toHaveURL(new RegExp(`q=${encodeURIComponent("経費")}`));
  await expect(page.getByRole("searchbox")).toHaveValue("経費");
});

test.describe("in another zone", () => {
  test.use({ timezoneId: "America/St_Johns" });
  test("days and hours are those of the zone", async ({ page }) => {
    await openTimeline(page);
    await expect(page.locator(".grid-row.day").first()).toContainText("UTC−3:30");
    const shown = await page.locator(".grid-row.event .time").first().textContent();
    await page.keyboard.press("u");
    await expect(page.locator(".grid-row.event .time").first()).not.toHaveText(shown!);
  });
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
