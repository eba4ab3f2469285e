import { expect, test } from "vitest";
import { translator } from "../i18n/text";
import { detailText } from "./detail";

const check = (detail: string, group: string, en: string, ja: string) =>
  expect([detailText(detail, group, translator("en")), detailText(detail, group, translator("ja"))]).toEqual([en, ja]);

test("details are read in both languages", () => {
  check("from 10.0.0.1:53368", "Network", "from 10.0.0.1:53368", "送信元 10.0.0.1:53368");
  check("was a b.csv in /tmp/x", "Files", "was a b.csv in /tmp/x", "旧名 a b.csv（/tmp/x）");
  check("/var/log", "Files", "/var/log", "/var/log");
});

test("DNS answers are a list, not JSON", () => {
  check('A ["203.0.113.66","203.0.113.67"]', "Dns", "A 203.0.113.66, 203.0.113.67", "A 203.0.113.66, 203.0.113.67");
  check("AAAA []", "Dns", "AAAA", "AAAA");
  check("A [broken", "Dns", "A [broken", "A [broken");
});
