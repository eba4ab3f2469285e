// The process tree with the keyboard of an ARIA tree: ↑ ↓ move, ← → fold, Enter filters.
import type { KeyboardEvent } from "react";
import { useRef, useState } from "react";
import type { ScriptRun, Tree } from "../api/types";
import { textOr, useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { scriptName } from "../timeline/attribution";
import { spanText } from "../time/span";
import { ChevronDownIcon, ChevronRightIcon, ScriptIcon } from "../ui/icons";
import type { TreeLine } from "./tree";
import { treeLines } from "./tree";

const INDENT_PX = 14;
/** Deeper levels share one indent, so that names stay readable in a narrow pane. */
const INDENT_LEVELS_MAX = 9;

export function ProcessTree({ tree, onFilter }: { tree: Tree; onFilter: (name: string) => void }) {
  const t = useText();
  const [unfolded, setUnfolded] = useState(false);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState<string | null>(null);
  const box = useRef<HTMLUListElement>(null);
  const lines = treeLines(tree, { unfolded, closed });
  const activeKey = lines.some((line) => line.key === active) ? active : tree.focus;

  const fold = (line: TreeLine, open: boolean) => {
    if (line.kind === "fold") setUnfolded(true);
    if (line.kind !== "node" || line.open === null) return;
    const next = new Set(closed);
    if (open) next.delete(line.key);
    else next.add(line.key);
    setClosed(next);
  };
  const focus = (i: number) => {
    const line = lines[Math.max(0, Math.min(lines.length - 1, i))];
    if (!line) return;
    setActive(line.key);
    box.current?.querySelectorAll<HTMLElement>('[role="treeitem"]')[lines.indexOf(line)]?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const i = lines.findIndex((line) => line.key === activeKey);
    const line = lines[i];
    if (!line || event.ctrlKey || event.metaKey || event.altKey) return;
    const parent = lines.findLastIndex((other, at) => at < i && other.level < line.level);
    const isOpen = line.kind === "node" && line.open === true;
    const actions: Record<string, () => unknown> = {
      ArrowDown: () => focus(i + 1),
      ArrowUp: () => focus(i - 1),
      Home: () => focus(0),
      End: () => focus(lines.length - 1),
      ArrowRight: () => (isOpen ? focus(i + 1) : fold(line, true)),
      ArrowLeft: () => (isOpen ? fold(line, false) : focus(Math.max(0, parent))),
      Enter: () => (line.kind === "node" ? line.node.name !== null && onFilter(line.node.name) : fold(line, true)),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  return (
    <ul ref={box} className="tree" role="tree" aria-label={t("tree.label")} onKeyDown={onKeyDown}>
      {lines.map((line) => (
        <Line
          key={line.key} line={line} active={line.key === activeKey} onFocus={() => setActive(line.key)}
          onToggle={() => (line.kind === "node" ? fold(line, line.open === false) : fold(line, true))}
        />
      ))}
    </ul>
  );
}

function Line({ line, active, onFocus, onToggle }: { line: TreeLine; active: boolean; onFocus: () => void; onToggle: () => void }) {
  const t = useText();
  const expanded = line.kind === "fold" ? false : line.kind === "node" ? line.open ?? undefined : undefined;
  const common = {
    role: "treeitem", "aria-level": line.level, "aria-expanded": expanded, tabIndex: active ? 0 : -1, onFocus, onClick: onToggle,
    style: { paddingLeft: 4 + Math.min(line.level - 1, INDENT_LEVELS_MAX) * INDENT_PX },
  } as const;
  if (line.kind === "fold") {
    return <li {...common} className="tree-line fold" aria-selected={false}><ChevronRightIcon size={12} /><span>… {t("tree.more", { n: line.n })}</span></li>;
  }
  if (line.kind === "more") {
    return <li {...common} className="tree-line fold" aria-selected={false}><span>… {t("tree.moreChildren", { n: line.n })}</span></li>;
  }
  if (line.kind === "run") {
    return <li {...common} className="tree-line" data-role="run" aria-selected={false} title={line.run.script}><RunText run={line.run} /></li>;
  }
  return (
    <li {...common} className="tree-line" data-role={line.role} aria-selected={line.role === "focus"} title={[line.node.path, line.node.commandLine, line.node.name === null ? "" : t("tree.filter", { name: line.node.name })].filter(Boolean).join("\n")}>
      {line.open === null ? <span className="tree-dot" aria-hidden="true" /> : line.open ? <ChevronDownIcon size={12} /> : <ChevronRightIcon size={12} />}
      <NodeText line={line} />
    </li>
  );
}

/** Script, how sure that is, and how many events say so. */
function RunText({ run }: { run: ScriptRun }) {
  const t = useText();
  const { lang } = usePrefs();
  const level = textOr(lang, `script.level.${run.level}`, textOr(lang, `pane.attribution.${run.level}`, run.level));
  return (
    <>
      <ScriptIcon size={12} />
      {run.script !== undefined && <b>{scriptName(run.script)}</b>}
      <span className="dim">{level}</span>
      <span className="dim since">{t("tree.runEvents", { n: run.events })}</span>
    </>
  );
}

function NodeText({ line }: { line: Extract<TreeLine, { kind: "node" }> }) {
  const t = useText();
  const { lang } = usePrefs();
  const { node } = line;
  const script = node.script?.split("/").at(-1);
  const failed = node.exit !== undefined && node.exit !== "exit 0";
  return (
    <>
      <b>{node.name ?? "?"}</b>
      {node.pid !== null && <span className="dim">({node.pid})</span>}
      {script !== undefined && script !== "" && <span className="tag" title={node.script}><ScriptIcon size={12} /><span>{script}</span></span>}
      {line.role === "focus" && <span className="visually-hidden">{t("tree.focus")}</span>}
      {node.user !== undefined && <span className="dim">{node.user}</span>}
      {node.exit !== undefined && <span className={failed ? "tag fail" : "tag"}><span>{node.exit}</span></span>}
      {!node.startSeen && <span className="dim start-unseen">{t("tree.startUnseen")}</span>}
      {line.sinceParentMs !== null && line.sinceParentMs >= 0 && <span className="dim since">+{spanText(line.sinceParentMs, lang)}</span>}
    </>
  );
}
