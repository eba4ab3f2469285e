// One event as one sentence: the pane's title and the row's accessible name.
import type { Item } from "../api/types";
import type { Lang } from "../time/time";
import { verb } from "./names";

type Template = Record<Lang, string>;

// {p} the acting process, {o} the object, {d} its detail, {e} the reason of a failure.
const TEMPLATES: Record<string, Template> = {
  ProcessCreated: { en: "{p} started {o}", ja: "{p} が {o} を起動" },
  ProcessTerminated: { en: "{o} ended", ja: "{o} が終了" },
  ProcessFound: { en: "{o} was already running", ja: "{o} は起動済み" },
  ExecFailed: { en: "{p} could not start {o}", ja: "{p} が {o} を起動できず" },
  FileCreated: { en: "{p} created the file {o}", ja: "{p} がファイル {o} を作成" },
  FileModified: { en: "{p} changed the file {o}", ja: "{p} がファイル {o} を変更" },
  FileRenamed: { en: "{p} renamed a file to {o}", ja: "{p} がファイル名を {o} に変更" },
  FileDeleted: { en: "{p} deleted the file {o}", ja: "{p} がファイル {o} を削除" },
  ConnectionSuccess: { en: "{p} connected to {o}", ja: "{p} が {o} に接続" },
  ConnectionFailed: { en: "{p} could not connect to {o}", ja: "{p} が {o} に接続できず" },
  ConnectionFound: { en: "{p} was already connected to {o}", ja: "{p} は {o} に接続済み" },
  InboundConnectionAccepted: { en: "{p} accepted a connection from {o}", ja: "{p} が {o} からの接続を受付" },
  ListeningConnectionCreated: { en: "{p} began to listen on {o}", ja: "{p} が {o} で待ち受けを開始" },
  DnsQueryResponse: { en: "{p} looked up {o}", ja: "{p} が {o} を名前解決" },
  DnsQueryRequest: { en: "{p} asked for {o}", ja: "{p} が {o} を問い合わせ" },
  ShellCommand: { en: "In {p} someone typed: {o}", ja: "{p} での入力: {o}" },
  SensorStarted: { en: "The sensor started", ja: "センサーが起動" },
  SensorStopped: { en: "The sensor stopped", ja: "センサーが停止" },
};

const FAILED_TEMPLATES: Record<string, Template> = {
  DnsQueryResponse: { en: "{p} could not resolve {o}", ja: "{p} が {o} を名前解決できず" },
  DnsQueryRequest: { en: "{p} got no answer for {o}", ja: "{p} の {o} の問い合わせに応答なし" },
  ProcessTerminated: { en: "{o} ended with an error", ja: "{o} が異常終了" },
};

const UNKNOWN_PROCESS: Template = { en: "An unknown process", ja: "不明なプロセス" };

export function sentence(item: Item, lang: Lang): string {
  const failed = item.outcome === "failed";
  const template = (failed ? FAILED_TEMPLATES[item.actionType] : undefined) ?? TEMPLATES[item.actionType];
  const process = item.processName ?? UNKNOWN_PROCESS[lang];
  const object = item.object ?? item.objectDetail ?? "";
  const plain = template
    ? template[lang].replace("{p}", () => process).replace("{o}", () => object || process).trim()
    : [item.processName, verb(item.actionType, lang), object].filter(Boolean).join(lang === "ja" ? " " : " · ");
  return failed && item.errorName !== undefined ? `${plain} (${item.errorName})` : plain;
}
