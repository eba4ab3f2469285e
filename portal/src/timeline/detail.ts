// The dimmed detail of an event in the reader's language; the server writes its few words in English.
import type { Translate } from "../i18n/text";

const FROM = /^from (\S+)$/;
const DNS = /^(\S*) ?(\[.*\])$/;
const WAS = /^was (.+) in (.+)$/;

export function detailText(detail: string, group: string, t: Translate): string {
  if (group === "Network") return detail.replace(FROM, (_, address: string) => t("detail.from", { address }));
  if (group === "Files") return detail.replace(WAS, (_, name: string, folder: string) => t("detail.was", { name, folder }));
  if (group === "Dns") return dnsText(detail);
  return detail;
}

/** `A ["203.0.113.66","203.0.113.67"]` as "A 203.0.113.66, 203.0.113.67". */
function dnsText(detail: string): string {
  const [, type, answers] = DNS.exec(detail) ?? [];
  if (type === undefined || answers === undefined) return detail;
  try {
    const list = JSON.parse(answers) as unknown[];
    return `${type} ${list.map((answer) => (typeof answer === "string" ? answer : JSON.stringify(answer))).join(", ")}`.trim();
  } catch {
    return detail;
  }
}
