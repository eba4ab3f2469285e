import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seeded } from "../../test/unit/make";
import { agoText, durationText, spanText } from "./span";
import { DAY_MS, dayNumber, fromInput, hms, resetZone, subMs, toInput, toIso, toMs, ymd, zoneName } from "./time";

const ZONES = ["Asia/Tokyo", "America/St_Johns", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"];
const INSTANTS = 10_000;

function intl(zone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3,
  });
}

describe.each(ZONES)("hms in %s", (zone) => {
  const before = process.env["TZ"];
  beforeAll(() => {
    process.env["TZ"] = zone;
    resetZone(zone);
  });
  afterAll(() => {
    process.env["TZ"] = before;
    resetZone("");
  });

  test(`is what Intl says, on ${INSTANTS} instants over six years with clock changes`, () => {
    const random = seeded(zone.length);
    const format = intl(zone);
    for (let i = 0; i < INSTANTS; i++) {
      const ms = Date.UTC(2022, 0, 1) + Math.floor(random() * 6 * 365 * DAY_MS);
      expect(`${ymd(ms, "local")} ${hms(ms, "local").replace(".", ",")}`).toBe(format.format(ms));
    }
  });

  test("a datetime-local value comes back", () => {
    const ms = Date.UTC(2026, 6, 1, 12, 34);
    expect(fromInput(toInput(ms, "local"), "local")).toBe(ms);
    expect(fromInput(toInput(ms, "utc"), "utc")).toBe(ms);
  });
});

describe("times", () => {
  test("nine digits are read to the millisecond and shown below it", () => {
    expect(toMs("2026-11-24T06:45:01.103270000Z")).toBe(Date.UTC(2026, 10, 24, 6, 45, 1, 103));
    expect(toMs("2026-11-24T06:45:01Z")).toBe(Date.UTC(2026, 10, 24, 6, 45, 1));
    expect(subMs("2026-11-24T06:45:01.103270000Z")).toBe("270");
    expect(subMs("2026-11-24T06:45:01.103270400Z")).toBe("270 400");
    expect(subMs("2026-11-24T06:45:01.103000000Z")).toBe("");
    expect(toIso(toMs("2026-11-24T06:45:01.103270000Z"))).toBe("2026-11-24T06:45:01.103000000Z");
    expect(toMs("nonsense")).toBeNaN();
  });

  test("a day is a day of the zone", () => {
    const ms = Date.UTC(2026, 10, 24, 23, 59, 59, 999);
    expect(dayNumber(ms + 1, "utc")).toBe(dayNumber(ms, "utc") + 1);
    expect(zoneName(ms, "utc")).toBe("UTC");
  });

  test("spans never round up to the next unit", () => {
    const check = (ms: number, en: string, ja: string) => expect([spanText(ms, "en"), spanText(ms, "ja")]).toEqual([en, ja]);
    check(441, "441 ms", "441 ms");
    check(9_999, "9.9 s", "9.9 秒");
    check(119_999, "119 s", "119 秒");
    check(25 * 60_000, "25 min", "25 分");
    check(DAY_MS * 3, "3 d", "3 日");
    expect(durationText(840, "en")).toBe("840 µs");
    expect(agoText(0, 4_400, "en")).toBe("4 s ago");
    expect(agoText(5_000, 0, "ja")).toBe("たった今");
  });
});
