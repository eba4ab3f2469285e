// A made-up timeline behind the real portal, for what a real device does not do on demand:
// ten thousand rows, and hostile texts.
import type { Page } from "@playwright/test";
import type { Item, Summary } from "../../src/api/types";
import { timeAt } from "../unit/make";

const PAGE_ROWS = 200;

export function made(n: number, more: Partial<Item> = {}): Item {
  return {
    eventId: `m${n}`, time: timeAt(n), actionType: "ConnectionFailed", group: "Network", table: "DeviceNetworkEvents", outcome: "failed",
    errorName: "ECONNREFUSED", processName: "curl", processId: 4242, processKey: "k", user: "root", object: `10.0.${n % 256}.1:443`,
    objectDetail: "from 10.0.0.2:51322", script: "/opt/keihi/upload.sh", ...more,
  };
}

/** Answers the timeline of any device from a list, newest last; everything else stays the real server's. */
export async function serveMade(page: Page, items: readonly Item[]): Promise<void> {
  const newest = items.toReversed();
  await page.route(/\/timeline\?/, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const at = Number(query.get("cursor") ?? 0);
    const start = query.get("dir") === "newer" ? Math.max(0, at - PAGE_ROWS) : at;
    const end = query.get("dir") === "newer" ? at : Math.min(newest.length, start + PAGE_ROWS);
    return route.fulfill({
      json: {
        items: newest.slice(start, end), complete: { state: "complete", gaps: [] },
        older: end < newest.length ? String(end) : null, newer: start > 0 ? String(start) : null,
      },
    });
  });
  const summary: Summary = {
    from: timeAt(0), to: timeAt(items.length), stepNs: `${items.length}000000000`, total: [items.length], failed: [items.length], groups: {},
    failedTotal: items.length, matched: items.length, complete: { state: "complete", gaps: [] },
  };
  await page.route(/\/timeline\/summary/, (route) => route.fulfill({ json: summary }));
}
