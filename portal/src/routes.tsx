// The table of contents: every page and its address.
import { Outlet, createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { parseSearch, searchText } from "./timeline/url";
import type { SearchParams } from "./timeline/url";
import { NotFoundPage } from "./pages/NotFoundPage";
import { Shell } from "./ui/Shell";

const plainSearch = (search: Record<string, unknown>): SearchParams =>
  Object.fromEntries(Object.entries(search).map(([key, value]) => [key, String(value)]));

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage, validateSearch: plainSearch });

const login = createRoute({
  getParentRoute: () => root, path: "/login", component: lazyRouteComponent(() => import("./pages/LoginPage"), "LoginPage"),
});
const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });
const home = createRoute({
  getParentRoute: () => root, path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/devices", search: {} });
  },
});
const devices = createRoute({
  getParentRoute: () => shell, path: "/devices",
  component: lazyRouteComponent(() => import("./pages/DevicesPage"), "DevicesPage"),
});
const device = createRoute({
  getParentRoute: () => shell, path: "/devices/$deviceId",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/devices/$deviceId/timeline", params, search: {} });
  },
});
const timeline = createRoute({
  getParentRoute: () => shell, path: "/devices/$deviceId/timeline",
  component: lazyRouteComponent(() => import("./pages/TimelinePage"), "TimelinePage"),
});
const apps = createRoute({
  getParentRoute: () => shell, path: "/apps",
  component: lazyRouteComponent(() => import("./pages/AppsPage"), "AppsPage"),
});
const app = createRoute({
  getParentRoute: () => shell, path: "/apps/$appId",
  component: lazyRouteComponent(() => import("./pages/AppPage"), "AppPage"),
});
const imports = createRoute({
  getParentRoute: () => shell, path: "/import",
  component: lazyRouteComponent(() => import("./pages/ImportPage"), "ImportPage"),
});
const account = createRoute({
  getParentRoute: () => shell, path: "/account",
  component: lazyRouteComponent(() => import("./pages/AccountPage"), "AccountPage"),
});

const alerts = createRoute({
  getParentRoute: () => shell, path: "/alerts",
  component: lazyRouteComponent(() => import("./pages/AlertsPage"), "AlertsPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([home, login, shell.addChildren([devices, device, timeline, alerts, apps, app, imports, account])]),
  parseSearch,
  stringifySearch: (search) => searchText(search as SearchParams),
  defaultPreload: "intent",
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
