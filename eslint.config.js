/** Lint rules: types are checked, promises are awaited, and the lower floors never import the higher ones. */
import tseslint from "typescript-eslint";

/** Forbids imports of the named folders from a folder's sources. */
const floor = (folder, ...forbidden) => ({
  files: [`${folder}/src/**/*.ts`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          { group: forbidden.map((name) => `**/${name}/**`), message: `${folder} must not import this` },
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ["node_modules", "artifacts", "cache", "coverage", "types", "deploy/deployments"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      // With noUncheckedIndexedAccess, `a[i]!` is how an index that a loop has bounded is read.
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  { files: ["**/*.js"], ...tseslint.configs.disableTypeChecked },
  {
    // Mocha's and node:test's describe and it return promises that their runners await.
    files: ["**/*.test.ts"],
    rules: {
      "@typescript-eslint/no-floating-promises": "off",
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
  floor("sdk", "keeper", "nodes", "cli", "deploy"),
  floor("keeper", "nodes", "cli", "deploy"),
  floor("nodes", "keeper", "cli", "deploy"),
);
