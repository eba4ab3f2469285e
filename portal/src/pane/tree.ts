// The process tree as a list of lines: ancestors (the middle folded), the process, its script runs, two levels down. A
// process that a script started is under the script.
import type { ScriptRun, Tree, TreeNode } from "../api/types";
import { toMs } from "../time/time";

/** With more ancestors than this the middle is folded. */
export const ANCESTORS_MAX = 4;
/** When folded: the root, the fold, and this many next to the process. */
const NEAR_ANCESTORS = 2;

export type TreeLine =
  | { kind: "node"; key: string; level: number; node: TreeNode; role: "ancestor" | "focus" | "child"; sinceParentMs: number | null; open: boolean | null }
  | { kind: "run"; key: string; level: number; run: ScriptRun }
  | { kind: "fold"; key: string; level: number; n: number }
  | { kind: "more"; key: string; level: number; n: number };

export interface TreeState {
  /** Whether the middle ancestors are shown. */
  unfolded: boolean;
  closed: ReadonlySet<string>;
}

export function treeLines(tree: Tree, state: TreeState): TreeLine[] {
  const lines: TreeLine[] = [];
  const { ancestors } = tree;
  const folded = !state.unfolded && ancestors.length > ANCESTORS_MAX;
  const hiddenTo = ancestors.length - NEAR_ANCESTORS;
  let level = 1;
  for (const [i, node] of ancestors.entries()) {
    if (folded && i === 1) lines.push({ kind: "fold", key: "fold", level: level++, n: hiddenTo - 1 });
    if (folded && i >= 1 && i < hiddenTo) continue;
    lines.push({ kind: "node", key: node.key, level: level++, node, role: "ancestor", sinceParentMs: since(ancestors[i - 1], node), open: null });
  }
  addDown(lines, tree.node, ancestors.at(-1), level, tree, state);
  return lines;
}

function addDown(lines: TreeLine[], node: TreeNode, parent: TreeNode | undefined, level: number, tree: Tree, state: TreeState): void {
  const runs = node.key === tree.focus ? tree.runs : [];
  const hasChildren = node.children.length > 0 || runs.length > 0;
  const open = hasChildren ? !state.closed.has(node.key) : null;
  lines.push({
    kind: "node", key: node.key, level, node, role: node.key === tree.focus ? "focus" : "child", sinceParentMs: since(parent, node), open,
  });
  if (open === false) return;
  const started = new Set<string>();
  for (const [i, run] of runs.entries()) {
    lines.push({ kind: "run", key: `${node.key}/run/${i}`, level: level + 1, run });
    for (const child of node.children) {
      if (started.has(child.key) || !run.children.includes(child.key)) continue;
      started.add(child.key);
      addDown(lines, child, node, level + 2, tree, state);
    }
  }
  for (const child of node.children) {
    if (!started.has(child.key)) addDown(lines, child, node, level + 1, tree, state);
  }
  const more = node.childrenTotal - node.children.length;
  if (more > 0) lines.push({ kind: "more", key: `${node.key}/more`, level: level + 1, n: more });
}

function since(parent: TreeNode | undefined, node: TreeNode): number | null {
  if (parent?.started === undefined || node.started === undefined) return null;
  return toMs(node.started) - toMs(parent.started);
}
