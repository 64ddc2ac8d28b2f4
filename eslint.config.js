import js from '@eslint/js'
import jsdoc from 'eslint-plugin-jsdoc'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist/', 'dashboard/dist/', 'node_modules/', '.venv/', 'data/'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // One import line per module: `import { a, type B } from …`.
      'no-duplicate-imports': 'error',
      'max-lines': ['error', 300],
      'max-params': ['error', 4],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A template may hold `${…}` of ours in a plain string on purpose.
      'no-template-curly-in-string': 'off',
    },
  },
  {
    // What the programs are made of. A test may hold as many cases as it needs.
    files: [
      'receiver/**/*.ts',
      'src/**/*.ts',
      'scripts/**/*.ts',
      'examples/**/*.ts',
      'dashboard/**/*.{ts,tsx}',
    ],
    plugins: { jsdoc },
    rules: {
      'max-lines-per-function': ['error', 60],
      'jsdoc/require-jsdoc': [
        'error',
        {
          contexts: ['ExportNamedDeclaration[declaration!=null]', 'ExportDefaultDeclaration'],
          require: { FunctionDeclaration: false },
          enableFixer: false,
        },
      ],
      'jsdoc/match-description': [
        'error',
        {
          contexts: ['any'],
          mainDescription: {
            match: String.raw`^(?!(?:It|They|One|Those|What|Whoever)\s)`,
            message: 'Begin with a verb ("Returns …") or with the noun itself.',
          },
        },
      ],
    },
  },
  {
    // The parameters of a test are the columns of its table.
    files: ['**/*.test.ts'],
    rules: { 'max-params': 'off' },
  },
  {
    // Secrets are compared in one place, in constant time: receiver/secrets/equal.ts.
    files: ['receiver/sources/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'BinaryExpression[operator=/^[!=]==?$/] > :matches(Identifier, MemberExpression)[name=/secret|token|signature|authorization/i]',
          message: 'Compare secrets with equalSecrets() of secrets/equal.ts (constant time).',
        },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
  },
)
