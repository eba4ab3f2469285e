// App registrations in the browser: register, secret, permission, consent, a token over the real endpoint, delete.
import { expect, test } from "@playwright/test";
import type { APIRequestContext, Page } from "@playwright/test";
import { LANGS, THEMES, expectAccessible, setPrefs, shot, signedIn } from "./portal";

async function register(page: Page, name: string): Promise<string> {
  await page.goto("/apps");
  await page.waitForSelector("main.apps[data-ready]");
  await page.locator("#app-name").fill(name);
  await page.locator("#app-name").press("Enter");
  await page.waitForURL(/\/apps\/[0-9a-f-]{36}$/);
  await page.getByRole("heading", { level: 1, name }).waitFor();
  return page.url().split("/").pop()!;
}

async function hunt(request: APIRequestContext, tenant: string, app: string, secret: string): Promise<number> {
  const form = { grant_type: "client_credentials", client_id: app, client_secret: secret, resource: "https://api.securitycenter.microsoft.com" };
  const token = await request.post(`/${tenant}/oauth2/token`, { form });
  expect(token.status()).toBe(200);
  const headers = { authorization: `Bearer ${((await token.json()) as { access_token: string }).access_token}` };
  return (await request.post("/api/advancedqueries/run", { headers, data: { Query: "DeviceProcessEvents | take 1" } })).status();
}

test("an app from registration to deletion", async ({ page, context, playwright, baseURL }) => {
  await setPrefs(context, {});
  await signedIn(context);
  const app = await register(page, "SOAR");
  const request = await playwright.request.newContext({ baseURL: baseURL!, ignoreHTTPSErrors: true });
  const tenant = await page.locator(".fact dd").nth(1).innerText();

  await page.locator("#secret-name").fill("first");
  await page.getByRole("button", { name: "New client secret" }).click();
  const secret = await page.locator("[data-secret]").innerText();
  expect(secret).toHaveLength(43);
  expect(await hunt(request, tenant, app, secret)).toBe(403);

  await page.getByRole("searchbox").fill("advancedquery");
  await page.getByRole("checkbox", { name: /AdvancedQuery\.Read\.All/ }).click();
  await expect(page.getByText("no consent yet")).toBeVisible();
  expect(await hunt(request, tenant, app, secret)).toBe(403);
  await page.getByRole("button", { name: "Grant admin consent" }).click();
  await expect(page.getByText("consent given")).toBeVisible();
  expect(await hunt(request, tenant, app, secret)).toBe(200);

  await page.getByRole("button", { name: "Withdraw consent" }).click();
  await expect(page.getByText("no consent yet")).toBeVisible();
  expect(await hunt(request, tenant, app, secret)).toBe(403);

  // The secret is shown once: it is gone after a reload, and was never in a list.
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "SOAR" }).waitFor();
  expect(await page.content()).not.toContain(secret);

  await page.getByRole("button", { name: "Delete this app" }).click();
  await page.getByRole("button", { name: "Yes, delete it" }).click();
  await page.waitForURL("/apps");
  await expect(page.locator(`tr[data-app="${app}"]`)).toHaveCount(0);
  await request.dispose();
});

/** Nothing is wider than the page. */
async function expectNoSideways(page: Page): Promise<void> {
  const over = await page.locator("main.apps").evaluate((node) => node.scrollWidth - node.clientWidth);
  expect(over).toBeLessThanOrEqual(0);
}

for (const theme of THEMES) {
  for (const lang of LANGS) {
    test(`app registrations look right, ${theme} ${lang}`, async ({ page, context }) => {
      await setPrefs(context, { theme, lang });
      await signedIn(context);
      await register(page, `SIEM ${theme} ${lang}`);
      await page.locator("form.apps-new button").click();
      await page.locator("[data-secret]").waitFor();
      await page.getByRole("checkbox", { name: /^Alert\.Read\.All/ }).click();
      await expect(page.locator('.consent[data-waiting="true"]')).toBeVisible();
      await expectAccessible(page);
      await expectNoSideways(page);
      await shot(page, `app-secret-${theme}-${lang}`);
      await page.locator(".apps").evaluate((node) => node.scrollTo(0, node.scrollHeight));
      await shot(page, `app-use-${theme}-${lang}`);
      await page.goto("/apps");
      await page.waitForSelector("main.apps[data-ready] tr[data-app]");
      await expectAccessible(page);
      await shot(page, `apps-list-${theme}-${lang}`);
      // The account page has the same looks. What is begun here is never confirmed, so signing in stays as it was.
      await page.goto("/account");
      await page.waitForSelector("main.apps[data-ready]");
      await page.locator("section button").click();
      await page.locator("#totp-code").waitFor();
      await expectAccessible(page);
      await expectNoSideways(page);
      await shot(page, `account-factor-${theme}-${lang}`);
    });
  }
}
