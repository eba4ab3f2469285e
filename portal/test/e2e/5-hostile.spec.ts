// Whatever an attacker puts into a file name or a command line: it is text.
import { expect, test } from "@playwright/test";
import { made, serveMade } from "./made";
import { openTimeline, setPrefs, signedIn } from "./portal";

const SEEDS = [
  "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "javascript:alert(1)", "{{constructor.constructor('alert(1)')()}}",
  "${alert(1)}", "'-alert(1)-'", "</title><script>alert(1)</script>", "<iframe srcdoc='<script>alert(1)</script>'>", "\u202Egpj.exe", "\u0000\u0007\u001b[31m",
  "<style>*{display:none}</style>", "<base href=//evil>", "<meta http-equiv=refresh content=0;url=//evil>", "__proto__", "constructor", "%3Cscript%3E", "&lt;b&gt;",
  "a".repeat(3000), "ﷺ".repeat(50), "\ud800", "<a href=javascript:alert(1)>x</a>", "onmouseover=alert(1)", "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
  "$& $1 $$ $`", "../../../../etc/passwd",
];
const STRINGS_MIN = 500;
const FIELDS = ["object", "objectDetail", "processName", "errorName", "script", "user", "commandLine", "actionType", "group", "eventId"] as const;

test("hostile texts in every field are shown as text", async ({ page, context }) => {
  await setPrefs(context, {});
  await signedIn(context);
  let dialogs = 0;
  page.on("dialog", (dialog) => {
    dialogs++;
    void dialog.dismiss();
  });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  const rounds = Math.ceil(STRINGS_MIN / SEEDS.length / FIELDS.length) + 1;
  const items = Array.from({ length: rounds }).flatMap((_, round) =>
    SEEDS.flatMap((seed, i) => FIELDS.map((field, j) => {
      const n = (round * SEEDS.length + i) * FIELDS.length + j;
      return made(n, { [field]: field === "eventId" ? `${seed}${n}` : seed });
    })));
  expect(items.length).toBeGreaterThanOrEqual(STRINGS_MIN);
  await serveMade(page, items);
  await page.route(/\/api\/v1\/events\//, (route) => {
    const seed = SEEDS[0]!;
    return route.fulfill({
      json: {
        item: made(0, { eventId: decodeURIComponent(route.request().url().split("/events/")[1]!.split("?")[0]!) }),
        fields: SEEDS.map((value, i) => ({ name: i === 0 ? seed : `Field${i}`, value, type: "string" })),
        tree: { focus: "k", ancestors: [], node: { key: "k", pid: 1, name: seed, commandLine: seed, script: seed, user: seed, exit: seed, startSeen: true, childrenTotal: 0, children: [] }, runs: [{ script: seed, level: seed, events: 1, first: seed, last: seed, children: [] }] },
      },
    });
  });
  await openTimeline(page);
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press("j");
    if (i % 10 === 0) {
      await page.keyboard.press("Enter");
      await page.getByRole("tree").waitFor();
    }
  }
  await page.getByRole("grid").evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(page.getByText("<script>alert(1)</script>").first()).toBeVisible();
  expect(dialogs).toBe(0);
  expect(errors).toEqual([]);
  expect(await page.locator("script:not([src]), iframe, base, [onerror], [onload]").count()).toBe(0);
});
