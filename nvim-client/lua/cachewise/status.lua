---The server's health and the cost so far, as it last told them.

local M = {}

local MARKS = { ok = '', warning = '!', error = '✗' }

---@type table<integer, table> by client
local last = {}

---Takes the status messages of a client; what was set up for them before still runs.
---@param client vim.lsp.Client
function M.follow(client)
  if last[client.id] then
    return
  end
  last[client.id] = {}
  local before = client.handlers['cachewise/status']
  client.handlers['cachewise/status'] = function(err, status, context, config)
    last[client.id] = status
    if before then
      return before(err, status, context, config)
    end
  end
end

---@param value any
---@return any nil for what JSON calls null
local function known(value)
  if value == vim.NIL then
    return nil
  end
  return value
end

---Dollars, with a question mark where a part of them is not known.
---@param totals table
---@return string
function M.cost(totals)
  local cost = known(totals.costUsd)
  if cost == nil then
    return '$?'
  end
  return ('$%.4f%s'):format(cost, totals.costIsComplete and '' or '?')
end

---The last status of the client at a buffer; in windows without a file, such as an explanation, of the first one.
---@param bufnr? integer
---@return table?
function M.get(bufnr)
  bufnr = bufnr or vim.api.nvim_get_current_buf()
  local client = vim.lsp.get_clients({ name = 'cachewise', bufnr = bufnr })[1]
  if not client and vim.bo[bufnr].buftype ~= '' then
    client = vim.lsp.get_clients({ name = 'cachewise' })[1]
  end
  local status = client and last[client.id]
  return status and next(status) and status or nil
end

---@param bufnr? integer
---@return string
function M.text(bufnr)
  local status = M.get(bufnr)
  local settings = require('cachewise.options').current.settings
  local level = settings.status or 'full'
  if not status or level == 'off' then
    return ''
  end
  local parts = { M.cost(status.session) }
  local mark = MARKS[status.health] or ''
  if not status.quiescent then
    mark = mark .. '…'
  end
  if level == 'full' then
    local ratio = known(status.session.hitRatio)
    if ratio then
      table.insert(parts, ('%d%% cached'):format(math.floor(ratio * 100 + 0.5)))
    end
    table.insert(parts, 'today ' .. M.cost(status.today))
  end
  if require('cachewise.pause').paused(vim.bo[bufnr or 0].filetype) then
    table.insert(parts, 'paused')
  end
  return (mark ~= '' and mark .. ' ' or '') .. table.concat(parts, ' · ')
end

return M
