import vue from "eslint-plugin-vue";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "src/**/*.gen.ts"] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  ...vue.configs["flat/recommended"],
  {
    languageOptions: {
      parserOptions: {
        parser: tseslint.parser,
        projectService: { allowDefaultProject: ["eslint.config.js"] },
        extraFileExtensions: [".vue"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "no-undef": "off",
      // Defaults of component properties look useless to it.
      "@typescript-eslint/no-useless-default-assignment": "off",
      "no-console": "error",
      eqeqeq: ["error", "always"],
      "max-lines": ["error", { max: 300, skipBlankLines: true }],
      "max-depth": ["error", 3],
      complexity: ["error", 10],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // Inline styles in a template are refused by the content security policy.
      "vue/no-static-inline-styles": ["error", { allowBinding: false }],
      "vue/no-v-html": "error",
      "vue/block-lang": ["error", { script: { lang: "ts" } }],
      "vue/component-api-style": ["error", ["script-setup"]],
      "vue/define-macros-order": "error",
      "vue/padding-line-between-blocks": "error",
      "vue/max-attributes-per-line": ["error", { singleline: 5, multiline: 1 }],
      "vue/singleline-html-element-content-newline": "off",
      "vue/html-self-closing": ["error", { html: { void: "any" } }],
      "vue/require-default-prop": "off",
    },
  },
);
