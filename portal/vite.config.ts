// Build and development settings of the portal.
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** The server replaces this text by a fresh nonce in every index.html it sends. */
const NONCE_PLACEHOLDER = "__CSP_NONCE__";

/**
 * Puts the nonce placeholder on the stylesheet link only. Vite's own `html.cspNonce` also
 * writes a meta tag, whose nonce style sheets could read; the link's nonce property is hidden.
 */
function styleNonce(): Plugin {
  return {
    name: "nenrin-style-nonce",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (html) =>
        html.replaceAll('<link rel="stylesheet"', `<link rel="stylesheet" nonce="${NONCE_PLACEHOLDER}"`),
    },
  };
}

export default defineConfig({
  plugins: [react(), styleNonce()],
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    // Data URLs for scripts and styles would not pass the CSP.
    assetsInlineLimit: 0,
  },
  server: {
    port: 5173,
    proxy: {
      "/api": { target: process.env.NENRIN_URL ?? "https://127.0.0.1:8443", secure: false, changeOrigin: true },
    },
  },
  test: {
    include: ["src/**/*.test.ts", "test/unit/**/*.test.ts"],
    // A fork per file, so that a test may set TZ.
    pool: "forks",
  },
});
