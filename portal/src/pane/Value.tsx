// A value with what one can do with it: copy, show only it, leave it out.
import type { ReactNode } from "react";
import { useText } from "../i18n/text";
import { columnTerm } from "../timeline/search";
import { CopyButton } from "../ui/Copy";
import { MinusIcon, PlusIcon } from "../ui/icons";

export type AddTerm = (term: string) => void;

/** Longer texts are cut in labels; the value itself is always whole. */
const LABEL_CHARS_MAX = 60;

export function Value({ column, value, add, mono = false, shown, after }: {
  column: string;
  value: string | number | boolean;
  add: AddTerm;
  mono?: boolean;
  /** What is shown and copied, when it says more than the column's value. */
  shown?: string | undefined;
  /** Text between the value and its buttons. */
  after?: ReactNode;
}) {
  const t = useText();
  const text = shown ?? String(value);
  const term = columnTerm(column, value);
  const values = { name: column, value: text.length > LABEL_CHARS_MAX ? `${text.slice(0, LABEL_CHARS_MAX)}…` : text };
  return (
    <span className="value">
      <span className={mono ? "value-text mono" : shown === undefined ? "value-text" : "value-text strong"}>{text === "" ? t("pane.none") : text}</span>
      {after}
      <span className="value-tools">
        {term !== null && (
          <>
            <button type="button" className="button small plain icon" title={t("pane.filterIn", values)} aria-label={t("pane.filterIn", values)} onClick={() => add(term)}><PlusIcon size={14} /></button>
            <button type="button" className="button small plain icon" title={t("pane.filterOut", values)} aria-label={t("pane.filterOut", values)} onClick={() => add(`-${term}`)}><MinusIcon size={14} /></button>
          </>
        )}
        <CopyButton text={text} label={t("pane.copy", { name: column })} />
      </span>
    </span>
  );
}
