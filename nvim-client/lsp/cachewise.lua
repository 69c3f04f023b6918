---@brief
---
--- cachewise streams LLM completions and explanations, keeps the provider's prompt cache warm and says what each
--- request cost. It needs the program `cachewise` in `$PATH` and a key in the environment, such as
--- `OPENROUTER_API_KEY`.
---
--- This file is enough for inline completion (Neovim 0.12), explanations as code actions, and progress messages that
--- end with the cost:
--- ```lua
--- vim.lsp.enable('cachewise')
--- vim.keymap.set('i', '<Tab>', function()
---   return vim.lsp.inline_completion.get() and '' or '<Tab>'
--- end, { expr = true })
--- ```
---
--- The last status of the server, with all its figures, is in `vim.g.cachewise_status`; the event
--- `User CachewiseStatus` tells of a new one.

---Milliseconds between two times that a growing suggestion is asked for. Above the 200 ms that Neovim waits before
---it asks, which every call starts anew.
local GROWTH_INTERVAL = 300

---@type table<integer, 'waiting'|'again'> by buffer
local growth = {}

---Makes Neovim ask again for the suggestion at the cursor, which has grown in the server meanwhile.
---@param bufnr integer
local function grow(bufnr)
  if growth[bufnr] then
    growth[bufnr] = 'again'
    return
  end
  if bufnr ~= vim.api.nvim_get_current_buf() or not vim.startswith(vim.api.nvim_get_mode().mode, 'i') then
    return
  end
  growth[bufnr] = 'waiting'
  vim.api.nvim_exec_autocmds('CursorMovedI', { buffer = bufnr, modeline = false })
  vim.defer_fn(function()
    local again = growth[bufnr] == 'again'
    growth[bufnr] = nil
    if again and vim.api.nvim_buf_is_valid(bufnr) then
      grow(bufnr)
    end
  end, GROWTH_INTERVAL)
end

---@type vim.lsp.Config
return {
  cmd = { 'cachewise', 'serve' },
  filetypes = {
    'bash',
    'c',
    'clojure',
    'cmake',
    'cpp',
    'cs',
    'css',
    'dart',
    'dockerfile',
    'elixir',
    'elm',
    'erlang',
    'fsharp',
    'go',
    'haskell',
    'html',
    'java',
    'javascript',
    'javascriptreact',
    'julia',
    'kotlin',
    'lua',
    'make',
    'markdown',
    'nim',
    'nix',
    'ocaml',
    'perl',
    'php',
    'proto',
    'python',
    'r',
    'ruby',
    'rust',
    'scala',
    'scss',
    'sh',
    'sql',
    'svelte',
    'swift',
    'terraform',
    'toml',
    'typescript',
    'typescriptreact',
    'vim',
    'vue',
    'yaml',
    'zig',
  },
  root_markers = { '.git', '.hg' },
  handlers = {
    ['cachewise/status'] = function(_, status)
      vim.g.cachewise_status = status
      vim.api.nvim_exec_autocmds('User', { pattern = 'CachewiseStatus', modeline = false })
      vim.cmd.redrawstatus({ bang = true })
    end,
    ['cachewise/completionGrew'] = function(_, grown)
      local bufnr = vim.fn.bufnr(vim.uri_to_fname(grown.uri))
      if bufnr > 0 then
        grow(bufnr)
      end
    end,
  },
  on_attach = function(_, bufnr)
    if vim.lsp.inline_completion then
      vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
      -- Who is typing already, while the server starts, is not to wait for the next key. Neovim takes the client in
      -- after this function, in its next turn.
      vim.schedule(function()
        vim.schedule(function()
          if vim.api.nvim_buf_is_valid(bufnr) then
            grow(bufnr)
          end
        end)
      end)
    end
  end,
}
