// What an alert is about: each piece with the members that are known.
import type { EvidencePiece } from "../api/types";
import { useText } from "../i18n/text";

/** In the order that a person asks: what ran, where, who, with whom. */
const MEMBERS = [
  "fileName", "filePath", "processId", "processCommandLine", "parentProcessFileName", "parentProcessId", "ipAddress", "url",
  "registryHive", "registryKey", "registryValueType", "registryValue", "accountName", "domainName", "userSid", "sha1", "sha256",
] as const;

export function Evidence({ items }: { items: EvidencePiece[] }) {
  const t = useText();
  return (
    <section className="pane-section">
      <h3>{t("alerts.evidence")}</h3>
      {items.length === 0 && <p className="dim">{t("alerts.evidence.none")}</p>}
      {items.map((piece, i) => (
        <div key={i} className="alert-piece">
          <h4>{piece.entityType}</h4>
          <dl className="fields">
            {MEMBERS.filter((name) => piece[name] !== null && piece[name] !== undefined).map((name) => (
              <div key={name}><dt>{name}</dt><dd className="mono value-text">{String(piece[name])}</dd></div>
            ))}
          </dl>
        </div>
      ))}
    </section>
  );
}
