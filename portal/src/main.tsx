// Starts the portal.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError, setUnauthorizedHandler } from "./api/client";
import { links } from "./links";
import { applyPrefs, followSystemTheme } from "./prefs/prefs";
import { router } from "./routes";
import { listenForKeys } from "./ui/keys";
import "./ui/tokens.css";
import "./ui/base.css";

const RETRIES_MAX = 2;

applyPrefs();
followSystemTheme();
listenForKeys();

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      // A refused request stays refused; a lost connection may be back in a moment.
      retry: (failures, error) => failures < RETRIES_MAX && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

setUnauthorizedHandler(() => {
  const here = router.state.location.href;
  if (router.state.location.pathname === "/login") return;
  queries.clear();
  router.history.replace(links.login(here));
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
