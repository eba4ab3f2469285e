// The search text: split into terms, add and remove terms. What a term matches is the server's business.

export const FIELDS = ["proc", "host", "ip", "port", "file", "user", "script", "action", "error", "cmd"] as const;
export type SearchField = (typeof FIELDS)[number];

/** Splits at spaces outside of double quotes; each term keeps its text as typed. */
export function terms(text: string): string[] {
  const found: string[] = [];
  let term = "";
  let quoted = false;
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    if (!quoted && /\s/.test(char)) {
      if (term !== "") found.push(term);
      term = "";
    } else {
      term += char;
    }
  }
  if (term !== "") found.push(quoted ? `${term}"` : term);
  return found;
}

/** A value in quotes where it needs them. A quote inside a value cannot be written; it becomes a wildcard. */
export function quote(value: string): string {
  const plain = value.replaceAll('"', "*").replaceAll(/[\r\n\t]+/g, " ").trim();
  return plain === "" || /[\s:]/.test(plain) || plain.startsWith("-") ? `"${plain}"` : plain;
}

export function fieldTerm(field: SearchField, value: string): string {
  return `${field}:${quote(value)}`;
}

/** Adds a term once; its opposite goes away. */
export function addTerm(text: string, term: string): string {
  const opposite = term.startsWith("-") ? term.slice(1) : `-${term}`;
  const kept = terms(text).filter((known) => known !== opposite && known !== term);
  return [...kept, term].join(" ");
}

export function removeTerm(text: string, term: string): string {
  return terms(text).filter((known) => known !== term).join(" ");
}

const FIELD_OF_COLUMN: Record<string, SearchField> = {
  ActionType: "action",
  FileName: "file",
  FolderPath: "file",
  PreviousFileName: "file",
  InitiatingProcessFileName: "proc",
  InitiatingProcessFolderPath: "proc",
  InitiatingProcessParentFileName: "proc",
  RemoteUrl: "host",
  RemoteIP: "ip",
  LocalIP: "ip",
  RemotePort: "port",
  LocalPort: "port",
  AccountName: "user",
  InitiatingProcessAccountName: "user",
  InitiatingScriptPath: "script",
  ProcessScriptPath: "script",
  ErrorName: "error",
  ErrorCode: "error",
  ProcessCommandLine: "cmd",
  InitiatingProcessCommandLine: "cmd",
};

/** The term that filters on a column's value, or null when the grammar has no field for it. */
export function columnTerm(column: string, value: string | number | boolean): string | null {
  const field = FIELD_OF_COLUMN[column];
  if (field === undefined || String(value).trim() === "") return null;
  // The created process is what people mean by the file name of a process event too: both find it.
  return fieldTerm(field, String(value));
}
