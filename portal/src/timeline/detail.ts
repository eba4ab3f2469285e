// The dimmed detail of an event in the reader's language; the server writes its few words in English.
import type { Translate } from "../i18n/text";

const FROM = /^from (\S+)$/;
const WAS = /^was (.+) in (.+)$/;

export function detailText(detail: string, group: string, t: Translate): string {
  if (group === "Network") return detail.replace(FROM, (_, address: string) => t("detail.from", { address }));
  if (group === "Files") return detail.replace(WAS, (_, name: string, folder: string) => t("detail.was", { name, folder }));
  return detail;
}
