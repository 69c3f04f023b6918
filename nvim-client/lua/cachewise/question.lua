---Explanations and answers: asked by command, by key or by a code action, streamed into the window.

local compat = require('cachewise.compat')

local M = {}

---@class cachewise.Question
---@field client vim.lsp.Client
---@field bufnr integer
---@field place table `range` or `position`, as the protocol has them
---@field question? string
---@field refresh? boolean ask the provider again, whatever is stored
---@field allow? boolean send it although a budget forbids it

---The server's client at a buffer, or any; says so where there is none.
---@param bufnr? integer
---@return vim.lsp.Client?
function M.client(bufnr)
  local client = vim.lsp.get_clients({ name = 'cachewise', bufnr = bufnr })[1]
  if not client then
    vim.notify('cachewise is not at work here; :checkhealth cachewise may tell why.', vim.log.levels.WARN)
  end
  return client
end

---@param client vim.lsp.Client
---@param bufnr integer
---@param first integer[] line from 1 and column from 0
---@param last integer[] inclusive
---@return table
local function range(client, bufnr, first, last)
  return vim.lsp.util.make_given_range_params(first, last, bufnr, client.offset_encoding).range
end

---What the user points at: the lines of a command, the selection, or else the cursor's place.
---@param client vim.lsp.Client
---@param bufnr integer
---@param lines? integer[] first and last, from 1
---@return table
function M.place(client, bufnr, lines)
  if lines then
    local last = vim.api.nvim_buf_get_lines(bufnr, lines[2] - 1, lines[2], false)[1] or ''
    return { range = range(client, bufnr, { lines[1], 0 }, { lines[2], math.max(#last - 1, 0) }) }
  end
  local mode = vim.api.nvim_get_mode().mode
  if mode == 'v' or mode == 'V' then
    local a, b = vim.fn.getpos('v'), vim.fn.getpos('.')
    if a[2] > b[2] or (a[2] == b[2] and a[3] > b[3]) then
      a, b = b, a
    end
    if mode == 'V' then
      return M.place(client, bufnr, { a[2], b[2] })
    end
    return { range = range(client, bufnr, { a[2], a[3] - 1 }, { b[2], b[3] - 1 }) }
  end
  return { position = vim.lsp.util.make_position_params(0, client.offset_encoding).position }
end

---@param question cachewise.Question
---@param view cachewise.View
---@param first_line integer where the answer begins, from 0
local function send(question, view, first_line)
  view.on_allow = nil
  local client, stream = question.client, require('cachewise.stream')
  local ending, stopped = '', false
  local partial, work
  partial, work = stream.open({
    on_text = function(text)
      if not stopped then
        view:append(text)
      end
    end,
    on_end = function(message)
      ending = message
      view:note(message)
      if stopped then
        stream.close(partial, work)
      end
    end,
  })
  local params = vim.tbl_extend('force', question.place, {
    textDocument = { uri = vim.uri_from_bufnr(question.bufnr) },
    question = question.question,
    refresh = question.refresh,
    allowOverBudget = question.allow,
    partialResultToken = partial,
    workDoneToken = work,
  })
  view:note(('answer comes in · %s stops'):format(require('cachewise.options').current.window.stop))
  local method = question.question and 'cachewise/ask' or 'cachewise/explain'
  local sent, id = compat.request(client, method, params, function(err, result)
    stream.close(partial, work)
    view.on_stop = nil
    if err then
      view:append(('\n\n*%s*\n'):format(err.message))
      if type(err.data) == 'table' and err.data.kind == 'overBudget' then
        local key = require('cachewise.options').current.window.allow_once
        view:note(('over budget · %s sends it all the same, once'):format(key))
        view.on_allow = function()
          M.again(vim.tbl_extend('force', question, { allow = true }), view)
        end
      else
        view:note(ending ~= '' and ending or 'failed')
      end
    elseif result then
      -- The pieces make up the same text; this also puts right what a lost piece would have spoilt.
      view:rewrite(first_line, result.text)
      view:note(ending)
      vim.api.nvim_exec_autocmds('User', { pattern = 'CachewiseAnswer', modeline = false, data = { result = result } })
    end
  end, question.bufnr)
  if not sent or not id then
    stream.close(partial, work)
    view:append('*The server is not running.*')
    return
  end
  view.on_stop = function()
    -- Neovim drops the reply to a request that it cancelled, so this is the end of it, but for the cost.
    stopped = true
    compat.cancel(client, id)
    view:append('\n\n*stopped*\n')
  end
end

---Asks below what the window shows already.
---@param question cachewise.Question
---@param view cachewise.View
function M.again(question, view)
  view:append('\n')
  send(question, view, vim.api.nvim_buf_line_count(view.bufnr) - 1)
end

---@param question cachewise.Question
---@param view cachewise.View
local function follow_up(question, view)
  vim.ui.input({ prompt = 'Ask: ' }, function(text)
    if not text or vim.trim(text) == '' then
      return
    end
    view:append(('\n\n---\n\n**%s**\n\n'):format(text))
    local line = vim.api.nvim_buf_line_count(view.bufnr) - 1
    send(vim.tbl_extend('force', question, { question = text, refresh = false, allow = false }), view, line)
  end)
end

---Asks in a window of its own.
---@param question cachewise.Question
local function open(question)
  local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(question.bufnr), ':t')
  local view = require('cachewise.window').open((question.question and 'Ask: ' or 'Explain: ') .. name)
  view.on_follow_up = function()
    follow_up(question, view)
  end
  send(question, view, 0)
end

---@param lines? integer[] first and last, from 1
function M.explain(lines)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = M.client(bufnr)
  if client then
    open({ client = client, bufnr = bufnr, place = M.place(client, bufnr, lines) })
  end
end

---@param question? string
---@param lines? integer[] first and last, from 1
function M.ask(question, lines)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = M.client(bufnr)
  if not client then
    return
  end
  local place = M.place(client, bufnr, lines)
  if not place.range then
    place = {}
  end
  local go = function(text)
    if text and vim.trim(text) ~= '' then
      open({ client = client, bufnr = bufnr, place = place, question = text })
    end
  end
  if question then
    go(question)
  else
    vim.ui.input({ prompt = 'Ask: ' }, go)
  end
end

---Lets the server's code actions open the window here, where their answers stream.
---@param client vim.lsp.Client
function M.take_commands(client)
  local take = function(command)
    local argument = command.arguments[1]
    local bufnr = vim.uri_to_bufnr(argument.uri)
    local place = { range = argument.range, position = argument.position }
    open({
      client = client,
      bufnr = bufnr,
      place = place,
      question = argument.question,
      refresh = argument.refresh,
    })
  end
  client.commands['cachewise.explain'] = take
  client.commands['cachewise.ask'] = take
end

return M
