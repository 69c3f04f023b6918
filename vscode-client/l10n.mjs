// Gathers the strings that the code translates into l10n/bundle.l10n.json. usage: node l10n.mjs --write|--check
//
// A string counts where a function named `t` is called with it, as `vscode.l10n.t` or passed on under that name.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const BUNDLE = 'l10n/bundle.l10n.json';

/** @param {string} file @returns {string[]} */
function stringsIn(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022);
  const found = [];
  const visit = (node) => {
    if (ts.isCallExpression(node)) {
      const { expression, arguments: [first] } = node;
      const name = ts.isPropertyAccessExpression(expression) ? expression.name.text : ts.isIdentifier(expression) ? expression.text : '';
      if (name === 't' && first !== undefined && ts.isStringLiteralLike(first)) {
        found.push(first.text);
      } else if (name === 't') {
        throw new Error(`${file}: a translated string must be written out where it is used.`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const files = readdirSync('src', { recursive: true }).filter((name) => name.endsWith('.ts')).sort();
const strings = [...new Set(files.flatMap((name) => stringsIn(join('src', name))))].sort();
const wanted = `${JSON.stringify(Object.fromEntries(strings.map((text) => [text, text])), undefined, 2)}\n`;
if (process.argv.includes('--write')) {
  mkdirSync('l10n', { recursive: true });
  writeFileSync(BUNDLE, wanted);
} else {
  let there = '';
  try {
    there = readFileSync(BUNDLE, 'utf8');
  } catch {
    // Not made yet, which is not current either.
  }
  if (there !== wanted) {
    console.error(`${BUNDLE} is not current. Run: npm run l10n`);
    process.exit(1);
  }
}
