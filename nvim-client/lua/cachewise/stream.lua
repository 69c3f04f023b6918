---Answers that come in piece by piece, as `$/progress` on tokens of ours.
---
---Our tokens are taken out of what Neovim makes of progress messages: hundreds of pieces of text would drive every
---plugin that shows progress. What carries the cost goes on to them.

local M = {}

---@class cachewise.Stream
---@field on_text fun(text: string) takes the next piece
---@field on_end fun(message: string) takes the closing message of the work, which is the readout of its cost

---@type table<string, cachewise.Stream> by token
local streams = {}
---@type table<integer, true> by client
local listening = {}
local count = 0

---Makes a token whose pieces go to `stream`, and one for the progress of the work.
---@param stream cachewise.Stream
---@return string partial
---@return string work
function M.open(stream)
  count = count + 1
  local partial, work = ('cachewise-text-%d'):format(count), ('cachewise-work-%d'):format(count)
  streams[partial], streams[work] = stream, stream
  return partial, work
end

---@param partial string
---@param work string
function M.close(partial, work)
  streams[partial], streams[work] = nil, nil
end

---Takes the progress messages of a client; what was set up for them before still runs.
---@param client vim.lsp.Client
function M.listen(client)
  if listening[client.id] then
    return
  end
  listening[client.id] = true
  local before = client.handlers['$/progress']
  client.handlers['$/progress'] = function(err, params, context, config)
    local stream = streams[params.token]
    local value = params.value
    if stream and type(value) == 'table' then
      if value.kind == nil then
        return type(value.text) == 'string' and stream.on_text(value.text) or nil
      elseif value.kind == 'end' then
        stream.on_end(value.message or '')
      end
    end
    return (before or vim.lsp.handlers['$/progress'])(err, params, context, config)
  end
end

return M
