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
---@return string[]
local function row(name, totals)
  local ratio = totals.hitRatio
  return {
    (name:gsub('|', '/')),
    count(totals.requests),
    count(totals.inputTokens),
    (ratio == nil or ratio == vim.NIL) and '?' or ('%d%%'):format(math.floor(ratio * 100 + 0.5)),
    money(totals.costUsd, totals.costIsComplete),
    money(totals.savedUsd, true),
  }
end

---Markdown of a table whose columns stand below each other: names to the left, figures to the right.
---@param rows string[][] the first one is the head
---@return string
local function aligned(rows)
  local widths = {}
  for _, cells in ipairs(rows) do
    for column, cell in ipairs(cells) do
      widths[column] = math.max(widths[column] or 3, vim.fn.strdisplaywidth(cell))
    end
  end
  local rule = {}
  for column, width in ipairs(widths) do
    rule[column] = ('-'):rep(column == 1 and width or width - 1) .. (column == 1 and '' or ':')
  end
  local lines = {}
  for _, cells in ipairs({ rows[1], rule, unpack(rows, 2) }) do
    local padded = {}
    for column, cell in ipairs(cells) do
      local space = (' '):rep(widths[column] - vim.fn.strdisplaywidth(cell))
      padded[column] = column == 1 and cell .. space or space .. cell
    end
    table.insert(lines, '| ' .. table.concat(padded, ' | ') .. ' |')
  end
  return table.concat(lines, '\n')
end

---The answer of `cachewise.usage` as Markdown.
---@param usage table
---@return string
function M.markdown(usage)
  local rows = { { '', 'requests', 'input', 'cached', 'cost', 'saved' } }
  table.insert(rows, row('this server', usage.session))
  table.insert(rows, row('today, all editors', usage.today))
  for _, group in ipairs({ usage.byModel or {}, usage.byFeature or {} }) do
    local names = vim.tbl_keys(group)
    table.sort(names)
    for _, name in ipairs(names) do
      table.insert(rows, row(name, group[name]))
    end
  end
  return aligned(rows)
end

---@param usage table
function M.show(usage)
  local view = require('cachewise.window').open('Usage')
  view:rewrite(0, M.markdown(usage))
  -- A row that goes on in the next line is no row any more.
  vim.wo.wrap = false
end

return M
