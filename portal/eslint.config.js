// Lint rules: what types do not catch. Formatting is no rule.
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/**", "out/**", "src/generated/**", "node_modules/**"] },
  ...tseslint.configs.recommended,
  {
    files: ["src/**/*.{ts,tsx}", "test/**/*.ts"],
    extends: [...tseslint.configs.recommendedTypeCheckedOnly],
    languageOptions: { parserOptions: { project: "./tsconfig.json" } },
    plugins: { "react-hooks": reactHooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // `items[0]!` after a length check is how `noUncheckedIndexedAccess` is met.
      "@typescript-eslint/no-non-null-assertion": "off",
      // The router's untyped hooks are read through one assertion each.
      "@typescript-eslint/no-unnecessary-type-assertion": "off",
      "@typescript-eslint/require-await": "off",
      "no-eval": "error",
      "no-restricted-syntax": ["error", { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "event text is only text" }],
    },
  },
  {
    // These pass a callback that a list or the router calls; its promise is theirs.
    files: ["src/routes.tsx"],
    rules: { "@typescript-eslint/only-throw-error": "off" },
  },
);
