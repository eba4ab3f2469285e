// From the login page to the answer: which script tried to reach what, and why it failed.
import { expect, test } from "@playwright/test";
import { DEVICE, README_PICTURE, SCRIPT, TIMELINE, openTimeline, paneReady, setPrefs, shot, signedIn } from "./portal";

test("log in, find the script's failed connection, see its process tree", async ({ page, context }) => {
  await setPrefs(context, {});
  await page.goto("/");
  await expect(page).toHaveURL(/\/login/);
  await page.getByLabel("User name").fill(process.env["NENRIN_USER"]!);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("wrong");
  await page.getByLabel("Password").fill(process.env["NENRIN_PASSWORD"]!);
  await page.getByRole("button", { name: "Sign in" }).click();

  await page.waitForSelector("main.devices[data-ready]");
  await page.locator(`tr[data-device="${DEVICE}"] a`).click();
  await page.waitForSelector("main.timeline[data-ready]");

  await page.keyboard.press("/");
  await page.keyboard.type(SCRIPT);
  await expect(page).toHaveURL(new RegExp(`q=${SCRIPT}`));
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Network/ }).click();
  await expect(page).toHaveURL(/g=Network/);
  const failed = page.locator('.grid-row[data-failed="true"]', { hasText: "127.0.0.1:9" }).first();
  await expect(failed).toContainText("ECONNREFUSED");
  await failed.click();

  const pane = page.getByRole("complementary", { name: "Event" });
  await expect(pane.getByRole("heading", { level: 2 })).toContainText("could not connect to 127.0.0.1:9");
  await expect(pane).toContainText(SCRIPT);
  const tree = pane.getByRole("tree");
  await expect(tree.getByRole("treeitem", { selected: true })).toBeVisible();
  await expect(page).toHaveURL(/[?&]e=/);
  await page.waitForSelector('main.timeline[data-counts="ready"]');
  await shot(page, "timeline-flow-light-en");
});

test("the link of an event opens at that event", async ({ page, context }) => {
  await setPrefs(context, {});
  await signedIn(context);
  await openTimeline(page, `?q=${SCRIPT}&g=Network`);
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/[?&]e=/);
  const event = new URL(page.url()).searchParams.get("e")!;
  await openTimeline(page, `?e=${event}`);
  await expect(page.locator('[role="row"][aria-selected="true"]')).toHaveAttribute("data-event", event);
  await expect(page.getByRole("complementary", { name: "Event" })).toBeVisible();
});

test("without a session the reader comes back to the same address", async ({ page, context }) => {
  await setPrefs(context, {});
  await page.goto(`${TIMELINE}?fail=1`);
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByLabel("User name").fill(process.env["NENRIN_USER"]!);
  await page.getByLabel("Password").fill(process.env["NENRIN_PASSWORD"]!);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/timeline\?fail=1/);
});

test("the picture of the README", async ({ page, context }) => {
  await setPrefs(context, {});
  await signedIn(context);
  await openTimeline(page, `?q=${SCRIPT}`);
  const row = page.locator(".grid-row.event", { hasText: "127.0.0.1:9" }).first();
  await row.click();
  const pane = page.getByRole("complementary", { name: "Event" });
  await paneReady(page);
  // The seconds before the failure, with all that happened.
  await pane.getByRole("button", { name: "±5 s" }).click();
  await page.keyboard.press("/");
  await page.keyboard.type("keihi");
  await expect(page).toHaveURL(/q=keihi/);
  await page.keyboard.press("Escape");
  await page.waitForSelector('main.timeline[data-ready][data-counts="ready"]');
  await page.mouse.move(0, 0);
  await page.waitForTimeout(500);
  await page.screenshot({ path: README_PICTURE, animations: "disabled" });
});
