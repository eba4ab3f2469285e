// Fluent UI around the parts that use it (login, dialogs). Only lazily loaded code imports this file,
// so that the timeline does not wait for it.
import {
  FluentProvider, RendererProvider, createDOMRenderer, webDarkTheme, webLightTheme,
} from "@fluentui/react-components";
import type { ReactNode } from "react";
import { isDark, usePrefs } from "../prefs/prefs";

/** The browser hides the nonce from style sheets but gives it to scripts as a property. */
function styleNonce(): string {
  return document.querySelector<HTMLLinkElement>('link[rel="stylesheet"][nonce]')?.nonce ?? "";
}

const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce: styleNonce() } });

const FONT = { fontFamilyBase: "var(--font)", fontFamilyMonospace: "var(--mono)" };
const light = { ...webLightTheme, ...FONT, colorBrandBackground: "#0f5bb5", colorBrandBackgroundHover: "#0c4a94" };
const dark = { ...webDarkTheme, ...FONT, colorNeutralBackground1: "#1b1f26" };

export function Fluent({ children }: { children: ReactNode }) {
  const { theme } = usePrefs();
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <FluentProvider theme={isDark(theme) ? dark : light} className="fluent">
        {children}
      </FluentProvider>
    </RendererProvider>
  );
}
