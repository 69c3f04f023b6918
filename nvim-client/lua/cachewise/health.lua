---`:checkhealth cachewise`.

local M = {}

local KEYS = { 'OPENROUTER_API_KEY', 'ANTHROPIC_API_KEY', 'OPENAI_API_KEY' }

local function check_neovim()
  if vim.fn.has('nvim-0.12') == 1 then
    vim.health.ok('Neovim shows inline completions')
  elseif vim.fn.has('nvim-0.11') == 1 then
    vim.health.warn('Neovim 0.11 shows no inline completions; explanations and code actions work', {
      'Neovim 0.12 or newer has them.',
    })
  else
    vim.health.warn('Neovim 0.10 shows no inline completions and does not read lsp/cachewise.lua', {
      "Start the server with require('cachewise').setup().",
      'Neovim 0.12 or newer has inline completions.',
    })
  end
  if pcall(vim.treesitter.language.add, 'markdown') then
    vim.health.ok('explanations are highlighted by tree-sitter')
  else
    vim.health.info('no tree-sitter parser for Markdown: explanations are highlighted by syntax rules')
  end
end

local function check_program()
  local cmd = require('cachewise.options').current.cmd
  if not cmd and vim.lsp.config then
    cmd = vim.lsp.config.cachewise and vim.lsp.config.cachewise.cmd
  end
  local program = type(cmd) == 'table' and cmd[1] or 'cachewise'
  local path = vim.fn.exepath(program)
  if path == '' then
    vim.health.error(('there is no program %s in $PATH'):format(program), {
      'Install cachewise, or name the program: setup({ cmd = { "/path/to/cachewise", "serve" } }).',
    })
    return
  end
  local result = vim.system({ path, '--version' }, { text = true }):wait(10000)
  local version = vim.trim(result.stdout or '')
  if result.code == 0 then
    vim.health.ok(('%s (%s)'):format(path, version))
  else
    vim.health.error(('%s --version failed'):format(path), { vim.trim(result.stderr or '') })
  end
end

local function check_key()
  local set = vim.tbl_filter(function(name)
    return (vim.env[name] or '') ~= ''
  end, KEYS)
  if set[1] then
    vim.health.ok('a key is in ' .. table.concat(set, ', '))
  else
    vim.health.info('no key in the environment; the server also looks into its user file and the keyring')
  end
end

local function check_server()
  local clients = vim.lsp.get_clients({ name = 'cachewise' })
  if not clients[1] then
    vim.health.info('the server is not running: it starts with the first file of its filetypes')
    return
  end
  for _, client in ipairs(clients) do
    local where = client.root_dir or 'files without a project'
    vim.health.ok(('running at %s, client %d'):format(where, client.id))
    local bufnr = next(client.attached_buffers)
    local status = bufnr and require('cachewise.status').get(bufnr) or vim.g.cachewise_status
    if not status then
      vim.health.warn('it has told no status yet')
    elseif status.health == 'ok' then
      vim.health.ok(('model %s'):format(status.model))
    else
      vim.health.warn(status.message, { '`cachewise doctor` checks the key and the provider.' })
    end
  end
end

function M.check()
  vim.health.start('cachewise')
  check_neovim()
  check_program()
  check_key()
  check_server()
end

return M
