import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "templates",
      "node_modules",
      "artifacts",
      "cache",
      "dist",
      "coverage",
      "types",
      "runs",
      "src/ledger/generated",
    ],
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers in messages need no ceremony.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // Asynchronous by interface is a reason to be asynchronous.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "no-console": "error",
    },
  },
  {
    // Chai's assertions are properties: `expect(x).to.be.true`.
    files: ["test/**/*.ts"],
    rules: { "@typescript-eslint/no-unused-expressions": "off", "@typescript-eslint/no-non-null-assertion": "off" },
  },
  {
    // What a person runs prints to the terminal.
    files: ["scripts/**/*.ts"],
    rules: { "no-console": "off" },
  },
);
