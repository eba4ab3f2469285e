// Every field of the event, by section, with a search over names and values.
import { useState } from "react";
import type { EventField } from "../api/types";
import { COLUMNS } from "../generated/schema";
import { useText } from "../i18n/text";
import { SearchIcon } from "../ui/icons";
import { SECTION_LABELS, sections } from "./fields";
import type { AddTerm } from "./Value";
import { Value } from "./Value";

export function AllFields({ fields, add }: { fields: EventField[]; add: AddTerm }) {
  const t = useText();
  const [search, setSearch] = useState("");
  const parts = sections(fields, search);
  return (
    <section className="pane-section">
      <div className="fields-head">
        <h3>{t("pane.fields")} <span className="dim">{fields.length}</span></h3>
        <div className="field-icon">
          <SearchIcon size={14} />
          <input
            type="search" className="input" value={search} placeholder={t("pane.fields.filter")} aria-label={t("pane.fields.filter")}
            onChange={(event) => setSearch(event.target.value)}
          />
        </div>
      </div>
      {parts.length === 0 && <p className="dim">{t("pane.fields.none")}</p>}
      {parts.map((part) => (
        <div key={part.section}>
          <h4>{t(SECTION_LABELS[part.section])}</h4>
          <dl className="fields">
            {part.fields.map((field) => (
              <div key={field.name}>
                <dt title={COLUMNS[field.name]?.prose}>{field.name}</dt>
                <dd><Value column={field.name} value={field.value} add={add} mono /></dd>
              </div>
            ))}
          </dl>
        </div>
      ))}
    </section>
  );
}
