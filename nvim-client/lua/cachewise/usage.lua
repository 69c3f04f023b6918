---What it cost, in words and tables.

local M = {}

---@param value any
---@return string
local function count(value)
  if value == nil or value == vim.NIL then
    return '?'
  end
  if value >= 10000 then
    return ('%.1fk'):format(value / 1000)
  end
  return tostring(value)
end

---@param value any
---@param complete boolean whether no part of it is unknown
---@return string
local function money(value, complete)
  if value == nil or value == vim.NIL then
    return '?'
  end
  local sign = value < 0 and '-' or ''
  return ('%s$%.4f%s'):format(sign, math.abs(value), complete and '' or '?')
end

---The usage of one request.
---@param usage table
---@return string
function M.line(usage)
  return ('%s · %s in, %s read from the cache, %s written · %s out · %s'):format(
    usage.feature,
    count(usage.inputTokens),
    count(usage.cacheReadTokens),
    count(usage.cacheWriteTokens),
    count(usage.outputTokens),
    money(usage.costUsd, true)
  )
end

---@param name string
---@param totals table
---@return string
local function row(name, totals)
  local ratio = totals.hitRatio
  return ('| %s | %s | %s | %s | %s | %s |'):format(
    name:gsub('|', '/'),
    count(totals.requests),
    count(totals.inputTokens),
    (ratio == nil or ratio == vim.NIL) and '?' or ('%d%%'):format(math.floor(ratio * 100 + 0.5)),
    money(totals.costUsd, totals.costIsComplete),
    money(totals.savedUsd, true)
  )
end

---The answer of `cachewise.usage` as Markdown.
---@param usage table
---@return string
function M.markdown(usage)
  local lines = { '| | requests | input | cached | cost | saved |', '|---|---|---|---|---|---|' }
  table.insert(lines, row('this server', usage.session))
  table.insert(lines, row('today, all editors', usage.today))
  for _, group in ipairs({ usage.byModel or {}, usage.byFeature or {} }) do
    local names = vim.tbl_keys(group)
    table.sort(names)
    for _, name in ipairs(names) do
      table.insert(lines, row(name, group[name]))
    end
  end
  return table.concat(lines, '\n')
end

---@param usage table
function M.show(usage)
  local view = require('cachewise.window').open('Usage')
  view:rewrite(0, M.markdown(usage))
end

return M
