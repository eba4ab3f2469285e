import { expect, test } from "vitest";
import type { TreeNode } from "../api/types";
import { treeLines } from "./tree";

const OPEN = { unfolded: false, closed: new Set<string>() };

function node(key: string, children: TreeNode[] = [], childrenTotal = children.length): TreeNode {
  return { key, pid: 1, name: key, startSeen: true, childrenTotal, children };
}
const tree = (ancestors: number, focus: TreeNode) => ({
  focus: focus.key, ancestors: Array.from({ length: ancestors }, (_, i) => node(`a${i}`)), node: focus, runs: [],
});
const keys = (lines: ReturnType<typeof treeLines>) => lines.map((line) => line.key);

test("up to four ancestors are all shown", () => {
  expect(keys(treeLines(tree(4, node("f")), OPEN))).toEqual(["a0", "a1", "a2", "a3", "f"]);
});

test("the middle of a long ancestry is folded, its number said", () => {
  const lines = treeLines(tree(12, node("f")), OPEN);
  expect(keys(lines)).toEqual(["a0", "fold", "a10", "a11", "f"]);
  expect(lines[1]).toMatchObject({ n: 9, level: 2 });
  expect(keys(treeLines(tree(12, node("f")), { ...OPEN, unfolded: true }))).toHaveLength(13);
});

test("levels rise by one at most, for any number of ancestors", () => {
  for (let n = 0; n < 20; n++) {
    const levels = treeLines(tree(n, node("f", [node("c", [node("d")])])), OPEN).map((line) => line.level);
    expect(levels[0]).toBe(1);
    for (let i = 1; i < levels.length; i++) expect(levels[i]! - levels[i - 1]!).toBeLessThanOrEqual(1);
  }
});

test("children beyond those sent are counted, a closed node hides its own", () => {
  const focus = node("f", [node("c", [node("d")])], 5);
  expect(keys(treeLines(tree(0, focus), OPEN))).toEqual(["f", "c", "d", "f/more"]);
  expect(keys(treeLines(tree(0, focus), { ...OPEN, closed: new Set(["f"]) }))).toEqual(["f"]);
});

test("script runs are under the process, and what a script started is under the script", () => {
  const focus = node("f", [node("c", [node("d")]), node("e")]);
  const run = (script: string, children: string[]) => ({ script, level: "exact-thread", events: 2, first: "", last: "", children });
  const lines = treeLines({ ...tree(1, focus), runs: [run("a.ps1", []), run("b.ps1", ["c", "not listed"])] }, OPEN);
  expect(keys(lines)).toEqual(["a0", "f", "f/run/0", "f/run/1", "c", "d", "e"]);
  expect(lines.map((line) => line.level)).toEqual([1, 2, 3, 3, 4, 5, 3]);
  expect(keys(treeLines({ ...tree(0, node("f")), runs: [run("a.ps1", [])] }, { ...OPEN, closed: new Set(["f"]) }))).toEqual(["f"]);
});
