// Asks Microsoft's KQL binder which columns queries have. Standard input: queries, each followed by a NUL byte. Standard
// output: a line each, `name: type | …`, and behind ` !! ` what the binder finds wrong.

require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");

const { readFileSync } = require("node:fs");
const { KustoCode, GlobalState } = globalThis.Kusto.Language;

function answer(query) {
  const code = KustoCode.ParseAndAnalyze(query, GlobalState.Default);
  const columns = [];
  const symbols = globalThis.Bridge.getEnumerator(code.ResultType.Columns);
  while (symbols.moveNext()) columns.push(`${symbols.Current.Name}: ${symbols.Current.Type.Name}`);
  const diagnostics = code.GetDiagnostics();
  const findings = [];
  for (let index = 0; index < diagnostics.Count; index += 1) {
    const { Severity, Message } = diagnostics.getItem(index);
    if (Severity === "Error") findings.push(Message.replace(/\s+/g, " "));
  }
  return findings.length === 0 ? columns.join(" | ") : `${columns.join(" | ")} !! ${findings.join("; ")}`;
}

for (const query of readFileSync(0, "utf8").split("\0").slice(0, -1)) {
  try {
    console.log(answer(query));
  } catch (error) {
    console.log(`failed ${String(error.message).replace(/\s+/g, " ")}`);
  }
}
