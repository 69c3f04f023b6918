---`:Cachewise` and its parts.

local M = {}

---@alias cachewise.Part fun(rest: string, lines?: integer[])

---@param name string
---@param argument table
---@param done fun(result: any)
local function execute(name, argument, done)
  local bufnr = vim.api.nvim_get_current_buf()
  -- What is about no file can be asked from anywhere, such as an explanation.
  local client = require('cachewise.question').client(argument.uri and bufnr or nil)
  if not client then
    return
  end
  argument.uri = argument.uri and vim.uri_from_bufnr(bufnr)
  local params = { command = name, arguments = next(argument) and { argument } or nil }
  require('cachewise.compat').request(client, 'workspace/executeCommand', params, function(err, result)
    if err then
      vim.notify('cachewise: ' .. err.message, vim.log.levels.ERROR)
    else
      done(result)
    end
  end, bufnr)
end

---@type table<string, cachewise.Part>
local parts = {}

function parts.explain(_, lines)
  require('cachewise.question').explain(lines)
end

function parts.ask(rest, lines)
  require('cachewise.question').ask(rest ~= '' and rest or nil, lines)
end

function parts.document()
  local client = require('cachewise.question').client(0)
  if client then
    local position = vim.lsp.util.make_position_params(0, client.offset_encoding).position
    execute('cachewise.document', { uri = true, position = position }, function() end)
  end
end

function parts.usage()
  execute('cachewise.usage', {}, function(usage)
    require('cachewise.usage').show(usage)
  end)
end

function parts.prewarm()
  execute('cachewise.prewarm', { uri = true }, function(usage)
    vim.notify('cachewise: ' .. require('cachewise.usage').line(usage))
  end)
end

function parts.pause(rest)
  require('cachewise.pause').set(rest ~= '' and rest or vim.bo.filetype, true)
end

function parts.resume(rest)
  require('cachewise.pause').set(rest ~= '' and rest or vim.bo.filetype, false)
end

function parts.log()
  local log = vim.lsp.log and vim.lsp.log.get_filename and vim.lsp.log.get_filename() or vim.lsp.get_log_path()
  vim.cmd.split({ args = { vim.fn.fnameescape(log) } })
  vim.bo.readonly, vim.bo.autoread = true, true
  vim.cmd.normal({ args = { 'G' }, bang = true })
end

function parts.restart()
  require('cachewise.start').restart()
end

---@param arguments vim.api.keyset.create_user_command.command_args
function M.run(arguments)
  local name, rest = arguments.args:match('^(%S+)%s*(.-)%s*$')
  local part = parts[name]
  if not part then
    vim.notify((':Cachewise has no %s; it has %s.'):format(name, table.concat(M.names(), ', ')), vim.log.levels.ERROR)
    return
  end
  part(rest, arguments.range > 0 and { arguments.line1, arguments.line2 } or nil)
end

---@return string[]
function M.names()
  local names = vim.tbl_keys(parts)
  table.sort(names)
  return names
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local first = line:match('Cachewise!?%s+(%S*)$')
  if first then
    return vim.tbl_filter(function(name)
      return vim.startswith(name, first)
    end, M.names())
  end
  if line:match('Cachewise!?%s+pause%s') or line:match('Cachewise!?%s+resume%s') then
    return vim.fn.getcompletion(lead, 'filetype')
  end
  return {}
end

return M
