import { expect, test } from "vitest";
import type { Item } from "../api/types";
import { attributionDetails, scriptLabel, scriptName } from "./attribution";

const item = (part: Partial<Item>): Item => ({
  eventId: "1", time: "", actionType: "ConnectionSuccess", group: "Network", table: "DeviceNetworkEvents", outcome: "ok", ...part,
});

test("a connection of the ISE says which script, and how sure that is", () => {
  const script = "C:\\Scripts\\Get-Alerts.ps1";
  expect(scriptLabel(item({ script, attribution: "exact-thread" }), "en")).toEqual({ name: "Get-Alerts.ps1", level: "exact, by thread", title: script });
  expect(scriptLabel(item({ script, attribution: "likely-content" }), "en")?.level).toBe("likely, by content");
  expect(scriptLabel(item({ script: "/srv/a.sh", attribution: "exact-single" }), "en")).toEqual({ name: "a.sh", level: "", title: "/srv/a.sh" });
  expect(scriptLabel(item({ attribution: "ambiguous", possibleScripts: 2 }), "en")?.name).toBe("2 possible scripts");
  expect(scriptLabel(item({ attribution: "ambiguous" }), "en")?.name).toBe("several possible scripts");
  expect(scriptLabel(item({ attribution: "unattributed" }), "en")).toBeUndefined();
  expect(scriptName("(untitled, sha256 853b8448ffb3)")).toBe("(untitled, sha256 853b8448ffb3)");
});

test("details are read from the fields, whatever they hold", () => {
  const fields = { Attribution: { ScriptStack: ["a", "b"], Candidates: [{ Script: "a", Reasons: ["x"] }, { RunId: "r/1" }], Reasons: ["why", 1] } };
  expect(attributionDetails(JSON.stringify(fields), '["record"]')).toEqual({
    stack: ["a", "b"],
    candidates: [{ script: "a", reasons: ["x"] }, { script: "r/1", reasons: [] }],
    reasons: ["why"],
    evidence: ["record"],
  });
  const nothing = { stack: [], candidates: [], reasons: [], evidence: [] };
  for (const text of [undefined, "", "{", "null", "[]", '{"Attribution":7}']) {
    expect(attributionDetails(text, text === "[]" ? text : undefined)).toEqual(nothing);
  }
});
