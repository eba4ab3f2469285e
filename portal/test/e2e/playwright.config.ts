// Browser tests against the server that launch.mjs started.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: ".",
  outputDir: "../../out/test",
  workers: 1,
  fullyParallel: false,
  // The server is a debug build, and the sensor records the browser at work.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  use: {
    baseURL: process.env["NENRIN_URL"],
    ignoreHTTPSErrors: true,
    viewport: { width: 1600, height: 900 },
    timezoneId: "Asia/Tokyo",
    locale: "en-GB",
    screenshot: "only-on-failure",
    launchOptions: { executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox"] },
  },
});
