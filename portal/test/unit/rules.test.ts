// House rules of the portal as tests.
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sectionOf, sections } from "../../src/pane/fields";
import { en } from "../../src/i18n/en";
import { ja } from "../../src/i18n/ja";
import { safeNext } from "../../src/links";
import { readPrefs } from "../../src/prefs/prefs";
import { ACTIONS, COLUMNS } from "../../src/generated/schema";

const SRC = new URL("../../src/", import.meta.url).pathname;
const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path) && !path.startsWith("generated/") && !path.endsWith(".test.ts"))
  .map((path) => ({ path, text: readFileSync(SRC + path, "utf8") }));
const LINES_MAX = 300;

const offenders = (pattern: RegExp, allowed: (path: string) => boolean = () => false) =>
  files.filter((file) => !allowed(file.path) && pattern.test(file.text)).map((file) => file.path);

describe("source", () => {
  test("no way from event text to markup or code", () => {
    expect(offenders(/innerHTML|outerHTML|insertAdjacentHTML|dangerouslySet|document\.write|\beval\(|new Function\(/)).toEqual([]);
  });
  test("fetch only in src/api", () => {
    expect(offenders(/\bfetch\(/, (path) => path.startsWith("api/"))).toEqual([]);
  });
  test("Date only in src/time", () => {
    expect(offenders(/\bnew Date\(|\bDate\.(now|parse|UTC)\(/, (path) => path.startsWith("time/") || path === "timeline/url.ts")).toEqual([]);
  });
  test(`files have at most ${LINES_MAX} lines`, () => {
    expect(files.filter((file) => file.text.split("\n").length > LINES_MAX).map((file) => file.path)).toEqual([]);
  });
  test("only lazy files import Fluent", () => {
    const allowed = new Set(["ui/fluent.tsx", "ui/HelpDialog.tsx", "devices/EnrolDialog.tsx", "pages/LoginPage.tsx"]);
    expect(offenders(/@fluentui/, (path) => allowed.has(path))).toEqual([]);
  });
});

describe("dictionaries", () => {
  const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  test("both have every key, and the same holes to fill", () => {
    expect(Object.keys(ja).sort()).toEqual(Object.keys(en).sort());
    for (const key of Object.keys(en) as (keyof typeof en)[]) expect([key, holes(ja[key])]).toEqual([key, holes(en[key])]);
  });
  test("every action has a verb in both languages", () => {
    for (const [name, action] of Object.entries(ACTIONS)) expect([name, action.en !== "", action.ja !== ""]).toEqual([name, true, true]);
  });
});

describe("fields", () => {
  test("actor and target of an event are kept apart", () => {
    expect(sectionOf("InitiatingProcessFileName")).toBe("actor");
    expect(sectionOf("FileName")).toBe("target");
    expect(sectionOf("InitiatingScriptPath")).toBe("script");
    expect(sectionOf("InitiatingProcessAccountName")).toBe("user");
    expect(sectionOf("RemoteIP")).toBe("network");
  });
  test("every column is in one section, none is lost", () => {
    const fields = Object.keys(COLUMNS).map((name) => ({ name, value: "x", type: "string" }));
    expect(sections(fields, "").flatMap((part) => part.fields)).toHaveLength(fields.length);
  });
  test("the search looks at names and values, width-blind", () => {
    const fields = [{ name: "FileName", value: "KEIHI.xlsx", type: "string" }, { name: "ProcessId", value: 7, type: "long" }];
    expect(sections(fields, "ｋｅｉｈｉ")[0]?.fields).toHaveLength(1);
    expect(sections(fields, "processid")[0]?.fields).toHaveLength(1);
  });
});

describe("safety", () => {
  test("after login nobody is sent to another site", () => {
    expect(safeNext("/devices/a/timeline?q=x")).toBe("/devices/a/timeline?q=x");
    for (const next of [undefined, "//evil", "/\\evil", "https://evil", "javascript:alert(1)", "/login?next=/x"]) expect(safeNext(next)).toBe("/devices");
  });
  test("broken preferences fall back", () => {
    const base = { theme: "auto", lang: "en", zone: "local", paneWidth: 460, live: true } as const;
    expect(readPrefs("{", base)).toEqual(base);
    expect(readPrefs("null", base)).toEqual(base);
    expect(readPrefs('{"theme":"dark","paneWidth":9999,"lang":"xx"}', base)).toEqual({ ...base, theme: "dark" });
  });
});
