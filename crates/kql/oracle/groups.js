// Asks Microsoft's KQL parser how it groups the operands of expressions. Standard input: queries `T | where …`, each
// followed by a NUL byte. Standard output: a line each, the condition with every operator in front of its operands:
// `(== a (has b c))`; `no` where the syntax is refused. Constants are `#`, a sign belongs to its constant, and `and`s
// and `or`s in a row are one.

require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");

const { readFileSync } = require("node:fs");
const { KustoCode } = globalThis.Kusto.Language;

const kind = (node) => node.constructor.$$name.split(".").pop();
const text = (node) => node.ToString().trim();

function children(node) {
  const found = [];
  for (let index = 0; index < node.ChildCount; index += 1) {
    const child = node.GetChild(index);
    if (child) found.push(child);
  }
  return found;
}

// The entries of a list in parentheses.
function entries(list) {
  return children(list).flatMap((child) => {
    if (child.constructor.$$name.includes("SyntaxList")) return entries(child);
    return child.constructor.$$name.includes("SeparatedElement") ? [children(child)[0]] : [];
  });
}

function operands(node, operator) {
  const isSame = kind(node) === "BinaryExpression" && node.Operator.Text === operator;
  return isSame ? [...operands(node.Left, operator), node.Right] : [node];
}

function binary(node) {
  const operator = node.Operator.Text.replace(/\s+/g, "");
  if (operator === "and" || operator === "or") return `(${operator} ${operands(node, operator).map(group).join(" ")})`;
  return `(${operator} ${group(node.Left)} ${group(node.Right)})`;
}

function group(node) {
  switch (kind(node)) {
    case "NameReference":
      return text(node);
    case "LiteralExpression":
      return "#";
    case "ParenthesizedExpression":
      return group(node.Expression);
    case "PrefixUnaryExpression": {
      const operand = group(node.Expression);
      return kind(node.Expression) === "LiteralExpression" ? operand : `(${node.Operator.Text} ${operand})`;
    }
    case "BinaryExpression":
      return binary(node);
    case "InExpression":
    case "HasAnyExpression":
    case "HasAllExpression":
      return `(${node.Operator.Text} ${[node.Left, ...entries(node.Right)].map(group).join(" ")})`;
    case "BetweenExpression":
      return `(${node.Operator.Text} ${[node.Left, node.Right.First, node.Right.Second].map(group).join(" ")})`;
    case "PathExpression":
      return `(. ${group(node.Expression)} ${group(node.Selector)})`;
    case "ElementExpression":
      return `([] ${group(node.Expression)} ${group(node.Selector.Expression)})`;
    case "FunctionCallExpression":
      return `(${[text(node.Name), ...entries(node.ArgumentList).map(group)].join(" ")})`;
    default:
      return `?${kind(node)}`;
  }
}

function filter(node) {
  if (kind(node) === "FilterOperator") return node;
  return children(node).map(filter).find(Boolean);
}

for (const query of readFileSync(0, "utf8").split("\0").slice(0, -1)) {
  const code = KustoCode.Parse(query);
  console.log(code.GetSyntaxDiagnostics().Count > 0 ? "no" : group(filter(code.Syntax).Condition));
}
