// A button that copies a text and says so for a moment.
import type { ReactNode } from "react";
import { useEffect, useState } from "react";
import { CheckIcon, CopyIcon } from "./icons";

const SAID_MS = 1500;

export function CopyButton({ text, label, icon, children, className = "button small plain icon" }: {
  text: string | (() => string);
  label: string;
  icon?: ReactNode;
  children?: ReactNode;
  className?: string;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await navigator.clipboard.writeText(typeof text === "string" ? text : text());
    setCopied(true);
  };
  return (
    <button type="button" className={className} title={label} aria-label={label} onClick={() => void copy()}>
      {copied ? <CheckIcon /> : icon ?? <CopyIcon />}
      {children}
    </button>
  );
}
