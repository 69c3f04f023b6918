---@meta

---@class cachewise.Settings.PromptCache
---@field ttl? 'auto'|'5m'|'1h'|'off' How long the provider keeps the shared context. Longer costs more to write. `auto` takes what suits the model; `off` sends no marks.

---@class cachewise.Settings.Context
---@field maxTokens? integer The size of the shared context (open files and what they import), in tokens. A larger one knows more and costs more to write to the provider's cache. Where reading costs more than a tenth of the plain price, as much is sent as costs the same to read.
---@field exclude? string[] Patterns, written as in a .gitignore, of files that never become context. They come on top of .gitignore and the built-in list of secret files; they can't take anything back in.

---@class cachewise.Settings.Completion
---@field model? string The model that completes. Unset, it is the same as `model`: a prompt cache belongs to one model, so two models pay for the shared context twice.
---@field enabled? boolean Whether completions are offered while you type.
---@field disabledLanguages? string[] Languages for which nothing is suggested, as the editor names them, such as `markdown`; `*` in a name stands for anything.
---@field debounceMs? integer The most milliseconds without a keystroke before a provider is asked; fewer where somebody types fast, and none of what the editor has waited itself. Behind a deletion it is half a second at least. What is already known is shown at once.
---@field maxTokens? integer The most output tokens that one completion may use.
---@field multiline? 'auto'|'never'|'always' Whether completions may span lines. `auto` decides by the text around the cursor.
---@field offline? 'auto'|'on'|'off' The built-in completer, which knows only the words and lines of the workspace and costs nothing. `auto` shows what it is sure of until the model has answered, and all that it has where there is no key; `on` shows whatever it has first, and also where the provider failed; `off` nothing.

---@class cachewise.Settings.Budget
---@field perDayUsd? number US dollars that may be spent in a day, by all your editors together. Before a request is sent, the most that it may cost is set aside; one that does not fit is refused. From 80 % on the status warns. A model without a list price can't be held to a budget and is refused too. Unset, there is no limit; 0 allows no spending.
---@field perRequestUsd? number US dollars that one request may cost, as predicted before it is sent. Unset, there is no limit.

---@class cachewise.Settings.Answers
---@field enabled? boolean Whether explanations and answers are kept on this machine and given again for the same question.
---@field ttlHours? integer Hours until a kept answer is forgotten.

---@class cachewise.Settings
---@field model? string The model that explains and answers: `openrouter:VENDOR/MODEL`, `anthropic:MODEL`, `openai:MODEL`, `local:NAME` (a server named in the user file) or `offline`.
---@field completion? cachewise.Settings.Completion
---@field context? cachewise.Settings.Context
---@field promptCache? cachewise.Settings.PromptCache
---@field answers? cachewise.Settings.Answers
---@field hover? 'cached'|'always'|'off' What hovering shows: `cached` only explanations that are already kept, `always` also asks the provider, `off` nothing.
---@field codeLens? boolean Whether a line over each definition tells the first sentence of its explanation, where one is kept, or else offers to explain it. It never asks a provider by itself.
---@field budget? cachewise.Settings.Budget
---@field status? 'full'|'compact'|'off' How much the editor's status line shows.
---@field trace? 'off'|'messages'|'verbose' What the log tells of each request: `messages` its name, size and duration, `verbose` also the cache's decisions. Never text, prompts or keys.
