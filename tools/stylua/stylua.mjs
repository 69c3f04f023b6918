// Formats Lua files, or with --check names those that are not formatted. usage: node stylua.mjs [--check] STYLUA.TOML FILE...
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

// The package is installed outside of the source tree; NODE_PATH-like look-up works for require only.
const require = createRequire(join(process.cwd(), 'package.json'))
const { Config, IndentType, OutputVerification, QuoteStyle, formatCode } = require('@johnnymorganz/stylua')

const check = process.argv[2] === '--check'
const [settings, ...files] = process.argv.slice(check ? 3 : 2)

function configuration() {
  const config = Config.new()
  for (const line of readFileSync(settings, 'utf8').split('\n')) {
    const [, name, value] = /^(\w+) = "?(\w+)"?$/.exec(line) ?? []
    if (name === 'column_width' || name === 'indent_width') config[name] = Number(value)
    else if (name === 'indent_type') config.indent_type = IndentType[value]
    else if (name === 'quote_style') config.quote_style = QuoteStyle[value]
    else if (line.trim() !== '') throw new Error(`${settings}: can't read ${JSON.stringify(line)}`)
  }
  return config
}

let wrong = 0
for (const file of files) {
  const before = readFileSync(file, 'utf8')
  const after = formatCode(before, configuration(), undefined, OutputVerification.Full)
  if (after === before) continue
  wrong += 1
  if (check) console.error(`${file} is not formatted; run tools/lua.sh format`)
  else writeFileSync(file, after)
}
process.exitCode = check && wrong > 0 ? 1 : 0
