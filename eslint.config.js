// JavaScript, not TypeScript: for an eslint.config.ts ESLint wants jiti, one more dependency for one file.
import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** What only the composition roots read, the command line and the library; they hand it on. */
const readsProcess = ["env", "stdin"].map((property) => ({
  object: "process",
  property,
  message: "Only src/cli/run-command-line.ts and src/index.ts read it; take what you need as an argument.",
}));
const exits = {
  object: "process",
  property: "exit",
  message:
    "Only src/cli/run-command-line.ts ends the process; throw an OtcError, its code decides the exit code.",
};
/** The same by their other name, so that an import is no way round. */
const importedFromProcess = (...importNames) => ({
  paths: [
    {
      name: "node:process",
      importNames,
      message: "Use the global `process`, which the rules on its properties can see.",
    },
    { name: "process", message: "Use the global `process`." },
  ],
});

export default defineConfig(
  // assembly/ is AssemblyScript, which has types of its own; its compiler checks it.
  { ignores: ["dist/", "coverage/", ".otc-etl/", "assembly/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Contradicts no-non-null-assertion: a cast to the element's type says that the loop has checked the index.
      "@typescript-eslint/non-nullable-type-assertion-style": "off",
      eqeqeq: "error",
      "no-restricted-properties": ["error", exits],
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: {
      "no-console": "error",
      "no-restricted-properties": ["error", ...readsProcess, exits],
      "no-restricted-imports": ["error", importedFromProcess("env", "exit", "stdin")],
    },
  },
  {
    files: ["src/index.ts"],
    rules: {
      "no-restricted-properties": ["error", exits],
      "no-restricted-imports": ["error", importedFromProcess("exit")],
    },
  },
  { files: ["src/cli/**/*.ts"], rules: { "no-console": "off" } },
  {
    files: ["src/cli/run-command-line.ts"],
    rules: { "no-restricted-properties": "off", "no-restricted-imports": "off" },
  },
  {
    // What a test parses or reads from a row it asserts in the next line; a type for it would prove nothing more.
    files: ["test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    files: ["**/*.js"],
    ignores: ["src/web/assets/**"],
    languageOptions: { globals: { process: "readonly", console: "readonly" } },
  },
  {
    // These run in browsers.
    files: ["src/web/assets/**/*.js"],
    languageOptions: {
      globals: Object.fromEntries(
        [
          "AbortSignal",
          "Blob",
          "DOMParser",
          "MutationObserver",
          "URL",
          "document",
          "fetch",
          "location",
          "navigator",
          "scrollX",
          "scrollY",
          "setTimeout",
        ].map((name) => [name, "readonly"]),
      ),
    },
  },
);
