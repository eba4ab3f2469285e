// Asks Microsoft's KQL parser about the syntax of queries. Standard input: queries, each followed by a NUL byte.
// Standard output: a line each, `yes`, or `no` and the findings, or `failed` where that parser throws. Names and types
// are not looked at: the parser's syntax diagnostics come before binding.

require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");

const { readFileSync } = require("node:fs");
const { KustoCode } = globalThis.Kusto.Language;

function answer(query) {
  const diagnostics = KustoCode.Parse(query).GetSyntaxDiagnostics();
  const findings = [];
  for (let index = 0; index < diagnostics.Count; index += 1) {
    const { Code, Start, Message } = diagnostics.getItem(index);
    findings.push(`${Code}@${Start} ${Message.replace(/\s+/g, " ")}`);
  }
  return findings.length === 0 ? "yes" : `no ${findings.join("; ")}`;
}

for (const query of readFileSync(0, "utf8").split("\0").slice(0, -1)) {
  try {
    console.log(answer(query));
  } catch (error) {
    console.log(`failed ${String(error.message).replace(/\s+/g, " ")}`);
  }
}
