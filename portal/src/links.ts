// Every address of the portal.
import type { SearchParams } from "./timeline/url";
import { searchText } from "./timeline/url";

export const links = {
  devices: "/devices",
  apps: "/apps",
  import: "/import",
  app: (appId: string) => `/apps/${encodeURIComponent(appId)}`,
  alerts: (search: SearchParams = {}) => `/alerts${searchText(search)}`,
  timeline: (deviceId: string, search: SearchParams = {}) =>
    `/devices/${encodeURIComponent(deviceId)}/timeline${searchText(search)}`,
  login: (next: string) => (next === "/" || next === "/login" ? "/login" : `/login${searchText({ next })}`),
};

/** An address inside the portal, or the devices when somebody made up another one. */
export function safeNext(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])/.test(next) && !next.startsWith("/login") ? next : links.devices;
}
