// The functions, aggregates and plugins that Microsoft's language service knows, a line each. Those that begin with two
// underscores are its own.

require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");

const { GlobalState } = globalThis.Kusto.Language;

const names = new Set();
for (const list of ["Functions", "Aggregates", "PlugIns"]) {
  const symbols = globalThis.Bridge.getEnumerator(GlobalState.Default[list]);
  while (symbols.moveNext()) names.add(symbols.Current.Name);
}
for (const name of [...names].sort()) if (!name.startsWith("__")) console.log(name);
